/** Cli tests: verbs on the store, as transcripts, without a server. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import {
  dataPath,
  launcher,
  madeStore,
  type Outcome,
  plainEnvironment,
  sallyport,
  steady,
} from './sallyport-process.ts'

const password = 'correct horse battery staple'
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPsLBtVq6Vp1Rl5nhZpG0nVGHl9GW+wJ8W0p8r0yPzM'

/** The output of `account show --json`. Its names are stable. */
const shownAda = {
  id: 1,
  uuid: 'UUID',
  username: 'ada',
  role: 'user',
  admin_role: null,
  permissions: [],
  person: 'UUID',
  email: null,
  status: 'enabled',
  groups: ['ops'],
  expires_at: null,
  has_password: true,
  has_second_factor: false,
  created_at: 'TIME',
  updated_at: 'TIME',
  last_sign_in_at: null,
  last_sign_in_ip: null,
  organizations: [],
  live_sessions: 0,
}

/** One line of a transcript: the command line, its output, and its sentence if it does not end with 0. */
type Line = readonly [words: string, prints: string, refused?: readonly [code: number, sentence: string]]

async function play(data: string, lines: readonly Line[]): Promise<void> {
  for (const [words, prints, refused] of lines) {
    const hadStore = existsSync(data)
    const outcome = await sallyport(split(words), { data, input: `${password}\n` })
    const made = existsSync(data) && !hadStore ? madeStore(data) : ''
    const stderr = refused === undefined ? made : `${made}sallyport: ${refused[1]}\n`
    assert.deepEqual(
      { ...outcome, stdout: steady(outcome.stdout) },
      { code: refused?.[0] ?? 0, stdout: prints, stderr },
      words,
    )
  }
}

/** Splits a command line at blanks outside single quotes. */
function split(words: string): string[] {
  return [...words.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)
}

