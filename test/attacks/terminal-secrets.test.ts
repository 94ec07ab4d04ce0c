/** Attacks by reading files: they contain no token, no resume secret and no hidden input. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { signInAtControl } from '../fixtures/http-client.ts'
import { whyNoPty } from '../fixtures/pty.ts'
import { contentsBelow, secretsFound } from '../fixtures/secret-search.ts'
import { enterShell, password, prepareShells, type ShellServer, shellServer } from '../fixtures/shell-server.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'
import { comeBack } from '../fixtures/terminal-attack.ts'
import { openTerminalSocket } from '../fixtures/terminal-socket.ts'

const run = promisify(execFile)
const launcher = fileURLToPath(new URL('../../bin/sallyport', import.meta.url))

const typedUnseen = 'Wq3-typed-where-nobody-sees-it'

/** Uses a terminal in every way there is; returns its id, and every secret that was on the way. */
async function useTerminal(
  server: ShellServer,
): Promise<{ readonly id: string; readonly secrets: ReadonlySet<string> }> {
  const secrets = new Set([password, typedUnseen])
  const keep = (secret: string): string => {
    secrets.add(secret)
    return secret
  }
  const signIn = async (username: string): Promise<string> => {
    const session = await signInAtControl(server.client, username, password)
    keep(session.refresh_token)
    return keep(session.access_token)
  }
  const access = await signIn('ada')
  const ticket = await server.start(access)
  keep(ticket.token)
  const ada = await enterShell(ticket)
  keep(ada.resumeSecret())
  const id = ada.ptySessionId()
  const joining = await server.join(await signIn('olga'), id)
  keep(joining.token)
  const olga = await enterShell(joining)
  keep(olga.resumeSecret())
  ada.type("stty -echo; echo read''y; read -s S; stty echo; echo go''t\r")
  await ada.see('ready')
  ada.type(`${typedUnseen}\r`)
  await ada.see('got')
  ada.webSocket.terminate()
  await ada.closed
  const back = await comeBack(server, ada, { seq: ada.seq(), inputSeq: 2 })
  await back.next('welcome')
  keep(back.resumeSecret())
  for (const offer of [
    ticket.token,
    `resume.${ada.resumeSecret()}`,
    `resume.${keep('A-secret-that-nobody-was-given')}`,
  ]) {
    const refused = openTerminalSocket({ ...ticket, offers: ['X-Proxy-Session-Token', offer, 'pty.v1'] })
    assert.equal((await refused.closed).code, 4401)
  }
  const bearer = openTerminalSocket({ ...ticket, offers: ['pty.v1'], headers: { authorization: `Bearer ${access}` } })
  await assert.rejects(bearer.opened)
  back.type('exit 0\r')
  await olga.closed
  return { id, secrets }
}

test('ATT-20 no token, secret or unseen password of a terminal is in database, WAL, logs, audit export or recording', {
  skip: whyNoPty(),
}, async (t) => {
  const dataDir = temporaryFolder(t)
  await prepareShells(dataDir)
  const server = await shellServer(dataDir)
  atEnd(t, () => server.end('SIGKILL'))
  const { id, secrets } = await useTerminal(server)
  const whileRunning = await contentsBelow(dataDir)
  await server.end('SIGTERM')
  const of = async (...words: string[]): Promise<Buffer> =>
    Buffer.from((await run(launcher, [...words, '--data', dataDir])).stdout)
  const exports = [
    await of('audit', 'export'),
    await of('recording', 'export', id),
    await of('recording', 'export', id, '--format', 'raw'),
  ]
  const logs = Buffer.from(server.output().replace(/\/setup#\S+/, ''))
  const places = [...whileRunning, ...(await contentsBelow(dataDir)), ...exports, logs]
  assert.equal(secrets.size, 12)
  assert.ok(places.filter((place) => place.includes('ready')).length >= 4, 'the recording was looked at')
  assert.ok(exports[0]?.includes('pty-attach'), 'the export tells of the run')
  assert.deepEqual(secretsFound(secrets, places), [])
})
