/** Ssh transport: logins, sessions and their ends, over a real sshd. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { Log } from '../../../src/core/ports.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { sshArguments, sshEnvironment } from '../../../src/terminals/transports/ssh/command-line.ts'
import { asSigningKey, makeSigningKey, type SigningKey } from '../../../src/terminals/transports/ssh/keys.ts'
import { type Login, prepareLogin } from '../../../src/terminals/transports/ssh/login.ts'
import type { SshTransport } from '../../../src/terminals/transports/ssh/ssh.ts'
import type { Terminal } from '../../../src/terminals/transports/transport.ts'
import { FrameHandler } from '../../fixtures/conversation.ts'
import { requireTools } from '../../fixtures/require-tool.ts'
import {
  makeAuthority,
  makeSshTransport,
  requestFor,
  serverName,
  startTrustingSshd,
  type TestAuthority,
  unexpected,
} from '../../fixtures/ssh-world.ts'
import { osUser, type RunningSshd } from '../../fixtures/sshd.ts'
import { terminalRequest } from '../../fixtures/terminal-request.ts'

const { skip } = requireTools('ssh', 'sshd')
const run = promisify(execFile)
const succeeded = { code: 0, signal: 0, failure: null }

// Suites that run side by side make folders too; here all of them are ours. Sessions of other users pass through.
const folder = mkdtempSync(join(tmpdir(), 'sally-ssh-'))
chmodSync(folder, 0o755)
process.env.TMPDIR = folder
after(() => rmSync(folder, { recursive: true, force: true }))

for (const authorityType of ['ed25519', 'ecdsa'] as const) {
  for (const keyType of ['ed25519', 'ecdsa'] as const) {
    test(`SSH-5, SSH-6 an ${keyType} key that an ${authorityType} authority certified logs in, and sshd logs the key id`, {
      skip,
    }, async (t) => {
      const authority = makeAuthority(authorityType)
      const sshd = await startTrustingSshd(t, authority)
      const transport = makeSshTransport(t, authority, { keyType })
      const request = requestFor(sshd, { username: 'ada lovelace', changeId: 'CHG-1', command: 'id -un; tty' })
      const conversation = await FrameHandler.open(transport, request)
      assert.deepEqual(await conversation.terminal.exited, succeeded)
      assert.match(conversation.text(), new RegExp(`^${osUser}\r\n/dev/pts/\\d+\r\n$`))
      const keyId = `pty=${request.ptySessionId};account=ada%20lovelace;change=CHG-1`
      assert.match(sshd.log(), new RegExp(`Accepted publickey for ${osUser} .*-CERT .* ID ${keyId} \\(serial \\d+\\)`))
    })
  }
}

test('SSH-6 a server is reached over IPv6 as well', { skip }, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority, { address: '::1' })
  const request = requestFor(sshd, { command: 'echo six' })
  const conversation = await FrameHandler.open(makeSshTransport(t, authority), request)
  assert.deepEqual([await conversation.terminal.exited, conversation.text()], [succeeded, 'six\r\n'])
})

for (const [config, told] of [
  [['AcceptEnv LANG'], 'C.UTF-8 UTF-8'],
  [[], 'none ANSI_X3.4-1968'],
] as const) {
  test(`SSH-32 with ${config[0] ?? 'no AcceptEnv'} a terminal has the character set ${told}`, { skip }, async (t) => {
    const authority = makeAuthority()
    const sshd = await startTrustingSshd(t, authority, { config })
    const request = requestFor(sshd, { command: 'echo "$(printenv LANG || echo none) $(locale charmap)"' })
    const conversation = await FrameHandler.open(makeSshTransport(t, authority), request)
    assert.deepEqual(await conversation.terminal.exited, succeeded)
    assert.equal(conversation.text(), `${told}\r\n`)
  })
}

test('SSH-11 the folder of a login is its owner’s alone, holds no private key, and is gone once the login was signed', {
  skip,
}, async (t) => {
  const { sshd, authority, conversation } = await openOn(t, 'echo in; read -r line')
  await conversation.until('in')
  const whileOpen = loginFolders()
  conversation.type('\r')
  assert.deepEqual(await conversation.terminal.exited, succeeded)
  const subject = makeSigningKey('ed25519')
  const login = await prepareFor(sshd, authority, subject)
  const place = dirname(login.paths.agentPath)
  const files = readdirSync(place).filter((name) => lstatSync(join(place, name)).isFile())
  const seen = { mode: lstatSync(place).mode & 0o777, files, text: readFileSync(login.paths.knownHostsPath, 'latin1') }
  await login.finish()
  const expected = { mode: 0o700, files: ['known_hosts'], text: `${serverName} ${sshd.hostKeyLine}\n` }
  assert.deepEqual([whileOpen, seen, loginFolders()], [[], expected, []])
})

test('SSH-28 a login folder that cannot be removed is logged, and the terminal ends as it would have', {
  skip,
}, async (t) => {
  const authority = makeAuthority()
  const place = mkdtempSync(join(folder, 'place-'))
  const errors: unknown[] = []
  const onError: Log['error'] = ({ err }, sentence) => errors.push([(err as NodeJS.ErrnoException).code, sentence])
  const transport = makeSshTransport(t, authority, { onError })
  process.env.TMPDIR = place
  t.after(() => {
    process.env.TMPDIR = folder
  })
  const { terminal, met } = await openOnSilence(t, transport, authority)
  await met
  renameSync(place, `${place}-gone`)
  writeFileSync(place, '')
  const { code, failure } = await terminal.end()
  const error = ['ENOTDIR', 'the folder of a login could not be removed']
  assert.deepEqual([code, failure, errors], [-1, null, [error]])
})

test('SSH-12 a host authority stands for the key that it signed for that name, and for no other', {
  skip,
}, async (t) => {
  const authority = makeAuthority()
  const caPath = join(mkdtempSync(join(folder, 'ca-')), 'ca')
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', caPath])
  const hostCa = readFileSync(`${caPath}.pub`, 'latin1').trim()
  const transport = makeSshTransport(t, authority)
  const kinds = []
  // The client program compares names in lower case.
  for (const name of [serverName.toLowerCase(), 'other']) {
    const sshd = await startTrustingSshd(t, authority, { hostCertificate: { caPath, name } })
    for (const trust of [
      { hostKey: null, hostCa },
      { hostKey: sshd.hostKeyLine, hostCa: null },
      { hostKey: null, hostCa: authority.publicLine },
    ]) {
      kinds.push(await endOn(transport, sshd, trust))
    }
  }
  const mismatch = 'host-key-mismatch'
  assert.deepEqual(kinds, ['none', 'none', mismatch, mismatch, 'none', mismatch])
})

test('SSH-14 what escape characters are elsewhere is plain input', { skip }, async (t) => {
  const { conversation } = await openOn(t, 'stty raw -echo; echo ready; head -c 10 | od -An -c')
  await conversation.until('ready')
  conversation.type('\r~C\r~.\r~#\r')
  assert.deepEqual(await conversation.terminal.exited, succeeded)
  assert.equal(conversation.text().trim().split(/\s+/).join(' '), String.raw`ready \r ~ C \r ~ . \r ~ # \r`)
})

test('SSH-19 input from before the session begins arrives in order, and once', { skip }, async (t) => {
  const { conversation } = await openOn(t, 'read -r one; read -r two; echo "$two $one"')
  const waiting = [conversation.type('first\r'), conversation.type('second\r')]
  await conversation.terminal.drained()
  assert.deepEqual(await conversation.terminal.exited, succeeded)
  assert.deepEqual([waiting, conversation.text()], [[6, 13], 'first\r\nsecond\r\nsecond first\r\n'])
})

test('SSH-19 an interrupt that comes before the session has begun does not end the login', { skip }, async (t) => {
  const { conversation } = await openOn(t, "trap 'exit 9' INT; echo ready; while :; do read -r line; done")
  conversation.type('\u0003')
  // On the server the signal finds no process yet, or the shell before its trap is set, or the shell after it. A second
  // signal ends the first case.
  await conversation.until('ready').then(
    () => conversation.type('\u0003'),
    () => 0,
  )
  const { code, failure } = await conversation.terminal.exited
  assert.deepEqual([[9, 130, -1].includes(code), failure], [true, null])
})

test('SSH-14 a server does not forward for our certificates, however the client program asks', {
  skip,
}, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const login = await prepareFor(sshd, authority, makeSigningKey('ed25519'))
  const { server } = requestFor(sshd)
  const words = sshArguments({
    ...login.paths,
    ...server,
    serverName,
    osUser,
    command: null,
    connectTimeoutSeconds: 10,
  })
  const asked = ['-W', `127.0.0.1:${sshd.port}`, ...words.filter((word) => word !== '-tt')]
  const code = await run('/usr/bin/ssh', asked, { env: sshEnvironment() }).then(
    () => 0,
    (error: { readonly code: number }) => error.code,
  )
  const log = await login.finish()
  assert.equal(code, 255)
  assert.match(log, /open failed: administratively prohibited/)
})

test('SSH-17 an exit status is the program’s, 255 too, and a signal on the server is no broken connection', {
  skip,
}, async (t) => {
  const { sshd, authority } = await openOn(t, 'true')
  const transport = makeSshTransport(t, authority)
  const ends = []
  for (const command of ['exit 255', 'exit 3', 'kill -9 $$']) {
    const terminal = await transport.open(requestFor(sshd, { command }), { onOutput: () => undefined })
    ends.push(await terminal.exited)
  }
  assert.deepEqual(ends, [
    { code: 255, signal: 0, failure: null },
    { code: 3, signal: 0, failure: null },
    { code: -1, signal: 0, failure: null },
  ])
})

test('SSH-18 ending a terminal ends its program on the server, and the user reads what may survive', {
  skip,
}, async (t) => {
  const { conversation } = await openOn(t, 'echo $$.; exec sleep 1000')
  const pid = Number.parseInt(await conversation.until('.'), 10)
  const { code, failure } = await conversation.terminal.end()
  // It ends once the process has; else the test runs into its limit.
  await run('tail', ['-f', '/dev/null', '-s', '0.02', '--pid', String(pid)])
  const sentence =
    'The connection to the server was ended; a program there that was detached (nohup, setsid), or ignores the hang-up, runs on.'
  assert.deepEqual([code, failure, conversation.notices], [-1, null, [sentence]])
})

test('SSH-18 a terminal that ended by itself gives no notice, and ending it again changes nothing', {
  skip,
}, async (t) => {
  const { conversation } = await openOn(t, 'exit 4')
  const exit = await conversation.terminal.exited
  assert.deepEqual([exit.code, await conversation.terminal.end(), conversation.notices], [4, exit, []])
})

test('SSH-20 the command of the certificate runs, not what the client program asks for', { skip }, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const transport = makeSshTransport(t, authority)
  const request = { ...requestFor(sshd, { command: 'echo forced' }), asks: 'echo asked' }
  const conversation = await FrameHandler.with((listener) => transport.open(request, listener))
  assert.deepEqual([await conversation.terminal.exited, conversation.text()], [succeeded, 'forced\r\n'])
})

test('SSH-21 the banner of a server does not come among the output', { skip }, async (t) => {
  const banner = join(folder, 'banner')
  writeFileSync(banner, 'AUTHORISED USE ONLY\n')
  chmodSync(banner, 0o644)
  const { conversation } = await openOn(t, 'echo hello', [`Banner ${banner}`])
  assert.deepEqual([await conversation.terminal.exited, conversation.text()], [succeeded, 'hello\r\n'])
})

type Opened = { readonly sshd: RunningSshd; readonly authority: TestAuthority; readonly conversation: FrameHandler }

async function openOn(t: TestContext, command: string, config: readonly string[] = []): Promise<Opened> {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority, { config })
  const conversation = await FrameHandler.open(makeSshTransport(t, authority), requestFor(sshd, { command }))
  return { sshd, authority, conversation }
}

/** Opens a terminal on a server that says nothing; `met` resolves once the client program has connected. */
async function openOnSilence(
  t: TestContext,
  transport: SshTransport,
  { publicLine }: TestAuthority,
): Promise<{ readonly terminal: Terminal; readonly met: Promise<unknown> }> {
  const silent = createServer((socket) => t.after(() => socket.destroy()))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const met = once(silent, 'connection')
  const { port } = silent.address() as AddressInfo
  const server = { name: serverName, address: '127.0.0.1', port, hostKey: publicLine, hostCa: null }
  const terminal = await transport.open(terminalRequest({ server, osUser }), { onOutput: () => undefined })
  return { terminal, met }
}

async function endOn(
  transport: SshTransport,
  sshd: RunningSshd,
  trust: { readonly hostKey: string | null; readonly hostCa: string | null },
): Promise<string> {
  const { server, ...request } = requestFor(sshd, { command: 'true' })
  const terminal = await transport.open({ ...request, server: { ...server, ...trust } }, { onOutput: () => undefined })
  return (await terminal.exited).failure?.kind ?? 'none'
}

/** Prepares a login that no client program uses yet. */
function prepareFor(sshd: RunningSshd, authority: TestAuthority, subject: SigningKey): Promise<Login> {
  const { server, ptySessionId, username, changeId, command } = requestFor(sshd)
  const wanted = { serverName, osUser, ptySessionId, username, changeId, command, sourceAddresses: null }
  const signing = asSigningKey(authority.privateKey)
  const making = { subject, authority: signing, nowMs: Date.now(), randomBytes: systemRandom().bytes }
  return prepareLogin({ input: wanted, making, target: server, log: { error: unexpected } })
}

function loginFolders(): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('sallyport-ssh-'))
}
