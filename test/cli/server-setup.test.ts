/** Cli tests: `server setup` with a real sshd that is configured as printed, and host keys scanned from it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { hostKeyLines, parseScan } from '../../src/cli/scan-host-key.ts'
import { fingerprint, parsePublicLine } from '../../src/terminals/transports/ssh/keys.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import { makeAuthority } from '../fixtures/ssh-world.ts'
import { freePort, osUser, type RunningSshd, startSshd } from '../fixtures/sshd.ts'
import { dataPath, launcher, madeStore, type Outcome, plainEnvironment, sallyport } from './sallyport-process.ts'

const { skip } = requireTools('ssh', 'sshd')

/** The output of `server setup --json`. */
type Setup = {
  readonly authority: string
  readonly files: readonly { readonly path: string; readonly content: string }[]
  readonly sshd_config: { readonly needed: readonly string[]; readonly recommended: readonly string[] }
  readonly reload: string
  readonly checks: readonly Readonly<Record<string, unknown>>[] | null
}

test('SSH-23 the configuration of a server is printed step by step, and the authority is the same each time', {
  skip,
}, async (t) => {
  const data = await withServer(t, { osUsers: ['root', 'deploy'] })
  const { authority } = await setUp(data)
  const { code, stdout, stderr } = await sallyport(['server', 'setup', 'web-1'], { data })
  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(stdout.split('\n'), [
    'On web-1 (127.0.0.1, port 22), as root:',
    '',
    '1. Create the folder of the principals:',
    '   mkdir -p -m 0755 /etc/ssh/sallyport_principals',
    '',
    '2. Write /etc/ssh/sallyport_user_ca.pub, mode 0644:',
    `   ${authority}`,
    '',
    '3. Write /etc/ssh/sallyport_principals/root, mode 0644:',
    '   web-1/root',
    '',
    '4. Write /etc/ssh/sallyport_principals/deploy, mode 0644:',
    '   web-1/deploy',
    '',
    '5. Add to /etc/ssh/sshd_config, above its first Match line:',
    '   TrustedUserCAKeys /etc/ssh/sallyport_user_ca.pub',
    '   AuthorizedPrincipalsFile /etc/ssh/sallyport_principals/%u',
    '',
    '6. Recommended; the last one disables keys in home directories, so verify a login first:',
    '   AcceptEnv LANG',
    '   ClientAliveInterval 15',
    '   ClientAliveCountMax 3',
    '   AuthorizedKeysFile none',
    '',
    '7. Check the configuration and reload it (the unit is called sshd on some systems):',
    '   sshd -t && systemctl reload ssh',
    '',
    '8. Then verify it from here:',
    '   sallyport server setup web-1 --check',
    '',
  ])
  assert.match(authority, /^ssh-ed25519 [A-Za-z0-9+/]{68} sallyport-user-ca$/)
})

test('SSH-23, SSH-24 a server that is configured as printed passes the check, with an audit event', {
  skip,
}, async (t) => {
  const data = await withServer(t, { osUsers: [osUser] })
  const setup = await setUp(data)
  const sshd = await startSshd(t, {
    caLines: [setup.authority],
    principals: principalsOf(setup),
    config: setup.sshd_config.recommended,
  })
  await pointAt(data, sshd)
  const { checks } = await setUp(data, '--check')
  const { code, stdout } = await sallyport(['server', 'setup', 'web-1', '--check'], { data })
  const sentence = 'The login works, and the forced command ran.'
  assert.deepEqual(checks, [{ os_user: osUser, login: 'works', force_command: 'honoured', sentence, detail: null }])
  assert.equal(code, 0)
  assert.match(
    stdout,
    new RegExp(`^OS USER +LOGIN +FORCED COMMAND +MEANING\n${osUser} +works +honoured +${sentence.slice(0, -1)}\\.\n$`),
  )
  const events = (await sallyport(['audit', 'export'], { data })).stdout
    .split('\n')
    .filter((line) => line.includes('setup_check'))
  assert.equal(events.length, 2)
  assert.match(events[0] ?? '', /server:web-1.*setup_check.*passed/)
  assert.match(sshd.log(), /ID pty=[0-9a-f-]{36};account=server-setup;change=- /)
})

