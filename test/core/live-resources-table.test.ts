/** Core tests: the table of revocations and live resources is complete, and each live resource is registered with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveResourceKinds } from '../../src/core/revocation/live-resources.ts'
import type { RevocationKind } from '../../src/core/revocation/log.ts'
import { projectRoot, readSources } from '../../tools/source-tree.ts'
import { acts } from '../fixtures/live-resources/acts.ts'
import { lastingTable, readTable } from '../fixtures/live-resources/table.ts'
import { things } from '../fixtures/live-resources/things.ts'

/** Every kind of entry; one that is missing here does not compile. */
const kinds: Readonly<Record<RevocationKind, true>> = {
  token: true,
  session: true,
  account_epoch: true,
  membership: true,
  organization: true,
  credential: true,
  pty_session: true,
  access_changed: true,
}

test('REV-16 every kind of entry has a row, every kind of lasting thing a column, and each is played once', () => {
  const table = lastingTable()
  assert.deepEqual([...new Set(table.rows.map(({ kind }) => kind))].sort(), [...Object.keys(kinds), 'time'].sort())
  assert.deepEqual(
    [...new Set(Object.values(things).flatMap(({ kind }) => kind ?? []))].sort(),
    [...liveResourceKinds].sort(),
  )
  assert.deepEqual(table.things, Object.keys(things))
  assert.deepEqual(
    table.rows.map(({ act }) => act),
    Object.keys(acts),
  )
})

test('REV-16 an entry that changes access has a row in which something ends, and one in which everything continues', () => {
  const ofAccess = lastingTable().rows.filter(({ kind }) => kind === 'access_changed')
  const ends = ofAccess.map(({ cells }) => [...cells.values()].includes('ends'))
  assert.ok(ends.includes(true) && ends.includes(false))
})

const head = '| Entry | What happens | one | other |\n|---|---|---|---|\n'

test('REV-16 a cell without an expectation, with another word, and one too many are refused', () => {
  const { things: names, rows } = readTable(`text\n\n${head}| session | an act | ends | goes on |\n\nmore | text |\n`)
  assert.deepEqual(
    [names, rows.map(({ kind, act, cells }) => [kind, act, [...cells]])],
    [
      ['one', 'other'],
      [
        [
          'session',
          'an act',
          [
            ['one', 'ends'],
            ['other', 'goes on'],
          ],
        ],
      ],
    ],
  )
  assert.throws(() => readTable(`${head}| session | an act | ends | |\n`), /expects "" of "other"/)
  assert.throws(() => readTable(`${head}| session | an act | ends |\n`), /expects undefined of "other"/)
  assert.throws(() => readTable(`${head}| session | an act | ends | ends? |\n`), /expects "ends\?" of "other"/)
  assert.throws(() => readTable(`${head}| session | an act | ends | ends | ends |\n`), /a cell too many/)
  assert.throws(() => readTable('no table'), /there is no table/)
})

/**
 * The files that begin each kind of live resource. Each of these files checks the log of revocations when it begins
 * one. The set-up of a server runs as a command in its own process, which ends with its probe.
 */
const beginnings: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [
    /\bReadable\.from(?:Web)?\((?!\[\]\))|\bnew (?:Readable|PassThrough|Transform|Duplex|ReadableStream)\b|\bcreateReadStream\(/,
    'src/http/',
    ['src/http/steps/streamed-answer.ts'],
  ],
  [/\breply\.hijack\(|\breply\.raw\.(?:write|end)\(|\.pipe\(reply/, 'src/http/', []],
  [/\bnew WebSocketServer\(/, 'src/', ['src/terminals/gateway.ts']],
  [
    /\btransport\.open\(/,
    'src/',
    ['src/main/server-setup.ts', 'src/terminals/health-check/command-run.ts', 'src/terminals/open-session.ts'],
  ],
  [/\bnew CommandRun\(/, 'src/', ['src/terminals/health-check/health-check.ts']],
  [/\bnew PtySession\(/, 'src/', ['src/terminals/open-session.ts']],
  [/\bopenSession\(this/, 'src/', ['src/terminals/attach-handler.ts']],
]

test('REV-17 answers in pieces, sockets and programs on servers are registered in one place each', () => {
  const sources = [...readSources(projectRoot, ['src'])]
  assert.ok(sources.length > 100)
  for (const [pattern, folder, expected] of beginnings) {
    const found = sources.filter(([path, text]) => path.startsWith(folder) && pattern.test(text)).map(([path]) => path)
    assert.deepEqual(found.sort(), [...expected].sort(), String(pattern))
  }
})

test('REV-17 every file in which something that lasts begins adds it to what every entry is held against', () => {
  const sources = new Map(readSources(projectRoot, ['src']))
  const adds: Readonly<Record<string, RegExp>> = {
    'src/http/steps/streamed-answer.ts': /ports\.liveResources\.add\(\{/,
    'src/terminals/attach-handler.ts':
      /beginning\.add\(resources\.ofTerminal\([\s\S]*beginning\.add\(resources\.ofAttachment\(|beginning\.add\(resources\.ofAttachment\([\s\S]*beginning\.add\(resources\.ofTerminal\(/,
    'src/terminals/open-session.ts': /ports\.liveResources\.add\(resources\.ofLine\(/,
    'src/terminals/health-check/health-check.ts': /this\.#parts\.hold\(/,
  }
  for (const [path, pattern] of Object.entries(adds)) assert.match(sources.get(path) ?? '', pattern, path)
})
