/** Cli tests: policies of terminals and the persons that they compare, as transcripts over a real store. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { dataPath, type Outcome, sallyport, steady } from './sallyport-process.ts'

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPsLBtVq6Vp1Rl5nhZpG0nVGHl9GW+wJ8W0p8r0yPzM'
const server = ['server', 'add', 'web-1', '--address', '10.0.0.5', '--os-user', 'deploy', '--group', 'ops']
const change = ['--server', 'web-1', '--os-user', 'deploy', '--group', 'ops']
const times = ['--from', '2026-01-31T18:00:00Z', '--until', '2026-01-31T20:00:00Z']

const fourEyes = { observers: { count: 1, from: ['audit', 'lead'], on_leave: 'pause' }, record_input: false }

/** A store with one server, its verbs, and files beside it. */
type Bench = {
  readonly run: (...words: string[]) => Promise<Outcome>
  readonly file: (text: string) => string
}

async function bench(t: TestContext): Promise<Bench> {
  const data = dataPath(t)
  let files = 0
  const run = (...words: string[]): Promise<Outcome> => sallyport(words, { data })
  const file = (text: string): string => {
    files += 1
    const path = join(dirname(data), `policy-${files}.json`)
    writeFileSync(path, text)
    return path
  }
  await run('account', 'add', 'root', '--role', 'admin', '--no-password')
  await run(...server, '--host-key', hostKey)
  return { run, file }
}

/** The output of a verb, or the reason of its failure. */
function said({ code, stdout, stderr }: Outcome): string {
  return code === 0 ? stdout : `${code}: ${stderr}`
}

