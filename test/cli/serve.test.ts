/** Cli tests: a server in its own process, its signals, and commands beside it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { currentSchema } from '../../src/stores/sqlite/migrate.ts'
import { dataPath, type Served, sallyport, serve } from './sallyport-process.ts'

const password = 'correct horse battery staple'

describe('a server and commands beside it', { concurrency: 2 }, () => {
  test('CLI-10, CLI-19, CLI-20, CLI-25, CLI-26 accounts are enabled and disabled at once, or the command says that the server did not confirm', async (t) => {
    const data = dataPath(t)
    const server = await serve(t, data)
    const link = /^Create the first administrator here, once: (\S+)\n$/m.exec(server.stdout())?.[1] ?? ''
    assert.equal(server.stdout(), `${greeting(server)}Create the first administrator here, once: ${link}\n`)
    assert.match(link, new RegExp(`^${server.url}/setup#[A-Za-z0-9_-]{43}$`))

    const add = ['account', 'add', 'ada', '--password-stdin']
    assert.equal((await sallyport(add, { data, input: `${password}\n` })).code, 0)
    const token = await signIn(server)
    assert.equal(await verify(server, token), 200)
    assert.deepEqual(await sallyport(['account', 'disable', 'ada'], { data }), {
      code: 0,
      stdout: 'Disabled the account ada and ended its sessions.\n',
      stderr: '',
    })
    assert.equal(await verify(server, token), 401)

    assert.equal((await sallyport(['account', 'enable', 'ada'], { data })).code, 0)
    const second = await signIn(server)
    server.child.kill('SIGSTOP')
    assert.deepEqual(await sallyport(['account', 'disable', 'ada'], { data }), {
      code: 1,
      stdout: '',
      stderr: 'sallyport: recorded; the running server has not confirmed it.\n',
    })
    server.child.kill('SIGCONT')
    assert.equal(await verify(server, second), 401)

    server.child.kill('SIGTERM')
    assert.deepEqual(
      [await server.ended, server.stdout().split('\n').length, server.stderr().includes(link.split('#')[1] ?? '')],
      [0, 3, false],
    )
  })

  test('CLI-25, CLI-26 there is no setup link after the first administrator, a missing owner is reported with a command, and a second signal ends a server at once', async (t) => {
    const data = dataPath(t)
    assert.equal((await sallyport(['account', 'add', 'root', '--role', 'admin', '--no-password'], { data })).code, 0)
    const server = await serve(t, data)
    const make = `sallyport account add NAME --role admin --data ${data}`
    assert.equal(server.stdout(), `${greeting(server)}No owner can sign in. Create one: ${make}\n`)
    const socket = await unfinishedRequest(t, server)
    server.child.kill('SIGINT')
    await refusing(server)
    server.child.kill('SIGINT')
    assert.equal(await server.ended, 1)
    socket.destroy()
  })

  test('CLI-26 a request that never ends does not stop the shutdown', { timeout: 30_000 }, async (t) => {
    const server = await serve(t, dataPath(t))
    const socket = await unfinishedRequest(t, server)
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 0)
    socket.destroy()
  })

  test('CLI-27 SIGHUP reloads the certificate, and keeps the old one if the new one cannot be used', {
    skip: noOpenssl(),
  }, async (t) => {
    const data = dataPath(t)
    const folder = dirname(data)
    for (const name of ['one', 'two']) makeCertificate(folder, name)
    use(folder, 'one')
    const files = { words: ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')] }
    const server = await serve(t, data, files)
    const before = await presentedName(server)
    writeFileSync(join(folder, 'cert.pem'), 'no certificate')
    server.child.kill('SIGHUP')
    await server.logged('the TLS files cannot be used; the server keeps the old ones')
    const kept = await presentedName(server)
    use(folder, 'two')
    server.child.kill('SIGHUP')
    await server.logged('the TLS files were reloaded')
    assert.deepEqual([before, kept, await presentedName(server)], ['one', 'one', 'two'])
  })

  test('CLI-28 a server that cannot start prints the reason in one sentence and ends with 1', async (t) => {
    const data = dataPath(t)
    const server = await serve(t, data)
    const listen = server.url.replace('http://', '')
    const newer = dataPath(t)
    mkdirSync(newer)
    const db = new DatabaseSync(join(newer, 'sallyport.db'))
    db.exec('PRAGMA user_version = 999')
    db.close()
    const free = ['serve', '--listen', '127.0.0.1:0']
    const outcomes = [
      await sallyport(free, { data }),
      await sallyport(['serve', '--listen', listen], { data: dataPath(t) }),
      await sallyport(free, { data: newer }),
      await sallyport([...free, '--tls-cert', '/nowhere', '--tls-key', '/nowhere'], { data: dataPath(t) }),
      await sallyport(free, { data: dataPath(t), env: { SALLYPORT_MASTER_KEY: 'c2hvcnQ=' } }),
    ]
    assert.deepEqual(
      outcomes.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
      [
        [
          1,
          '',
          `sallyport: Another Sallyport server uses the data directory ${data}; stop it, or choose another directory.\n`,
        ],
        [1, '', `sallyport: ${listen} is in use by another process; choose another address with --listen.\n`],
        [
          1,
          '',
          `sallyport: The database has schema 999 of a newer Sallyport, and this version supports schemas up to ${currentSchema}; upgrade Sallyport.\n`,
        ],
        [1, '', 'sallyport: /nowhere cannot be used (ENOENT).\n'],
        [1, '', 'sallyport: The master key in SALLYPORT_MASTER_KEY has 5 bytes; it must have 32.\n'],
      ],
    )
  })
})

function greeting({ url }: Served): string {
  return `Sallyport 0.1.0 listens on ${url}\n`
}

async function signIn({ url }: Served): Promise<string> {
  const answer = await fetch(`${url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'ada', password }),
  })
  assert.equal(answer.status, 201)
  return ((await answer.json()) as { access_token: string }).access_token
}

async function verify({ url }: Served, token: string): Promise<number> {
  const answer = await fetch(`${url}/api/v1/verify`, { headers: { authorization: `Bearer ${token}` } })
  await answer.body?.cancel()
  return answer.status
}

/** A request with a body that never ends. */
async function unfinishedRequest(t: TestContext, server: Served): Promise<Socket> {
  const socket = dial(server)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  socket.write('POST /api/v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n')
  socket.write('Content-Length: 100\r\nExpect: 100-continue\r\n\r\n{')
  await once(socket, 'data')
  return socket
}

/** Resolves once the port is closed. */
async function refusing(server: Served): Promise<void> {
  for (;;) {
    const socket = dial(server)
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('close', () => resolve(false))
    })
    socket.destroy()
    if (!isOpen) return
  }
}

function dial({ url }: Served): Socket {
  const { hostname, port } = new URL(url)
  const socket = createConnection({ host: hostname, port: Number(port) })
  socket.on('error', () => undefined)
  return socket
}

function noOpenssl(): string | false {
  const { error } = spawnSync('openssl', ['version'])
  return error === undefined ? false : 'openssl(1), which makes the certificates, is not installed'
}

function makeCertificate(folder: string, name: string): void {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const { status } = spawnSync('openssl', [
    'req',
    '-x509',
    ...curve,
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    ...files,
  ])
  assert.equal(status, 0)
}

function use(folder: string, name: string): void {
  copyFileSync(join(folder, `${name}.pem`), join(folder, 'cert.pem'))
  copyFileSync(join(folder, `${name}.key`), join(folder, 'key.pem'))
}

async function presentedName({ url }: Served): Promise<string | undefined> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const name = socket.getPeerCertificate().subject.CN
  socket.destroy()
  return typeof name === 'string' ? name : undefined
}