describe('verbs on the store', { concurrency: 2 }, () => {
  test('CLI-12, CLI-13, CLI-15, CLI-17 accounts and organizations are created, shown, changed and removed', async (t) => {
    const data = dataPath(t)
    await play(data, [
      ['account add ada --email ada@example.com --group ops --group dba --no-password', 'Added the account ada.\n'],
      [
        'account add ada --role admin --password-stdin --expires 2030-01-31T18:00:00+01:00',
        'Added the administrator ada.\n',
      ],
      ['account disable ada', '', [1, 'ada is ambiguous; use admin:ada or user:ada.']],
      ['account set user:ada --remove-group dba --no-email', 'Changed the account ada.\n'],
      [
        'account set-password user:ada --password-stdin',
        'Set the password of the account ada and ended its sessions.\n',
      ],
      [
        'account list',
        [
          'ID  NAME  ROLE   ADMIN ROLE  STATUS   EMAIL  GROUPS  EXPIRES               LAST SIGN-IN',
          '1   ada   user   -           enabled  -      ops     -                     -',
          '2   ada   admin  owner       enabled  -      -       TIME  -',
          '',
        ].join('\n'),
      ],
      ['organization add acme', 'Added the organization acme.\n'],
      ['organization add-member acme admin:ada', 'Added the administrator ada to acme.\n'],
      [
        'organization list',
        [
          'NAME  ID                                    CREATED               MEMBERS',
          'acme  UUID  TIME  admin:ada',
          '',
        ].join('\n'),
      ],
    ])
    const { code, stdout, stderr } = await sallyport(['account', 'show', 'user:ada', '--json'], { data })
    assert.deepEqual([code, stderr, JSON.parse(steady(stdout))], [0, '', shownAda])
    await play(data, [
      [
        'organization remove-member acme admin:ada',
        'Removed the administrator ada from acme and ended its sessions there.\n',
      ],
      ['organization remove acme', 'Removed the organization acme and ended the sessions in it.\n'],
      ['account remove user:ada', 'Removed the account ada and ended its sessions.\n'],
      ['account enable user:ada', '', [1, 'There is no account user:ada.']],
      ['organization list --json', '[]\n'],
    ])
    assert.deepEqual(await sallyport(['organization', 'list'], { data }), {
      code: 0,
      stdout: '',
      stderr: 'There are no organizations.\n',
    })
    const modes = readdirSync(data).map((name) => [name, statSync(join(data, name)).mode & 0o777])
    assert.deepEqual([statSync(data).mode & 0o777, modes.filter(([, mode]) => mode !== 0o600)], [0o700, []])
    assert.equal(modes.length > 1, true)
  })

  test('CLI-13 a second factor is removed, unless the password is too short without it', async (t) => {
    const data = dataPath(t)
    const reset = 'account reset-second-factor ada'
    await play(data, [
      ['account add ada --no-password', 'Added the account ada.\n'],
      [reset, '', [1, 'The account has no second factor.']],
    ])
    enrol(data, { isShort: 1 })
    await play(data, [[reset, '', [1, 'The password is too short to be the only factor; set a longer one first.']]])
    enrol(data, { isShort: 0 })
    await play(data, [
      [reset, 'Removed the second factor of the account ada and ended its sessions.\n'],
      [reset, '', [1, 'The account has no second factor.']],
    ])
  })

  test('CLI-13, CLI-14 servers and change requests are shown as created, in visible characters only', async (t) => {
    const data = dataPath(t)
    const summary = 'red \u001b[31m and \u202eturned'
    const add = `change add CHG-1 --server web-1 --os-user deploy --group ops --from 2026-01-31T18:00:00+01:00`
    await play(data, [
      [
        `server add web-1 --address 10.0.0.5 --os-user root deploy --group ops --host-key '${hostKey} web'`,
        'Added the server web-1.\n',
      ],
      ['server set web-1 --port 2222 --os-user deploy', 'Changed the server web-1.\n'],
      [
        'server list',
        [
          'NAME   ADDRESS   PORT  TRANSPORT  OS USERS  GROUPS  TRUST',
          'web-1  10.0.0.5  2222  ssh        deploy    ops     key ssh-ed25519 SHA256:Kyi6a/FuQ9sXRZX5hi3ZtdGUTRRbz/T1jKbm0RiSkAQ',
          '',
        ].join('\n'),
      ],
      [
        `${add} --until 2026-01-31T20:00:00Z --summary '${summary}' --approve`,
        'Added the change request CHG-1, approved.\n',
      ],
      ['change close CHG-1', 'Closed the change request CHG-1.\n'],
      [
        'change show CHG-1',
        [
          'id            CHG-1',
          'summary       red \\u001b[31m and \\u202eturned',
          'state         closed',
          'servers       web-1',
          'os users      deploy',
          'groups        ops',
          'requested by  -',
          'approved by   -',
          'from          TIME',
          'until         TIME',
          '',
        ].join('\n'),
      ],
      ['server remove web-1', 'Removed the server web-1.\n'],
    ])
    const { stdout } = await sallyport(['change', 'list', '--json'], { data })
    assert.deepEqual(
      [/[^\n -~]/.test(stdout), JSON.parse(stdout)],
      [
        false,
        [
          {
            id: 'CHG-1',
            summary,
            state: 'closed',
            servers: ['web-1'],
            os_users: ['deploy'],
            groups: ['ops'],
            requested_by: null,
            requested_by_accounts: [],
            approved_by: null,
            approved_by_accounts: [],
            starts_at: '2026-01-31T17:00:00Z',
            ends_at: '2026-01-31T20:00:00Z',
          },
        ],
      ],
    )
  })

  test('CLI-10, CLI-11 input that is not one line of text is refused as a password, and is not printed', async (t) => {
    const data = dataPath(t)
    const add = ['account', 'add', 'ada', '--password-stdin']
    const outcomes = await Promise.all([
      sallyport(add.slice(0, 3), { data, input: `${password}\n` }),
      sallyport(add, { data, input: '' }),
      sallyport(add, { data, input: `${password}\n${password}\n` }),
      sallyport(add, { data, input: Buffer.from([0x70, 0xff, 0x0a]) }),
      sallyport(add, { data, input: `${password.slice(0, 14)}\n` }),
    ])
    assert.deepEqual(
      outcomes.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
      [
        [2, '', 'sallyport: --password-stdin is needed if standard input is no terminal.\n'],
        [1, '', 'sallyport: Standard input holds no password.\n'],
        [1, '', 'sallyport: Standard input holds more than one line.\n'],
        [1, '', 'sallyport: The password on standard input is not UTF-8.\n'],
        [1, '', 'sallyport: The password must have at least 15 characters.\n'],
      ],
    )
  })

  test('CLI-11 a user is asked twice and sees no character of the answers', { skip: noTerminal() }, async (t) => {
    const data = dataPath(t)
    const typed = await typeAtTerminal(t, {
      command: `${launcher} account add ada`,
      data,
      answers: [`${password}\r`, `${password}\r`],
    })
    const differing = await typeAtTerminal(t, {
      command: `${launcher} account set-password ada`,
      data,
      answers: [`${password}\r`, 'another one\r'],
    })
    assert.deepEqual(
      [typed, differing],
      [
        `Password: \r\nPassword again: \r\n${madeStore(data).trim()}\r\nAdded the account ada.\r\n`,
        'Password: \r\nPassword again: \r\nsallyport: The two passwords differ.\r\n',
      ],
    )
  })

  test('CLI-9 a verb that creates a store prints its directory once, and a refused account creates none', async (t) => {
    const data = dataPath(t)
    const add = (...words: string[]): Promise<Outcome> =>
      sallyport(['account', 'add', ...words], { data, input: 'sallyportsallyport\n' })
    const refused = [
      await add('ada', '--email', 'ada', '--no-password'),
      await add('ada:x', '--no-password'),
      await add('ada', '--password-stdin'),
    ].map(({ code, stderr }) => [code, stderr])
    const wasMade = existsSync(data)
    const made = [await add('ada', '--no-password'), await add('ada', '--no-password')]
    assert.deepEqual(
      [refused, wasMade, made],
      [
        [
          [1, 'sallyport: The e-mail address is not well formed.\n'],
          [1, 'sallyport: The username holds a colon.\n'],
          [
            1,
            'sallyport: The password only says the name or the e-mail address of the account, or the name of this server.\n',
          ],
        ],
        false,
        [
          { code: 0, stdout: 'Added the account ada.\n', stderr: madeStore(data) },
          { code: 1, stdout: '', stderr: 'sallyport: The name is taken.\n' },
        ],
      ],
    )
  })

  test('CLI-16 a directory without a store is refused and not changed', async (t) => {
    const data = dataPath(t)
    assert.deepEqual(await sallyport(['account', 'list'], { data }), {
      code: 1,
      stdout: '',
      stderr: `sallyport: There is no store in ${data}; name its directory with --data, or create one with account add or serve.\n`,
    })
    assert.equal(existsSync(data), false)
  })

  test('CLI-18 a reader that closes the output causes no sentence, and any other error of the output does', async (t) => {
    const data = dataPath(t)
    assert.equal((await sallyport(['account', 'add', 'ada', '--no-password'], { data })).code, 0)
    assert.deepEqual(await printInto(t, data, 'pipe'), { code: 1, stdout: '', stderr: '' })
    if (!existsSync('/dev/full')) return t.diagnostic('there is no /dev/full here')
    assert.deepEqual(await printInto(t, data, openSync('/dev/full', 'w')), {
      code: 1,
      stdout: '',
      stderr: 'sallyport: The output cannot be written (ENOSPC).\n',
    })
  })
})