test('SSH-24 the check fails if no login works, or if the server runs the command of the client', {
  skip,
}, async (t) => {
  const data = await withServer(t, { osUsers: [osUser] })
  const setup = await setUp(data)
  const untrusting = await startSshd(t, { caLines: [makeAuthority().publicLine], principals: principalsOf(setup) })
  await pointAt(data, untrusting)
  const refused = await sallyport(['server', 'setup', 'web-1', '--check', '--json'], { data })
  const outcomes = [refused]
  for (const forced of ['true', '/bin/sh -c "$SSH_ORIGINAL_COMMAND"']) {
    const config = [`ForceCommand ${forced}`]
    await pointAt(data, await startSshd(t, { caLines: [setup.authority], principals: principalsOf(setup), config }))
    outcomes.push(await sallyport(['server', 'setup', 'web-1', '--check', '--json'], { data }))
  }
  const results = outcomes.map(({ code, stdout, stderr }) => {
    const [check] = (JSON.parse(stdout) as Setup).checks ?? []
    return [code, stderr, check?.login, check?.force_command]
  })
  const sentence = 'sallyport: web-1 is not ready; see `sallyport server setup web-1`.\n'
  assert.deepEqual(results, [
    [1, sentence, 'login-refused', null],
    [1, sentence, 'no-command', null],
    [1, sentence, 'works', 'ignored'],
  ])
})

test('SSH-25 if one OS user can log in, the refusal of another is about its principal', { skip }, async (t) => {
  const data = await withServer(t, { osUsers: [osUser, 'unlisted'] })
  const setup = await setUp(data)
  const { unlisted, ...principals } = principalsOf(setup)
  const sshd = await startSshd(t, { caLines: [setup.authority], principals })
  await pointAt(data, sshd)
  const { code, stdout } = await sallyport(['server', 'setup', 'web-1', '--check', '--json'], { data })
  const logins = (JSON.parse(stdout) as Setup).checks?.map(({ os_user, login, sentence }) => [os_user, login, sentence])
  assert.deepEqual([code, unlisted], [1, ['web-1/unlisted']])
  assert.deepEqual(logins, [
    [osUser, 'works', 'The login works, and the forced command ran.'],
    [
      'unlisted',
      'principal-refused',
      'The server refused this certificate for this OS user: its principal is not listed.',
    ],
  ])
})

test('SSH-30 a failed check prints its meaning once, with advice', { skip }, async (t) => {
  const data = await withServer(t, { osUsers: [osUser] })
  const setup = await setUp(data)
  const untrusting = await startSshd(t, { caLines: [makeAuthority().publicLine], principals: principalsOf(setup) })
  const check = async (): Promise<string[]> => {
    const { stdout, stderr } = await sallyport(['server', 'setup', 'web-1', '--check'], { data })
    return [...stdout.trimEnd().split('\n').slice(1), stderr].map((line) => line.trimEnd().replace(/ {2,}/g, ' | '))
  }
  await pointAt(data, untrusting)
  const refused = await check()
  await pointAt(data, { ...untrusting, hostKeyLine: makeAuthority().publicLine })
  const mismatch = await check()
  const port = await freePort()
  await pointAt(data, { ...untrusting, port })
  assert.deepEqual(
    [refused, mismatch, await check()],
    [
      [
        `${osUser} | login-refused | - | The server refused the certificate: it does not trust it, or not for this OS user; its sshd log has the reason.`,
        'sallyport: web-1 is not ready; see `sallyport server setup web-1`.',
      ],
      [
        `${osUser} | host-key-mismatch | - | The server showed another host key than the one in the inventory. (the server showed ED25519 ${fingerprintOf(untrusting)})`,
        'sallyport: web-1 is not ready; if its host key is new, compare it on the server and pin it: `sallyport server set web-1 --host-key KEY`.',
      ],
      [
        `${osUser} | connection-refused | - | The server refused the connection: nothing listens on its port.`,
        `sallyport: web-1 is not ready; check its address 127.0.0.1 and port ${port}, and that sshd listens there.`,
      ],
    ],
  )
})

