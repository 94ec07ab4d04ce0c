import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ServerFrame } from '../../../src/protocol/terminal-frames.ts'
import { call } from '../../fixtures/control-calls.ts'
import { echoPattern } from '../../fixtures/echo-transport.ts'
import { answered, echoed, passTime } from '../../fixtures/pass-time.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'
import { keepServerSockets, until, WatchedTransport } from '../../fixtures/watched-transport.ts'

const kib = 1024
const mib = 1024 * kib

const transport = new WatchedTransport()
let world: TerminalWorld
let serverSockets: ReturnType<typeof keepServerSockets>

before(async () => {
  world = await terminalWorld({ transport })
  serverSockets = keepServerSockets(world)
})

after(() => world.close())

async function watch(username: string, ptySessionId: string): Promise<TerminalSocket> {
  const joined = await world.enter(await world.join(await world.signIn(username), ptySessionId, 'observer'))
  await joined.next('snapshot')
  return joined
}

/** Begins as `ada`, who ends it when the test is over; `socket` is the server's end. */
async function begin(): Promise<{ readonly ada: TerminalSocket; readonly end: () => Promise<void> }> {
  const ada = await world.begin('ada')
  await ada.see('$ ')
  const end = async (): Promise<void> => {
    const token = await world.signIn('root')
    await call(world, { method: 'POST', path: `/api/v1/pty_sessions/${ada.ptySessionId()}/end`, token })
    await ada.closed
  }
  return { ada, end }
}

/** Waits until output up to an offset has come. */
async function receive(socket: TerminalSocket, seq: number): Promise<void> {
  while (socket.seq() < seq) await socket.next('output')
}

/** Resolves once the program waits for an implementor that has shown nothing, and all that was sent has come. */
async function stopped(socket: TerminalSocket): Promise<void> {
  await until(() => socket.seq() > 512 * kib)
  await answered(socket)
  await until(() => transport.last.isPaused)
}

/** The offsets at which the pattern of `bytes N` begins after a prompt, and ends. */
function patternOf(total: number): { readonly from: number; readonly to: number } {
  const from = 2 + `bytes ${total}\r\n`.length
  return { from, to: from + total }
}

const twice = Buffer.from(echoPattern(256 * kib))

/** Asserts that output is the pattern from an offset to another, in pieces of any size. */
function assertPattern(
  frames: readonly ServerFrame[],
  { from, to }: { readonly from: number; readonly to: number },
): void {
  for (const frame of frames) {
    if (frame.type !== 'output' || frame.seq + frame.bytes.length <= from || frame.seq >= to) continue
    const bytes = frame.bytes.subarray(Math.max(0, from - frame.seq), to - frame.seq)
    const at = (Math.max(from, frame.seq) - from) % (64 * kib)
    assert.ok(twice.subarray(at, at + bytes.length).equals(bytes), `other output at ${frame.seq}`)
  }
}

test('FLW-1 an implementor that shows nothing stops the program at 512 KiB and the piece under way, and not before', async () => {
  const { ada, end } = await begin()
  const { last } = transport
  ada.type('bytes 20000000\r')
  await stopped(ada)
  assert.ok(ada.seq() > 512 * kib && ada.seq() <= 512 * kib + 128 * kib, `${ada.seq()} bytes came`)
  assert.ok(last.putBytes <= 3 * mib, `${last.putBytes} bytes were put out`)
  await answered(ada)
  assert.deepEqual([last.isPaused, ada.frames.some(({ type }) => type === 'flow')], [true, false])
  ada.acknowledge()
  await receive(ada, patternOf(20_000_000).to)
  assert.deepEqual([ada.frames.some(({ type }) => type === 'flow'), last.pauses > 1], [false, true])
  await end()
})

