/** Cli tests: usage, without a store. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Command } from 'commander'
import fc from 'fast-check'
import { loadConfig } from '../../src/cli/configuration.ts'
import { UsageError } from '../../src/cli/failure.ts'
import { jsonText, visible } from '../../src/cli/output.ts'
import { createProgram, runProgram } from '../../src/cli/program.ts'
import { readTime } from '../../src/cli/values.ts'
import { flagName, options } from '../../src/config/options.ts'
import { configurationDoc, isConfigurationDocFresh } from '../../tools/configuration-doc.ts'
import { projectRoot } from '../../tools/source-tree.ts'
import { dataPath, sallyport } from './sallyport-process.ts'

const change = ['change', 'add', 'CHG-1', '--server', 'a', '--os-user', 'root', '--group', 'ops']
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPsLBtVq6Vp1Rl5nhZpG0nVGHl9GW+wJ8W0p8r0yPzM'

const misuses: readonly (readonly [words: readonly string[], sentence: string])[] = [
  [[], 'A verb is missing after sallyport; see sallyport --help.'],
  [['account'], 'A verb is missing after sallyport account; see sallyport account --help.'],
  [['acount'], 'acount is not a verb of sallyport; see sallyport --help.'],
  [['account', 'ad'], 'ad is not a verb of sallyport account; see sallyport account --help.'],
  [['account', 'add'], 'NAME is missing; see sallyport account add --help.'],
  [['organization', 'add-member', 'acme'], 'NAME is missing; see sallyport organization add-member --help.'],
  [
    ['account', 'list', 'all'],
    'There are too many arguments for sallyport account list; see sallyport account list --help.',
  ],
  [
    ['account', 'list', '--jsn'],
    '--jsn is not an option of sallyport account list; see sallyport account list --help.',
  ],
  [['serve', '--listen'], '--listen needs a value; see sallyport serve --help.'],
  [['serve', '--listen', 'here'], '--listen takes HOST:PORT, such as 127.0.0.1:55007 or [::1]:55007.'],
  [['serve', '--gateway-listen', 'here'], '--gateway-listen takes HOST:PORT, such as 127.0.0.1:55007 or [::1]:55007.'],
  [
    ['serve', '--gateway-listen', '0.0.0.0:1'],
    '--gateway-listen 0.0.0.0 leaves loopback; give --tls-cert and --tls-key, or --behind-proxy if a proxy terminates TLS.',
  ],
  [['serve', '--gateway-public-url', 'x'], '--gateway-public-url takes http:// or https:// with a host and no path.'],
  [['serve', '--ssh-key-type', 'rsa'], '--ssh-key-type takes one of ed25519, ecdsa.'],
  [['serve', '--ssh-source-address', 'home'], '--ssh-source-address does not take "home".'],
  [['serve', '--hash-queue', '0'], '--hash-queue takes a whole number from 1 to 10000.'],
  [['serve', '--throttle', 'maybe'], '--throttle takes true or false.'],
  [['serve', '--tls-cert', 'x'], '--tls-cert and --tls-key belong together; one of them is missing.'],
  [['serve', '--database-url', 'postgres://db/x'], '--database-url: the PostgreSQL store is not built yet.'],
  [['account', 'list', '--database-url', 'postgres://db/x'], '--database-url: the PostgreSQL store is not built yet.'],
  [['account', 'add', 'ada', '--role', 'root'], '--role takes admin or user.'],
  [
    ['account', 'add', 'ada', '--group', 'two words'],
    '--group takes 1 to 64 letters, digits, dots, hyphens or underscores.',
  ],
  [
    ['account', 'add', 'ada', '--no-password', '--password-stdin'],
    '--password-stdin and --no-password exclude each other.',
  ],
  [
    ['account', 'set', 'ada'],
    'There is nothing to change; give --email, --role, --admin-role, --permission, --expires, --person, --add-group or --remove-group.',
  ],
  [
    ['account', 'set', 'ada', '--admin-role', 'owner', '--permission', 'audit.read'],
    '--admin-role and --permission exclude each other.',
  ],
  [
    ['account', 'add', 'ada', '--no-password', '--permission', 'audit.read'],
    '--admin-role and --permission need --role admin.',
  ],
  [['account', 'set', 'ada', '--admin-role', 'king'], '--admin-role takes owner or operator or approver or auditor.'],
  [
    ['account', 'set', 'ada', '--permission', 'audit.write'],
    '--permission takes accounts.read or accounts.write or accounts.secure or admins.write or access.read or access.write or changes.approve or terminals.end or recordings.read or audit.read or keys.write or system.read or system.write.',
  ],
  [
    ['account', 'set', 'ada', '--expires', '2026-01-31'],
    '--expires takes a time with its offset, such as 2026-01-31T18:00:00+01:00 (RFC 3339), now, or a span such as +8h.',
  ],
  [['server', 'add', 'a', '--os-user', 'root'], '--address is needed.'],
  [['server', 'add', 'a', '--address', '::1'], '--os-user is needed.'],
  [
    ['server', 'add', 'a', '--address', '::1', '--os-user', 'root'],
    '--host-key or --host-ca is needed; only at a terminal can a scanned key be confirmed.',
  ],
  [
    ['server', 'add', 'a', '--address', '::1', '--os-user', 'root', '--host-key', key, '--host-ca', key],
    '--host-key and --host-ca exclude each other.',
  ],
  [
    ['server', 'add', 'a', '--address', '::1', '--os-user', 'root', '--transport', 'local', '--host-key', key],
    'A local server takes no --host-key and no --host-ca.',
  ],
  [
    ['server', 'add', 'a', '--address', '::1', '--os-user', 'root', '--host-key', key, '--port', '99999'],
    '--port takes a whole number from 1 to 65535.',
  ],
  [
    ['server', 'set', 'a'],
    'There is nothing to change; give --address, --port, --os-user, --group, --host-key, --host-ca or --transport.',
  ],
  [[...change, '--until', '2026-01-31T18:00:00Z'], '--from is needed.'],
  [
    [...change, '--from', '2026-01-31T18:00:00Z', '--until', '2026-01-31T18:00:00'],
    '--until takes a time with its offset, such as 2026-01-31T18:00:00+01:00 (RFC 3339), now, or a span such as +8h.',
  ],
  [
    [...change, '--from', '2026-01-31T18:00:00Z', '--until', '2026-01-31T19:00:00+01:00'],
    '--until must be after --from.',
  ],
  [
    [...change, '--from', '2026-01-31T18:00:00Z', '--until', '2026-01-31T19:00:00Z', '--by', 'ada'],
    '--by needs --approve.',
  ],
  [['policy', 'show'], 'Exactly one of --change, --server and --group is needed.'],
  [
    ['policy', 'set', 'file.json', '--group', 'ops', '--server', 'web-1'],
    'Exactly one of --change, --server and --group is needed.',
  ],
  [['audit', 'list', '--after', '7'], '--after needs --chain, because every chain has its own numbers.'],
  [['audit', 'list', '--limit', '-1'], '--limit takes a whole number from 1 to 100000.'],
  [['pty', 'start', 'web-1', '--change', 'CR1'], '--as is needed.'],
  [['pty', 'start', 'web-1', '--as', 'deploy'], 'Exactly one of --change and --health-check is needed.'],
  [
    ['pty', 'start', 'web-1', '--as', 'deploy', '--change', 'CR1', '--health-check'],
    'Exactly one of --change and --health-check is needed.',
  ],
  [['login', '--server', 'example.org'], '--server takes https:// with a host and an optional path.'],
  [
    ['login', '--server', 'http://10.0.0.1'],
    '--server takes http:// only for this machine; other servers need https://.',
  ],
  [['audit', 'verify', '--against', 'x:1'], '--against takes chain:seq:hash, as the server logs it each minute.'],
]

test('CLI-1 wrong usage ends with 2 and one sentence on standard error, and creates nothing', async (t) => {
  const data = dataPath(t)
  assert.deepEqual(await sallyport(['account', 'add', 'ada', '--rol', 'admin'], { data }), {
    code: 2,
    stdout: '',
    stderr: 'sallyport: --rol is not an option of sallyport account add; see sallyport account add --help.\n',
  })
  assert.equal(existsSync(data), false)
})

test('CLI-2 each kind of wrong usage names the wrong flag, argument or verb', async () => {
  const said = await Promise.all(misuses.map(([words]) => refusalOf(words)))
  assert.deepEqual(
    said,
    misuses.map(([, sentence]) => sentence),
  )
})

test('CLI-3 a secret in the wrong place is refused and not repeated', async () => {
  const secret = 'hunter2-staple'
  const words = [
    ['account', 'add', 'ada', `--password=${secret}`],
    ['account', 'add', 'ada', '--password', secret],
    ['account', 'set-password', 'ada', secret],
    ['account', 'add', 'ada', `-p${secret}`],
    ['serve', '--database-url', `postgres://ada:${secret}@db/x`],
    ['serve', '--database-url', `postgres://db/x?password=${secret}`],
    ['serve', '--database-url', `host=db password=${secret}`],
    ['account', 'list', '--database-url', `postgres://ada:${secret}@db/x`],
    ['serve', '--pacerpro-jwt-key', secret],
    ['serve', '--sftpgo-signing-passphrase', secret],
    ['audit', 'verify', '--against', secret],
    ['whoami', '--server', `https://ada:${secret}@example.org`],
    ['login', '--password', secret],
  ]
  const sentences = await Promise.all(words.map(refusalOf))
  assert.deepEqual(
    sentences.filter((sentence) => sentence.includes(secret)),
    [],
  )
  assert.equal(
    sentences[4],
    '--database-url would show a secret to every user of this machine; use SALLYPORT_DATABASE_URL or the configuration file.',
  )
})

test('CLI-3 a configuration file that is not JSON is not quoted', async (t) => {
  const path = fileWith(t, '{"pacerpro": {"jwtKey": hunter2-staple}}')
  await assert.rejects(loadConfig({ config: path }, {}), { message: `The configuration file ${path} is not JSON.` })
})

test('CLI-4 the help of every verb names each of its flags, and the sentence of every option is in the help of serve', () => {
  const program = createProgram()
  for (const command of everyCommand(program)) {
    const help = command.helpInformation()
    const shown = command.options.filter(({ hidden }) => !hidden)
    assert.deepEqual(
      shown.filter(({ long }) => !help.includes(long ?? '')),
      [],
    )
    assert.notEqual(command.description(), '')
  }
  const serve = program.commands.find((command) => command.name() === 'serve')
  const help = serve?.helpInformation().replace(/\s+/g, ' ') ?? ''
  const shown = options.filter(({ isSecret }) => isSecret !== true)
  assert.deepEqual(
    shown.filter(({ name, sentence }) => !help.includes(`${flagName(name)} `) || !help.includes(sentence)),
    [],
  )
})

test('CLI-4 help shows each default, and every line of it is our own sentence', () => {
  const commands = everyCommand(createProgram())
  const help = (path: string): string =>
    commands.find((command) => `${command.parent?.name()} ${command.name()}` === path)?.helpInformation() ?? ''
  const defaults = ['server add', 'server set'].map((path) => help(path).match(/\(default\s+\w+\)/g))
  assert.deepEqual(
    defaults.map((found) => found?.length),
    [2, undefined],
  )
  const lines = ['account', 'server'].map((verb) => /help \[VERB\] +(.*)$/m.exec(help(`sallyport ${verb}`))?.[1])
  assert.deepEqual(lines, ['Print the help of a verb.', 'Print the help of a verb.'])
  assert.doesNotMatch(createProgram().helpInformation(), / help \[/)
})

test('CLI-52 an unknown option may be a word of a tested line, and nowhere else', async () => {
  assert.deepEqual(
    [
      await refusalOf(['catalogue', 'test', 'ops', 'tail', '-n', '5']),
      await refusalOf(['catalogue', 'show', 'ops', '-n']),
    ],
    [
      '-n is not an option of sallyport catalogue test; if it belongs to LINE, put -- before LINE; see sallyport catalogue test --help.',
      '-n is not an option of sallyport catalogue show; see sallyport catalogue show --help.',
    ],
  )
})

test('CLI-5 the version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }
  assert.deepEqual(await sallyport(['--version'], { data: dataPath(t) }), {
    code: 0,
    stdout: `${version}\n`,
    stderr: '',
  })
})

test('CLI-6 the document of the options agrees with their table', () => {
  assert.equal(isConfigurationDocFresh(projectRoot), true, 'docs/configuration.md is stale: run npm run docs.')
  const rows = configurationDoc().split('\n')
  assert.equal(rows.filter((row) => row.startsWith('| `')).length, options.length)
})

test('CLI-7 a flag wins over its variable, and that over the file', async (t) => {
  const path = fileWith(t, '{"hashQueue": 1, "maxSessions": 101, "koyeb": {"tokenSeconds": 11}}')
  const env = { SALLYPORT_CONFIG: path, SALLYPORT_HASH_QUEUE: '2', SALLYPORT_MAX_SESSIONS: '102' }
  const { hashQueue, maxSessions, koyeb, trustedProxies, throttle } = await loadConfig(
    { hashQueue: '3', trustedProxies: ['10.0.0.0/8,::1', '192.0.2.1'], throttle: 'off' },
    env,
  )
  assert.deepEqual(
    [hashQueue, maxSessions, koyeb.tokenSeconds, trustedProxies, throttle],
    [3, 102, 11, ['10.0.0.0/8', '::1', '192.0.2.1'], false],
  )
})

/** Not whole seconds. */
const reference = { nowMs: 1_000_000_999, fromMs: 2_000_000_999 }