test('SSH-29 a name or an address of another server is refused before a key is scanned', {
  skip: skip || noTerminal(),
}, async (t) => {
  const sshd = await startSshd(t)
  const data = await withServer(t, { osUsers: ['root'] })
  const add = (name: string, address: string): Promise<string> => {
    const command = `${launcher} server add ${name} --address ${address} --port ${sshd.port} --os-user root`
    return typeAtTerminal(t, { command, data, answer: 'no\r' })
  }
  assert.deepEqual(
    [await add('web-2', '127.0.0.1'), await add('web-1', '127.0.0.2'), sshd.log().includes('Connection from')],
    [
      'sallyport: The server web-1 already has this address.\r\n',
      'sallyport: There is already a server web-1.\r\n',
      false,
    ],
  )
  await succeed(['server', 'add', 'web-2', '--address', '::1', '--transport', 'local', '--os-user', 'root'], data)
  const moves = ['0:0::1', '127.0.0.1'].map((address) => ['server', 'set', 'web-2', '--address', address])
  const results = [await sallyport(moves[0] ?? [], { data }), await sallyport(moves[1] ?? [], { data })]
  assert.deepEqual(
    results.map(({ code, stderr }) => [code, stderr]),
    [
      [0, ''],
      [1, 'sallyport: The server web-1 already has this address.\n'],
    ],
  )
})

test('SSH-23 an unknown server and a local one have no setup', async (t) => {
  const data = await withServer(t, { osUsers: ['root'], transport: 'local' })
  const results = [
    await sallyport(['server', 'setup', 'web-1'], { data }),
    await sallyport(['server', 'setup', 'web-2'], { data }),
  ]
  assert.deepEqual(
    results.map(({ code, stderr }) => [code, stderr]),
    [
      [1, 'sallyport: A local server needs no setup: it uses no certificates.\n'],
      [1, 'sallyport: There is no such server.\n'],
    ],
  )
})

test('SSH-26 a scanned key is pinned only after yes, and the audit trail says that it was scanned', {
  skip: skip || noTerminal(),
}, async (t) => {
  const sshd = await startSshd(t)
  const data = dataPath(t)
  const words = `${launcher} server add web-1 --address 127.0.0.1 --port ${sshd.port} --os-user ${osUser}`
  const refused = await typeAtTerminal(t, { command: words, data, answer: 'y\r' })
  const wasMade = existsSync(data)
  const added = await typeAtTerminal(t, { command: words, data, answer: 'yes\r' })
  const shown = [
    `Host keys that 127.0.0.1 port ${sshd.port} shows now:`,
    `  ssh-ed25519 ${fingerprintOf(sshd)}`,
    'This is trust on first use: from now on we trust the server that answers at this address now.',
    'Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` (or the like) on the server itself.',
  ].join('\r\n')
  assert.deepEqual(
    [refused, added],
    [
      `${shown}\r\nType yes to pin the ssh-ed25519 key: y\r\nsallyport: The key was not confirmed; nothing was added.\r\n`,
      `${shown}\r\nType yes to pin the ssh-ed25519 key: yes\r\n${madeStore(data).trim()}\r\nAdded the server web-1.\r\n`,
    ],
  )
  const [server] = JSON.parse((await sallyport(['server', 'list', '--json'], { data })).stdout) as {
    host_key: string
  }[]
  const { stdout } = await sallyport(['audit', 'export'], { data })
  const [event] = stdout.split('\n').filter((line) => line.includes('server:web-1'))
  assert.deepEqual([wasMade, server?.host_key], [false, sshd.hostKeyLine])
  assert.match(event ?? '', /host_key.*scanned/)
})

test('SSH-26 an address without a key, and a text that is no address, add nothing', {
  skip: skip || noTerminal(),
}, async (t) => {
  const data = dataPath(t)
  const mute = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  t.after(() => mute.close())
  await once(mute, 'listening')
  const { port: mutePort } = mute.address() as { port: number }
  const freed = await freePort()
  const add = (address: string, port = freed): Promise<string> =>
    typeAtTerminal(t, {
      command: `${launcher} server add web-1 --address ${address} --port ${port} --os-user root`,
      data,
      answer: null,
    })
  assert.deepEqual(
    [await add('127.0.0.1'), await add('127.0.0.1', mutePort), await add('web-1.example.com')],
    [
      `sallyport: No host key came from 127.0.0.1 port ${freed}: the connection was refused.\r\n`,
      `sallyport: No host key came from 127.0.0.1 port ${mutePort}: the port is open, but shows no key.\r\n`,
      'sallyport: --address takes an IPv4 or IPv6 address, not a name.\r\n',
    ],
  )
})