describe('policies', { concurrency: 2 }, () => {
  test('CLI-30, POL-10 a policy is set, shown as written, replaced and removed, and the audit trail holds each text', async (t) => {
    const { run, file } = await bench(t)
    const path = file(JSON.stringify(fourEyes))
    const results = [
      await run('policy', 'set', path, '--server', 'web-1'),
      await run('policy', 'show', '--server', 'web-1'),
      await run('policy', 'set', file('{"window_end":{"kind":"grace","minutes":5}}'), '--group', 'ops'),
      await run('policy', 'show', '--group', 'ops', '--json'),
      await run('policy', 'set', file('{"idle_minutes":3}'), '--group', 'ops'),
      await run('policy', 'remove', '--group', 'ops'),
      await run('policy', 'show', '--group', 'ops'),
      await run('policy', 'remove', '--group', 'ops'),
    ].map(said)
    assert.deepEqual(results, [
      'Set the policy of the server web-1.\n',
      [
        'observers count     1',
        'observers from      audit, lead',
        'observers on leave  pause',
        'record input        no',
        '',
      ].join('\n'),
      'Set the policy of the group ops.\n',
      `${JSON.stringify({ window_end: { kind: 'grace', minutes: 5 } }, null, 2)}\n`,
      'Set the policy of the group ops.\n',
      'Removed the policy of the group ops.\n',
      '1: sallyport: There is no policy of the group ops.\n',
      '1: sallyport: There is no such policy.\n',
    ])
    const shown = await run('policy', 'show', '--server', 'web-1', '--json')
    assert.deepEqual(JSON.parse(shown.stdout), fourEyes)
    const events = (await run('audit', 'export')).stdout
      .split('\n')
      .filter((line) => line.includes('"policy"') || line.includes('\\"policy\\"'))
    const texts = events.map(
      (line) => JSON.parse((JSON.parse(line) as { text: string }).text) as { detail: { policy: string } },
    )
    assert.deepEqual(
      texts.map(({ detail }) => detail.policy),
      [JSON.stringify(fourEyes), '{"window_end":{"kind":"grace","minutes":5}}', '{"idle_minutes":3}', 'removed'],
    )
  })

  test('CLI-30, POL-5, POL-10 a malformed policy, and a bad subject, are refused in one sentence, and nothing is set', async (t) => {
    const { run, file } = await bench(t)
    const good = file('{"idle_minutes":3}')
    const results = [
      await run('policy', 'set', file('{"idle_minutes":3,"idle":1}'), '--server', 'web-1'),
      await run('policy', 'set', file('{"observers":{"count":9}}'), '--server', 'web-1'),
      await run('policy', 'set', file('idle'), '--server', 'web-1'),
      await run('policy', 'set', `${good}.gone`, '--server', 'web-1'),
      await run('policy', 'set', file(`{"idle_minutes":3}${' '.repeat(70_000)}`), '--server', 'web-1'),
      await run('policy', 'set', good, '--server', 'web-2'),
      await run('policy', 'set', good, '--change', 'CHG-1'),
      await run('policy', 'set', good, '--group', 'two words'),
      await run('policy', 'show', '--server', 'web-1'),
    ].map((outcome) => said(outcome).replace(/\S*policy-\d\.json/, 'FILE'))
    assert.deepEqual(results, [
      '1: sallyport: idle: is not known.\n',
      '1: sallyport: observers.count: must be a whole number from 1 to 5.\n',
      '1: sallyport: FILE does not hold JSON.\n',
      '1: sallyport: FILE.gone cannot be read (ENOENT).\n',
      '1: sallyport: FILE is larger than 65536 bytes.\n',
      '1: sallyport: There is no such server.\n',
      '1: sallyport: There is no such change request.\n',
      '1: sallyport: group: must be 1 to 64 letters, digits, dots, hyphens or underscores.\n',
      '1: sallyport: There is no policy of the server web-1.\n',
    ])
  })

  test('CLI-32 an unlisted group and a person without an account are accepted with a notice', async (t) => {
    const { run, file } = await bench(t)
    const policy = file('{"idle_minutes":3}')
    await run('account', 'add', 'ada', '--no-password', '--group', 'lead', '--person', 'e-4711')
    const results = [
      await run('policy', 'set', policy, '--group', 'ooops'),
      await run('policy', 'set', policy, '--group', 'ops'),
      await run('policy', 'set', policy, '--group', 'lead'),
      await run('change', 'add', 'CHG-1', ...change, ...times, '--requested-by', 'nobody', '--approve', '--by', 'ada'),
      await run('change', 'add', 'CHG-2', ...change, ...times, '--requested-by', 'E-4711'),
      await run('change', 'approve', 'CHG-2', '--by', 'boss'),
      await run('change', 'add', 'CHG-3', ...change, ...times),
      await run('change', 'approve', 'CHG-3'),
    ].map(({ code, stderr }) => [code, stderr])
    assert.deepEqual(results, [
      [0, 'No server, change request or account lists the group ooops.\n'],
      [0, ''],
      [0, ''],
      [0, 'No account belongs to the person nobody.\n'],
      [0, ''],
      [0, 'No account belongs to the person boss.\n'],
      [0, ''],
      [0, ''],
    ])
    assert.equal(said(await run('policy', 'show', '--group', 'ooops')), 'idle minutes  3\n')
    const shown = await Promise.all(['CHG-1', 'CHG-2', 'CHG-3'].map((id) => run('change', 'show', id)))
    assert.deepEqual(
      shown.map(({ stdout }) => /^approved by +(.*)$/m.exec(stdout)?.[1]),
      ['ada', 'boss', 'no person was named (no --by)'],
    )
  })

  test('CLI-81 a change request shows persons by the names of their accounts, and JSON shows the persons too', async (t) => {
    const { run } = await bench(t)
    for (const [name, ...flags] of [
      ['ada'],
      ['eve', '--person', 'e-4711'],
      ['eve-admin', '--person', 'e-4711'],
      ['root', '--role', 'admin'],
      ['root', '--role', 'user', '--group', 'ops'],
    ] as const) {
      await run('account', 'add', name, '--no-password', ...flags)
    }
    const { stdout } = await run('account', 'list', '--json')
    const accounts = JSON.parse(stdout) as { username: string; role: string; person: string }[]
    const personOf = (username: string, role = 'user') =>
      accounts.find((account) => account.username === username && account.role === role)?.person ?? ''
    const cases = [
      { given: 'ada', person: personOf('ada'), names: ['ada'] },
      { given: 'eve', person: 'e-4711', names: ['eve', 'eve-admin'] },
      { given: personOf('root', 'admin'), person: personOf('root', 'admin'), names: ['admin:root'] },
      { given: 'somebody', person: 'somebody', names: [] },
    ]
    for (const [index, { given, person, names }] of cases.entries()) {
      for (const flags of [
        ['--requested-by', given],
        ['--approve', '--by', given],
      ]) {
        const id = `CHG-${index}-${flags.length}`
        const added = await run('change', 'add', id, ...change, ...times, ...flags)
        assert.equal(added.code, 0, added.stderr)
        const role = flags.length === 2 ? 'requested' : 'approved'
        const results = new RegExp(`^${role} by +(.*)$`, 'm').exec((await run('change', 'show', id)).stdout)?.[1]
        const json = JSON.parse((await run('change', 'show', id, '--json')).stdout)
        const expected = names.length === 0 ? person : names.join(', ')
        assert.deepEqual([results, json[`${role}_by`], json[`${role}_by_accounts`]], [expected, person, names])
      }
    }
  })

  test('CLI-31, POL-11 accounts share a person, by its name or by another account, and become their own persons again', async (t) => {
    const { run } = await bench(t)
    const persons = async (): Promise<string[]> => {
      const { stdout } = await run('account', 'list', '--json')
      const accounts = JSON.parse(steady(stdout)) as { username: string; role: string; person: string }[]
      return accounts.map(({ username, role, person }) => `${role}:${username} ${person}`)
    }
    const results = [
      await run('account', 'add', 'ada', '--no-password', '--person', 'E-4711'),
      await run('account', 'add', 'ada', '--role', 'admin', '--no-password', '--person', 'ada'),
      await run('account', 'add', 'eve', '--no-password'),
      await run('account', 'set', 'eve', '--person', 'two words'),
    ].map(said)
    assert.deepEqual(results, [
      'Added the account ada.\n',
      'Added the administrator ada.\n',
      'Added the account eve.\n',
      '1: sallyport: person: must be a username, or 1 to 64 letters, digits and . _ @ + -.\n',
    ])
    const before = await persons()
    await run('account', 'set', 'admin:ada', '--no-person')
    await run('account', 'set', 'eve', '--person', 'e-4711')
    const ambiguous = await run('account', 'set', 'root', '--person', 'ada')
    assert.deepEqual(
      [before, await persons(), said(ambiguous)],
      [
        ['admin:root UUID', 'user:ada e-4711', 'admin:ada e-4711', 'user:eve UUID'],
        ['admin:root UUID', 'user:ada e-4711', 'admin:ada UUID', 'user:eve e-4711'],
        '1: sallyport: person: names accounts of different persons.\n',
      ],
    )
  })

  test('CLI-31, POL-11 the person who requested a change request cannot approve it with any account', async (t) => {
    const { run } = await bench(t)
    await run('account', 'add', 'ada', '--no-password', '--person', 'e-4711')
    const results = [
      await run('change', 'add', 'CHG-1', ...change, ...times, '--requested-by', 'ada'),
      await run('change', 'approve', 'CHG-1', '--by', 'E-4711'),
      await run('change', 'approve', 'CHG-1', '--by', 'boss'),
      await run('change', 'add', 'CHG-2', ...change, ...times, '--requested-by', 'ada', '--approve', '--by', 'ada'),
      await run('change', 'add', 'CHG-3', ...change, ...times, '--approve', '--by', 'ada'),
    ].map(said)
    assert.deepEqual(results, [
      'Added the change request CHG-1.\n',
      '1: sallyport: The person who requested a change request does not approve it.\n',
      'Approved the change request CHG-1.\n',
      '1: sallyport: The person who requested a change request does not approve it.\n',
      'Added the change request CHG-3, approved.\n',
    ])
    const { stdout } = await run('change', 'list', '--json')
    const parties = (JSON.parse(stdout) as { id: string; requested_by: string; approved_by: string }[]).map(
      ({ id, requested_by, approved_by }) => [id, requested_by, approved_by],
    )
    assert.deepEqual(parties, [
      ['CHG-1', 'e-4711', 'boss'],
      ['CHG-3', null, 'e-4711'],
    ])
  })
})