test('FLW-2 after 2 s the program continues; the implementor is behind, and gets the screen when it has caught up', async () => {
  const { ada, end } = await begin()
  const { last } = transport
  ada.type('bytes 5000000\r')
  await stopped(ada)
  await passTime(world, 2_000, [ada])
  const behind = await ada.next('flow')
  assert.deepEqual(behind, { type: 'flow', state: 'behind', seq: ada.seq() })
  assert.ok(ada.seq() > mib && ada.seq() <= mib + 128 * kib, `${ada.seq()} bytes came`)
  const { to } = patternOf(5_000_000)
  await until(() => last.putBytes >= to)
  ada.acknowledge()
  const live = await ada.next('flow', ({ state }) => state === 'live')
  const snapshot = ada.frames.findLast(({ type }) => type === 'snapshot')
  assert.equal(snapshot?.type === 'snapshot' && snapshot.seq, live.seq)
  assert.ok(live.seq > mib)
  await receive(ada, to)
  ada.type('size\r')
  await receive(ada, to + 2 + 'size\r\n80 x 24\r\n$ '.length)
  await end()
})

test('FLW-3 an observer that reads nothing does not slow the others, costs this process less than 2 MiB, and is disconnected after 30 s', async () => {
  const { ada, end } = await begin()
  ada.acknowledge()
  const olga = await watch('olga', ada.ptySessionId())
  await echoed(olga)
  const socket = serverSockets.at(-1)
  assert.ok(socket)
  olga.webSocket.pause()
  const before = socket.bytesWritten
  const total = 64 * mib
  ada.type(`bytes ${total}\r`)
  await receive(ada, patternOf(total).to)
  assertPattern(ada.frames, patternOf(total))
  assert.ok(socket.bytesWritten - before < 2 * mib, `${socket.bytesWritten - before} bytes were sent to it`)
  await passTime(world, 29_000, [ada])
  assert.equal(olga.webSocket.readyState, olga.webSocket.OPEN)
  await passTime(world, 1_000, [ada])
  await answered(ada)
  olga.webSocket.resume()
  assert.equal((await olga.closed).code, 4429)
  await end()
})

test('FLW-4 a socket that falls silent is cut after 15 s, and its implementor types again when it comes back', async () => {
  const { ada, end } = await begin()
  const socket = serverSockets.at(-1)
  const olga = await watch('olga', ada.ptySessionId())
  ada.webSocket.pause()
  // An answer that is still on its way is heard before the time passes.
  await answered(olga)
  await passTime(world, 14_999, [olga])
  assert.equal(socket?.destroyed, false)
  world.clock.advance(1)
  await until(() => socket?.destroyed === true)
  ada.webSocket.terminate()
  const back = await resume(ada, ada.seq())
  await back.next('welcome')
  back.type('size\r')
  await back.see('80 x 24')
  await end()
})

test('FLW-5 a terminal without attachments waits for no client', async () => {
  const { ada, end } = await begin()
  const { last } = transport
  ada.type('bytes 8000000\r')
  await stopped(ada)
  ada.send({ type: 'bye' })
  await until(() => last.putBytes >= patternOf(8_000_000).to)
  await end()
})

test('FLW-6 input for a program that does not read waits up to 64 KiB and a frame; then the socket is not read', async () => {
  const { ada, end } = await begin()
  const { last } = transport
  const socket = serverSockets.at(-1)
  assert.ok(socket)
  ada.type('deaf\r')
  await ada.see('deaf\r\ndeaf\r\n')
  const before = { ...last }
  for (let frame = 0; frame < 32; frame += 1) ada.type('x'.repeat(32 * kib))
  await until(() => socket.isPaused())
  const olga = await watch('olga', ada.ptySessionId())
  await passTime(world, 40_000, [olga])
  const taken = last.writtenBytes - before.writtenBytes
  assert.ok(taken > 64 * kib && taken <= 64 * kib + 32 * kib, `${taken} bytes wait`)
  assert.equal(last.writes - before.writes, taken / (32 * kib))
  assert.deepEqual([socket.isPaused(), ada.webSocket.readyState], [true, ada.webSocket.OPEN])
  await end()
})

