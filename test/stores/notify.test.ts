/** The private socket between a command and the running server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { dataFiles, lockDataDirectory, prepareDataDirectory } from '../../src/stores/sqlite/data-directory.ts'
import { listenForNotifications, notifyServer } from '../../src/stores/sqlite/notify.ts'
import { atEnd, killedAtEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'

const longMs = 20_000

test('SQL-20 a command is answered after the server has applied the entry that it names', async (t) => {
  const applied: number[] = []
  const path = await listening(t, async (seq) => {
    await new Promise<void>((resolve) => setImmediate(resolve))
    applied.push(seq)
  })
  const answers = await Promise.all([7, 8, 9].map((seq) => notifyServer(path, seq, longMs)))
  assert.deepEqual(
    [answers, applied.sort()],
    [
      ['applied', 'applied', 'applied'],
      [7, 8, 9],
    ],
  )
})

test('SQL-21 without a server, a command gets that answer, also if a killed server left its socket', async (t) => {
  const folder = temporaryFolder(t)
  const { socket } = dataFiles(folder)
  assert.equal(await notifyServer(socket, 1, longMs), 'no-server')
  const kill = await killedAtEnd(t, 'hold-store.ts', folder)
  assert.equal(await notifyServer(socket, 1, longMs), 'applied')
  await kill()
  assert.deepEqual([existsSync(socket), await notifyServer(socket, 1, longMs)], [true, 'no-server'])
  const server = await listenForNotifications(socket, async () => {})
  assert.equal(await notifyServer(socket, 1, longMs), 'applied')
  await server.close()
  assert.equal(await notifyServer(socket, 1, longMs), 'no-server')
})

test('SQL-22 a server that fails to apply, does not answer, or cannot be reached has not confirmed', async (t) => {
  const failing = await listening(t, () => Promise.reject(new Error('memory is gone')))
  const silent = await listening(t, () => new Promise(() => {}))
  const files = prepareDataDirectory(temporaryFolder(t))
  atEnd(t, lockDataDirectory(files))
  const answers = [
    await notifyServer(failing, 1, longMs),
    await notifyServer(silent, 1, 20),
    await notifyServer(files.socket, 1, longMs),
  ]
  assert.deepEqual(answers, ['unconfirmed', 'unconfirmed', 'unconfirmed'])
})

test('SQL-23 the server closes connections that send anything but a number, or too much, and continues', async (t) => {
  const applied: number[] = []
  const path = await listening(t, async (seq) => {
    applied.push(seq)
  })
  for (const text of ['one\n', '-1\n', '1 \n', `${'1'.repeat(16)}\n`, '1'.repeat(4_096)]) {
    const socket = await connected(path)
    const closed = once(socket, 'close')
    let said = ''
    socket.on('data', (part) => {
      said += part
    })
    socket.write(text)
    await closed
    assert.deepEqual([text, said], [text, ''])
  }
  assert.deepEqual([await notifyServer(path, 5, longMs), applied], ['applied', [5]])
})

test('SQL-23 the server serves a bounded number of connections, and accepts new ones when some have closed', async (t) => {
  const path = await listening(t, async () => {})
  const idle = await Promise.all(Array.from({ length: 16 }, () => connected(path)))
  assert.equal(await notifyServer(path, 1, longMs), 'unconfirmed')
  for (const socket of idle) {
    const closed = once(socket, 'close')
    socket.end()
    await closed
  }
  assert.equal(await notifyServer(path, 1, longMs), 'applied')
})

test('SQL-24 a path that is too long for a socket is refused in one sentence', async (t) => {
  const path = join(temporaryFolder(t), 'x'.repeat(100), 'sallyport.sock')
  await assert.rejects(
    listenForNotifications(path, async () => {}),
    {
      code: 'STORE_UNAVAILABLE',
      message: `The path of the data directory is too long: the socket ${path} may have at most 107 bytes; choose a shorter path.`,
    },
  )
})

async function listening(t: TestContext, onNotified: (seq: number) => Promise<void>): Promise<string> {
  const { socket } = prepareDataDirectory(temporaryFolder(t))
  const server = await listenForNotifications(socket, onNotified)
  atEnd(t, () => server.close())
  return socket
}

async function connected(path: string): Promise<Socket> {
  const socket = connect(path)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
