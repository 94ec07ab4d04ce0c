/** Cli tests: catalogues of health checks, as transcripts over a real store. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { dataPath, type Outcome, sallyport } from './sallyport-process.ts'

const services = {
  commands: [
    {
      name: 'State',
      words: ['systemctl', 'status', { enum: ['nginx', 'sshd'] }],
      description: 'Says whether it runs.',
    },
    { words: ['tail', '-n', { integer: { from: 1, to: 1000 } }, { path: { under: '/var/log' } }] },
  ],
}

/** A store with one account of the group ops, its verbs, and files beside it. */
type Bench = {
  readonly run: (...words: string[]) => Promise<string>
  readonly file: (text: string) => string
}

async function bench(t: TestContext): Promise<Bench> {
  const data = dataPath(t)
  let files = 0
  const run = async (...words: string[]): Promise<string> => said(await sallyport(words, { data }))
  const file = (text: string): string => {
    files += 1
    const path = join(dirname(data), `catalogue-${files}.json`)
    writeFileSync(path, text)
    return path
  }
  await run('account', 'add', 'ada', '--group', 'ops', '--no-password')
  return { run, file }
}

/** The output of a verb, or the reason of its failure. */
function said({ code, stdout, stderr }: Outcome): string {
  return code === 0 ? stdout + stderr : `${stdout}${code}: ${stderr}`
}

describe('catalogues', { concurrency: 2 }, () => {
  test('CLI-50, HLT-23 a catalogue is set, shown, listed, replaced and removed, and the audit trail holds each text', async (t) => {
    const { run, file } = await bench(t)
    const path = file(JSON.stringify(services, null, 4))
    assert.deepEqual(
      [
        await run('catalogue', 'list'),
        await run('catalogue', 'set', 'ops', path),
        await run('catalogue', 'show', 'ops'),
        await run('catalogue', 'list'),
        await run('catalogue', 'set', 'ops', file('{"commands":[{"words":["uptime"]}]}')),
        await run('catalogue', 'show', 'ops', '--json'),
        await run('catalogue', 'list', '--json'),
        await run('catalogue', 'remove', 'ops'),
        await run('catalogue', 'remove', 'ops'),
        await run('catalogue', 'show', 'ops'),
      ],
      [
        'There are no catalogues.\n',
        'Set the catalogue of the group ops: 2 commands.\n',
        [
          'systemctl status nginx|sshd',
          '    State: Says whether it runs.',
          'tail -n <1-1000> <path under /var/log>',
          '',
        ].join('\n'),
        'GROUP  COMMANDS\nops    2\n',
        'Set the catalogue of the group ops: 1 command.\n',
        `${JSON.stringify({ commands: [{ words: ['uptime'] }] }, null, 2)}\n`,
        `${JSON.stringify([{ group: 'ops', commands: [{ words: ['uptime'] }] }], null, 2)}\n`,
        'Removed the catalogue of the group ops.\n',
        '1: sallyport: There is no catalogue of the group ops.\n',
        '1: sallyport: There is no catalogue of the group ops.\n',
      ],
    )
    const texts = (await run('audit', 'export'))
      .split('\n')
      .filter((line) => line.includes('group:ops'))
      .map((line) => JSON.parse((JSON.parse(line) as { text: string }).text) as Record<string, unknown>)
      .map(({ action, subject, detail }) => [action, subject, detail])
    assert.deepEqual(texts, [
      ['catalogue', 'group:ops', { catalogue: JSON.stringify(services) }],
      ['catalogue', 'group:ops', { catalogue: '{"commands":[{"words":["uptime"]}]}' }],
      ['catalogue', 'group:ops', { catalogue: 'removed' }],
    ])
  })

  test('CLI-50 a file that is no catalogue is refused in one sentence, and the old catalogue stays', async (t) => {
    const { run, file } = await bench(t)
    const good = file(JSON.stringify(services))
    await run('catalogue', 'set', 'ops', good)
    const results = [
      await run('catalogue', 'set', 'ops', file('{"commands":[{"words":["ls","a;b"]}]}')),
      await run('catalogue', 'set', 'ops', file('{"commands":[{"words":["ls",{"pattern":"(?=x)"}]}]}')),
      await run('catalogue', 'set', 'ops', file('uptime')),
      await run('catalogue', 'set', 'ops', `${good}.gone`),
      await run('catalogue', 'set', 'ops', file(' '.repeat(300_000))),
      await run(
        'catalogue',
        'set',
        'ops',
        file(
          JSON.stringify({
            commands: Array(300)
              .fill(services.commands[0])
              .map((one, index) => ({ ...one, description: `${index}`.padEnd(200, '.') })),
          }),
        ),
      ),
      await run('catalogue', 'set', 'two words', good),
      await run('catalogue', 'list'),
    ].map((outcome) => outcome.replace(/\S*catalogue-\d\.json/, 'FILE'))
    assert.deepEqual(results, [
      '1: sallyport: commands.0.words.1: must be 1 to 256 letters, digits and _ . / : @ , + - =, and not begin with =.\n',
      '1: sallyport: commands.0.words.1.pattern: must be a pattern of RE2, without look-around and back-references.\n',
      '1: sallyport: FILE does not hold JSON.\n',
      '1: sallyport: FILE.gone cannot be read (ENOENT).\n',
      '1: sallyport: FILE is larger than 262144 bytes.\n',
      '1: sallyport: catalogue: must have at most 65536 characters as JSON.\n',
      '2: sallyport: GROUP takes 1 to 64 letters, digits, dots, hyphens or underscores.\n',
      'GROUP  COMMANDS\nops    2\n',
    ])
  })

  test('CLI-51 a line is tested as a whole or in words, and prints the exact command or the reason of the refusal', async (t) => {
    const { run, file } = await bench(t)
    await run('catalogue', 'set', 'ops', file(JSON.stringify(services)))
    const command =
      'exec env TERM=dumb PAGER=cat SYSTEMD_PAGER=cat GIT_PAGER=cat LESSSECURE=1 tail -n 5 /var/log/syslog'
    assert.deepEqual(
      [
        await run('catalogue', 'test', 'ops', '--', 'tail', '-n', '5', '/var/log/syslog'),
        await run('catalogue', 'test', 'ops', 'tail -n 5 /var/log/syslog'),
        await run('catalogue', 'test', 'ops', '--json', '--', 'tail -n 5 /var/log/syslog'),
        await run('catalogue', 'test', 'ops', '--', 'tail -n 5 /var/log/syslog; reboot'),
        await run('catalogue', 'test', 'ops', '--', 'systemctl', 'restart', 'nginx'),
        await run('catalogue', 'test', 'ops', '--json', '--', 'reboot'),
        await run('catalogue', 'test', 'dba', '--', 'uptime'),
      ],
      [
        `${command}\n`,
        `${command}\n`,
        `${JSON.stringify({ kind: 'run', words: ['tail', '-n', '5', '/var/log/syslog'], command }, null, 2)}\n`,
        '1: sallyport: The line is refused: The character ; is not accepted; words are made of letters, digits and _ . / : @ , + - =\n',
        '1: sallyport: The line is refused: restart is not accepted after systemctl; there comes status\n',
        `${JSON.stringify({ kind: 'refused', sentence: 'reboot is not a command of your catalogue; type help to see which are.' }, null, 2)}\n1: sallyport: The line is refused: reboot is not a command of your catalogue; type help to see which are.\n`,
        '1: sallyport: There is no catalogue of the group dba.\n',
      ],
    )
  })
})