test('SSH-26 a scan gives each well-formed key once, the preferred first', () => {
  const [ed25519, ecdsa] = [makeAuthority('ed25519'), makeAuthority('ecdsa')].map(({ publicLine }) =>
    publicLine.split(' '),
  )
  const [edName = '', edBlob = ''] = ed25519 ?? []
  const [ecName = '', ecBlob = ''] = ecdsa ?? []
  const keys = parseScan(
    [
      '# 10.0.0.5:22 SSH-2.0-x',
      `10.0.0.5 ${ecName} ${ecBlob}`,
      `10.0.0.5 ${edName} ${ecBlob}`,
      `10.0.0.5 ${edName} ${edBlob}\r`,
      `10.0.0.5 ${edName} ${edBlob}`,
      `10.0.0.5 ssh-dss ${edBlob}`,
      `10.0.0.5 ${edName} ${edBlob} \u001b[31m`,
      '10.0.0.5 ssh-ed25519 AAAA',
    ].join('\n'),
  )
  assert.deepEqual(
    keys.map(({ algorithm, base64 }) => [algorithm, base64]),
    [
      [edName, edBlob],
      [ecName, ecBlob],
    ],
  )
  assert.match(hostKeyLines({ address: '10.0.0.5', port: 22 }, keys).join('\n'), /trust on first use/)
})

test('SSH-27 without a terminal nothing is scanned', { skip }, async (t) => {
  const sshd = await startSshd(t)
  const data = dataPath(t)
  const words = ['server', 'add', 'web-1', '--address', '127.0.0.1', '--port', String(sshd.port), '--os-user', 'root']
  assert.deepEqual(await sallyport(words, { data, input: 'yes\n' }), {
    code: 2,
    stdout: '',
    stderr: 'sallyport: --host-key or --host-ca is needed; only at a terminal can a scanned key be confirmed.\n',
  })
  assert.deepEqual([existsSync(data), sshd.log().includes('Connection from')], [false, false])
})

async function withServer(
  t: TestContext,
  { osUsers, transport = 'ssh' }: { readonly osUsers: readonly string[]; readonly transport?: 'ssh' | 'local' },
): Promise<string> {
  const data = dataPath(t)
  const trust = transport === 'ssh' ? ['--host-key', makeAuthority().publicLine] : ['--transport', 'local']
  await succeed(['server', 'add', 'web-1', '--address', '127.0.0.1', ...trust, '--os-user', ...osUsers], data)
  return data
}

async function setUp(data: string, ...flags: readonly string[]): Promise<Setup> {
  return JSON.parse((await succeed(['server', 'setup', 'web-1', '--json', ...flags], data)).stdout) as Setup
}

async function pointAt(data: string, { port, hostKeyLine }: RunningSshd): Promise<void> {
  await succeed(['server', 'set', 'web-1', '--port', String(port), '--host-key', hostKeyLine], data)
}

async function succeed(words: readonly string[], data: string): Promise<Outcome> {
  const outcome = await sallyport(words, { data })
  assert.deepEqual([outcome.code, outcome.stderr.replace(madeStore(data), '')], [0, ''], words.join(' '))
  return outcome
}

/** Returns the principals of the printed files, by OS user. */
function principalsOf({ files }: Setup): Record<string, readonly string[]> {
  return Object.fromEntries(
    files
      .filter(({ path }) => path.includes('/sallyport_principals/'))
      .map(({ path, content }) => [path.split('/').at(-1) ?? '', content.trim().split('\n')]),
  )
}

function fingerprintOf({ hostKeyLine }: RunningSshd): string {
  return fingerprint(parsePublicLine(hostKeyLine)?.blob ?? Buffer.alloc(0))
}

function noTerminal(): false | string {
  return existsSync('/usr/bin/script') ? false : 'script(1), which lends a terminal, is not installed'
}

/** Runs a command at a terminal, types the answer at the question, and returns the output of the terminal. */
async function typeAtTerminal(
  t: TestContext,
  { command, data, answer }: { readonly command: string; readonly data: string; readonly answer: string | null },
): Promise<string> {
  const child = spawn('/usr/bin/script', ['-qfec', command, '/dev/null'], { env: plainEnvironment(data) })
  t.after(() => child.kill('SIGKILL'))
  let shown = ''
  child.stdout.on('data', (part: Buffer) => {
    const wasAsked = shown.includes('Type yes')
    shown += part.toString('utf8')
    if (!wasAsked && shown.includes('Type yes') && answer !== null) child.stdin.write(answer)
  })
  await once(child, 'close')
  return shown
}