test('CLI-8 now is the present, a span is counted from its start, and both are whole seconds', () => {
  const minuteMs = 60_000
  const spans = {
    now: null,
    '+0m': 0,
    '+90m': 90,
    '+8h': 480,
    '+1d': 1440,
    '+1d12h': 2160,
    '+2d3h4m': 3064,
    '+99999d': 143_998_560,
  }
  assert.deepEqual(
    Object.keys(spans).map((text) => readTime('--until', text, reference)),
    Object.values(spans).map((minutes) => (minutes === null ? 1_000_000_000 : 2_000_000_000 + minutes * minuteMs)),
  )
})

test('CLI-8 a time with an offset is that moment', () => {
  const times = [
    '2026-01-31T18:00:00Z',
    '2026-01-31T18:00:00+01:00',
    '2026-01-31T18:00:00-05:30',
    '2024-02-29t23:59:59.999z',
    '0001-01-01T00:00:00Z',
  ]
  assert.deepEqual(
    times.map((time) => readTime('--from', time, reference)),
    times.map((time) => Date.parse(time.toUpperCase())),
  )
})

test('CLI-8 a text that is no RFC 3339 time with an offset, or no existing time, is refused', () => {
  const none = [
    'never',
    '2026-01-31',
    '2026-01-31T18:00:00',
    '2026-01-31 18:00:00Z',
    '2026-1-31T18:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T18:60:00Z',
    '2026-01-31T23:59:60Z',
    '2026-01-31T18:00:00+24:00',
    '2026-01-31T18:00:00+0100',
    '+002026-01-31T18:00:00Z',
    '1767225600',
    '',
    'Now',
    'now+8h',
    '+',
    '+8',
    '8h',
    '-8h',
    '+8h1d',
    '+8s',
    '+1.5h',
    '+100000d',
    '+8 h',
  ]
  for (const text of none) assert.throws(() => readTime('--from', text, reference), UsageError, text)
})

test('CLI-14 only visible characters of a text are printed, and JSON has the same text', () => {
  const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\u001b[31m', '\u202e', '\u009b', '\ud800'),
      (one, two) => {
        const text = one + two
        assert.equal(hidden.test(visible(text)), false)
        assert.equal(hidden.test(jsonText({ [text]: [text] })), false)
        assert.deepEqual(JSON.parse(jsonText([text], 2)), [text])
      },
    ),
  )
})

async function refusalOf(words: readonly string[]): Promise<string> {
  try {
    await runProgram(words)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'done'
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function fileWith(t: Pick<TestContext, 'after'>, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sally-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'sallyport.json')
  writeFileSync(path, text)
  return path
}
