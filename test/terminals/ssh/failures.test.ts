/** Ssh transport: every way not to get in, or to be thrown out, over real servers and sockets. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { classifyEnd } from '../../../src/terminals/transports/ssh/classify-failure.ts'
import { openClientLog } from '../../../src/terminals/transports/ssh/client-log.ts'
import { type LoginWords, sshArguments } from '../../../src/terminals/transports/ssh/command-line.ts'
import { findSshProgram } from '../../../src/terminals/transports/ssh/find-program.ts'
import { fingerprint, parsePublicLine } from '../../../src/terminals/transports/ssh/keys.ts'
import { knownHosts } from '../../../src/terminals/transports/ssh/known-hosts.ts'
import type { SshTransport } from '../../../src/terminals/transports/ssh/ssh.ts'
import type { TerminalExit, TerminalRequest } from '../../../src/terminals/transports/transport.ts'
import { requireTools } from '../../fixtures/require-tool.ts'
import {
  makeAuthority,
  makeSshTransport,
  principal,
  requestFor,
  serverName,
  startTrustingSshd,
  type TransportOptions,
} from '../../fixtures/ssh-world.ts'
import { freePort, osUser, startSshd } from '../../fixtures/sshd.ts'
import { terminalRequest } from '../../fixtures/terminal-request.ts'

const { skip } = requireTools('ssh', 'sshd')
const minuteMs = 60_000

test('SSH-7 a certificate that has expired or is not good yet is refused, and sshd says which', { skip }, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const end = async (clockOffsetMs: number): Promise<string | undefined> =>
    (await open(makeSshTransport(t, authority, { clockOffsetMs }), requestFor(sshd, { command: 'true' }))).failure?.kind
  const kinds = [await end(-3 * minuteMs), await end(6 * minuteMs), await end(-minuteMs), await end(4 * minuteMs)]
  assert.deepEqual(kinds, ['login-refused', 'login-refused', undefined, undefined])
  await sshd.logged('Certificate invalid: expired')
  await sshd.logged('Certificate invalid: not yet valid')
})

test('SSH-3, SSH-7 a certificate from another address than it names is refused; the route’s own address is taken', {
  skip,
}, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const end = async (sourceAddress: NonNullable<TransportOptions['sourceAddress']>): Promise<string | undefined> =>
    (await open(makeSshTransport(t, authority, { sourceAddress }), requestFor(sshd, { command: 'true' }))).failure?.kind
  assert.deepEqual(
    [await end(['192.0.2.1']), await end(['127.0.0.0/8', '192.0.2.1']), await end('auto'), await end('off')],
    ['login-refused', undefined, undefined, undefined],
  )
  assert.match(sshd.log(), /not from a permitted source address|source address/i)
})

test('SSH-12 another host key than the pinned one ends it before anything is signed', { skip }, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const { server } = requestFor(sshd)
  const request = requestFor(sshd, { server: { ...server, hostKey: makeAuthority().publicLine } })
  const byCa = requestFor(sshd, { server: { ...server, hostKey: null, hostCa: authority.publicLine } })
  const transport = makeSshTransport(t, authority)
  const ends = [await open(transport, request), await open(transport, byCa)]
  const blob = parsePublicLine(sshd.hostKeyLine)?.blob ?? Buffer.alloc(0)
  const name = serverName.toLowerCase()
  const details = [
    `the server showed ED25519 ${fingerprint(blob)}`,
    `No ED25519 host key is known for ${name} and you have requested strict checking. Host key verification failed.`,
  ]
  assert.deepEqual(
    ends,
    details.map((detail) => ({ code: -1, signal: 0, failure: { kind: 'host-key-mismatch', detail } })),
  )
  assert.doesNotMatch(sshd.log(), /publickey/)
})

test('SSH-15 a port without a listener refuses the connection', { skip }, async (t) => {
  const server = { ...terminalRequest().server, port: await freePort(), hostKey: makeAuthority().publicLine }
  const { failure } = await open(makeSshTransport(t, makeAuthority()), terminalRequest({ server }))
  const detail = `ssh: connect to host 127.0.0.1 port ${server.port}: Connection refused`
  assert.deepEqual(failure, { kind: 'connection-refused', detail })
})

test('SSH-15 a server that takes the connection and says nothing, or hangs up, is unreachable', { skip }, async (t) => {
  const details = []
  for (const greet of [() => undefined, (socket: Socket) => socket.destroy()]) {
    const port = await listen(t, greet)
    const server = { ...terminalRequest().server, port, hostKey: makeAuthority().publicLine }
    const transport = makeSshTransport(t, makeAuthority(), { connectTimeoutSeconds: 1 })
    const { failure } = await open(transport, terminalRequest({ server }))
    assert.equal(failure?.kind, 'unreachable')
    details.push(failure?.detail)
  }
  assert.match(String(details[0]), /timed out/)
  assert.match(String(details[1]), /Connection (closed|reset)/)
})

test('SSH-15 a connection that breaks after the login was lost', { skip }, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const exit = await open(makeSshTransport(t, authority), requestFor(sshd, { command: 'kill -9 $PPID; sleep 1000' }))
  assert.deepEqual([exit.code, exit.failure?.kind], [-1, 'connection-lost'])
})

test('SSH-15 a server that falls silent after the login is lost, and its words are passed on without our reading of them', () => {
  const log = [
    'debug1: clientloop.c:client_loop():1290 (pid=29586): Entering interactive session.',
    'debug2: clientloop.c:client_status_confirm():669 (pid=29586): shell request accepted on channel 0',
    'clientloop.c:server_alive_check():503 (pid=29586): Timeout, server 127.0.0.1 not responding.',
    '',
  ].join('\r\n')
  const failure = { kind: 'connection-lost', detail: 'Timeout, server 127.0.0.1 not responding.' }
  assert.deepEqual(classifyEnd({ code: 255, signal: 0, log, progress: 'signed' }), { code: -1, signal: 0, failure })
})

test('SSH-15 a server that offers nothing in common, or no session, says so in the detail', { skip }, async (t) => {
  const authority = makeAuthority()
  const failures = []
  for (const config of ['Ciphers 3des-cbc', 'MaxSessions 0', 'PermitTTY no']) {
    const sshd = await startTrustingSshd(t, authority, { config: [config] })
    failures.push((await open(makeSshTransport(t, authority), requestFor(sshd))).failure)
  }
  assert.deepEqual(
    failures.map((failure) => [failure?.kind, failure?.detail.replace(/port \d+/, 'port')]),
    [
      ['unreachable', 'Unable to negotiate with 127.0.0.1 port: no matching cipher found. Their offer: 3des-cbc'],
      ['connection-lost', 'channel 0: open failed: connect failed: open failed'],
      ['connection-lost', 'PTY allocation request failed on channel 0'],
    ],
  )
})

test('SSH-16 an untrusted authority and an unlisted principal get one answer, and the log of sshd distinguishes them', {
  skip,
}, async (t) => {
  const authority = makeAuthority()
  const untrusting = await startSshd(t, {
    caLines: [makeAuthority().publicLine],
    principals: { [osUser]: [principal] },
  })
  const unlisting = await startSshd(t, {
    caLines: [authority.publicLine],
    principals: { [osUser]: ['other/principal'] },
  })
  const transport = makeSshTransport(t, authority)
  const ends = []
  for (const sshd of [untrusting, unlisting]) ends.push(await open(transport, requestFor(sshd)))
  const sentence = 'Certificate does not contain an authorized principal'
  const detail = `${osUser}@127.0.0.1: Permission denied (publickey). (the server did not accept the certificate; its sshd log says "${sentence}" if the principal is not listed for the OS user, and only "Failed publickey" if the CA is not trusted or the OS user may not log in)`
  const refused = { code: -1, signal: 0, failure: { kind: 'login-refused', detail } }
  assert.deepEqual(ends, [refused, refused])
  await unlisting.logged(sentence)
  await untrusting.logged('Failed publickey')
  assert.equal(untrusting.log().includes(sentence), false)
})

test('SSH-16 a server that takes the certificate and then refuses the login gets its own answer', () => {
  const log = 'deploy@10.0.0.5: Permission denied (publickey).\r\n'
  assert.deepEqual(classifyEnd({ code: 255, signal: 0, log, progress: 'signed' }).failure, {
    kind: 'login-refused',
    detail:
      'deploy@10.0.0.5: Permission denied (publickey). (the server accepted the certificate and then refused the login)',
  })
})

test('SSH-13 words that could mean more than themselves start nothing', { skip }, async (t) => {
  const sound: LoginWords = {
    serverName: 'web-1',
    address: '10.0.0.5',
    port: 22,
    osUser: 'deploy',
    command: null,
    agentPath: '/tmp/a/agent',
    knownHostsPath: '/tmp/a/known_hosts',
    logPath: '/tmp/a/log',
    connectTimeoutSeconds: 10,
  }
  const unsound: readonly Partial<LoginWords>[] = [
    { serverName: '-oProxyCommand=id' },
    { serverName: 'web 1' },
    { serverName: '%h' },
    { address: 'web-1.example.com' },
    { address: '-oProxyCommand=id' },
    { address: 'fe80::1%eth0' },
    { port: 0 },
    { port: 22.5 },
    { osUser: '-l' },
    { osUser: 'deploy@10.0.0.6' },
    { osUser: 'Deploy' },
    { command: '' },
    { command: 'id\nid' },
    { agentPath: '/tmp/%d/agent' },
    { agentPath: '$SSH_AUTH_SOCK' },
    { knownHostsPath: '/tmp/two words' },
    { logPath: '~/log' },
  ]
  for (const change of unsound) {
    assert.throws(() => sshArguments({ ...sound, ...change }), { name: 'NotPossibleHere' }, JSON.stringify(change))
  }
  const { server } = terminalRequest()
  const key = makeAuthority().publicLine
  for (const target of [
    { ...server, name: '* web-1', hostKey: key },
    { ...server, hostKey: `${key}\n* ${key}` },
    server,
  ]) {
    assert.throws(() => knownHosts(target), { name: 'NotPossibleHere' })
    const { failure } = await open(makeSshTransport(t, makeAuthority()), terminalRequest({ server: target }))
    assert.equal(failure?.kind, 'not-possible-here')
  }
})

test('SSH-12 the known-hosts file holds the one server, by the keys that the inventory has', () => {
  const [key, ca] = [makeAuthority('ed25519').publicLine, makeAuthority('ecdsa').publicLine]
  const plain = (line: string): string => line.split(' ').slice(0, 2).join(' ')
  assert.equal(
    knownHosts({ name: 'web-1', hostKey: key, hostCa: ca }),
    `web-1 ${plain(key)}\n@cert-authority web-1 ${plain(ca)}\n`,
  )
})

test('SSH-13 a client program that does not know our options makes terminals impossible here', () => {
  const detail = 'command-line: line 0: Bad configuration option: logverbose'
  assert.deepEqual(classifyEnd({ code: 255, signal: 0, log: `${detail}\r\n`, progress: 'idle' }).failure, {
    kind: 'not-possible-here',
    detail,
  })
})

test('SSH-13 the client program starts with these arguments and this environment, not with ours', () => {
  const words = sshArguments({
    serverName: 'web-1',
    address: '2001:db8::5',
    port: 2222,
    osUser: 'deploy',
    command: '-L 1:2:3',
    agentPath: '/tmp/a/agent',
    knownHostsPath: '/tmp/a/known_hosts',
    logPath: '/tmp/a/log',
    connectTimeoutSeconds: 10,
  })
  const [before, after] = [words.slice(0, 9), words.slice(words.indexOf('--'))]
  const options = words.filter((_, index) => words[index - 1] === '-o')
  assert.deepEqual(
    [before, after],
    [
      ['-F', '/dev/null', '-e', 'none', '-tt', '-p', '2222', '-E', '/tmp/a/log'],
      ['--', 'deploy@2001:db8::5', '-L 1:2:3'],
    ],
  )
  assert.deepEqual(
    options.filter((option) => !option.startsWith('LogVerbose=')),
    [
      'BatchMode=yes',
      'IdentityAgent=/tmp/a/agent',
      'IdentityFile=none',
      'PreferredAuthentications=publickey',
      'HostKeyAlias=web-1',
      'UserKnownHostsFile=/tmp/a/known_hosts',
      'GlobalKnownHostsFile=/dev/null',
      'StrictHostKeyChecking=yes',
      'UpdateHostKeys=no',
      'ClearAllForwardings=yes',
      'PermitLocalCommand=no',
      'ControlPath=none',
      'LogLevel=ERROR',
      'ConnectTimeout=10',
      'ServerAliveInterval=15',
      'ServerAliveCountMax=3',
      'SetEnv=LANG=C.UTF-8',
    ],
  )
})

test('SSH-13 a client program that is missing, or ends before it logged in, makes terminals impossible here', {
  skip,
}, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const failures = []
  for (const program of ['/nowhere/ssh', '/bin/true']) {
    failures.push((await open(makeSshTransport(t, authority, { program }), requestFor(sshd))).failure)
  }
  assert.deepEqual(failures, [
    { kind: 'not-possible-here', detail: '/nowhere/ssh cannot be run (ENOENT)' },
    { kind: 'not-possible-here', detail: 'the client program ended with 0 before it logged in' },
  ])
  assert.deepEqual([findSshProgram('relative:/nowhere'), findSshProgram(undefined)], ['/usr/bin/ssh', '/usr/bin/ssh'])
})

test('SSH-22 of what the client program logs the beginning and the end are kept, and nothing is on a disk', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sally-log-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'log')
  const log = await openClientLog(path)
  const speak = '{ echo first; yes | head -c 1000000; echo last; } > "$0"'
  await promisify(execFile)('sh', ['-c', speak, path])
  const isPipe = statSync(path).isFIFO()
  const text = await log.finish()
  const seen = {
    isPipe,
    isBegun: text.startsWith('first\ny\n'),
    isEnded: text.endsWith('y\nlast\n'),
    length: text.length,
  }
  assert.deepEqual(seen, { isPipe: true, isBegun: true, isEnded: true, length: 32 * 1024 })
})

/** Opens a terminal and waits for its end. */
async function open(transport: SshTransport, request: TerminalRequest): Promise<TerminalExit> {
  return (await transport.open(request, { onOutput: () => undefined })).exited
}

/** Listens on a port that treats every connection as a test asks; returns the port. */
async function listen(t: TestContext, greet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    greet(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