test('FLW-7 a client that asks gets the screen, at most once a second', async () => {
  const { ada, end } = await begin()
  const snapshots = (): number => ada.frames.filter(({ type }) => type === 'snapshot').length
  for (let asked = 0; asked < 20; asked += 1) ada.send({ type: 'resync' })
  const snapshot = await ada.next('snapshot')
  assert.ok(snapshot.seq <= 2)
  await answered(ada)
  ada.send({ type: 'resync' })
  await answered(ada)
  assert.equal(snapshots(), 1)
  await passTime(world, 1_000, [ada])
  await ada.next('snapshot')
  await passTime(world, 2_000, [ada])
  assert.equal(snapshots(), 2)
  ada.type('size\r')
  await ada.see('80 x 24')
  await end()
})

/** Output and sizes of a socket, in the order of their arrival: each size with the output since the one before. */
function story(frames: readonly ServerFrame[], upTo: number): { readonly seq: number; readonly size: string }[] {
  let at = 0
  const sizes: { seq: number; size: string }[] = []
  for (const frame of frames) {
    if (frame.type === 'welcome') at = frame.welcome.seq
    if (frame.type === 'snapshot') at = frame.seq
    if (frame.type === 'output') at = frame.seq + frame.bytes.length
    if (frame.type === 'size') {
      assert.equal(frame.seq, at, 'a size came at another place than its own')
      sizes.push({ seq: frame.seq, size: `${frame.cols}x${frame.rows}` })
    }
  }
  assert.ok(at >= upTo)
  return sizes
}

async function resume(before: TerminalSocket, seq: number, rows = 24): Promise<TerminalSocket> {
  const offers = ['X-Proxy-Session-Token', `resume.${before.resumeSecret()}`, 'pty.v1']
  const socket = openTerminalSocket({ proxyUrl: world.url, token: '', offers })
  await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, cols: rows === 24 ? 80 : 100, rows, resume: { seq, inputSeq: 0 } } })
  return socket
}

test('FLW-8 all clients get a size at its place in the output: live, through a resume, and from far back in the record', async () => {
  const { ada, end } = await begin()
  ada.acknowledge()
  const olga = await watch('olga', ada.ptySessionId())
  olga.acknowledge()
  const marks: { seq: number; size: string }[] = []
  for (const [round, rows] of [30, 40, 50].entries()) {
    ada.send({ type: 'resize', cols: 100, rows })
    const { seq } = await ada.next('size')
    marks.push({ seq, size: `100x${rows}` })
    ada.type('bytes 1500000\r')
    await receive(ada, 2 + (round + 1) * ('bytes 1500000\r\n'.length + 1_500_000 + 2))
  }
  const end0 = ada.seq()
  await receive(olga, end0)
  assert.deepEqual(story(ada.frames, end0), marks)
  assert.deepEqual(story(olga.frames, end0), marks)
  const [first] = marks
  ada.webSocket.terminate()
  await ada.closed
  const back = await resume(ada, (first?.seq ?? 0) + 1, 50)
  const { welcome } = await back.next('welcome')
  assert.deepEqual([welcome.cols, welcome.rows, welcome.seq], [100, 30, (first?.seq ?? 0) + 1])
  back.acknowledge()
  await receive(back, end0)
  assert.deepEqual(story(back.frames, end0), marks.slice(1))
  assert.ok(Buffer.from(ada.text()).subarray(welcome.seq).equals(Buffer.from(back.text())))
  await end()
})

test('FLW-30 however many terminals are begun at once, no more run than the node may run', async () => {
  const own = await terminalWorld({ config: { terminals: { maxSessions: 2 } } })
  try {
    const access = await own.signIn('ada')
    const tickets = await Promise.all(Array.from({ length: 6 }, () => own.start(access)))
    const outcomes = await Promise.all(
      tickets.map(async (ticket) => {
        const socket = openTerminalSocket(ticket)
        await socket.opened
        socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
        return Promise.race([socket.next('welcome').then(() => 'in'), socket.closed.then(({ code }) => code)]).catch(
          () => socket.closed.then(({ code }) => code),
        )
      }),
    )
    assert.deepEqual(outcomes.map(String).sort(), ['4503', '4503', '4503', '4503', 'in', 'in'])
  } finally {
    await own.close()
  }
})