/** Gives the only account a second factor, in the database. */
function enrol(data: string, { isShort }: { readonly isShort: 0 | 1 }): void {
  const db = new DatabaseSync(join(data, 'sallyport.db'))
  try {
    db.prepare(`UPDATE accounts SET totp_sealed = x'00', password_is_short = ?`).run(isShort)
  } finally {
    db.close()
  }
}

async function printInto(t: TestContext, data: string, stdout: 'pipe' | number): Promise<Outcome> {
  const child = spawn(launcher, ['account', 'list'], {
    env: plainEnvironment(data),
    stdio: ['ignore', stdout, 'pipe'],
  })
  if (typeof stdout === 'number') t.after(() => closeSync(stdout))
  child.stdout?.destroy()
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    stderr += part
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: '', stderr }
}

function noTerminal(): string | false {
  return existsSync('/usr/bin/script') ? false : 'script(1), which lends a terminal, is not installed'
}

/** Types each answer at its question, and returns the output of the terminal. */
async function typeAtTerminal(
  t: TestContext,
  { command, data, answers }: { command: string; data: string; answers: readonly string[] },
): Promise<string> {
  const log = join(dirname(data), 'typescript')
  const child = spawn('/usr/bin/script', ['-qfec', command, log], {
    env: plainEnvironment(data, { SHELL: '/bin/sh', TERM: 'dumb' }),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill())
  let shown = ''
  let answered = 0
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    shown += part
    const asked = [...shown.matchAll(/Password(?: again)?: /g)].length
    if (asked > answered) child.stdin.write(answers[answered++] ?? '')
  })
  await once(child, 'close')
  assert.equal(readFileSync(log, 'utf8').includes(password), false)
  return shown
}
