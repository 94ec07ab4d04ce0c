/** Cli tests: the audit trail, exported and verified. Damage is done in the database itself. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { AuditHead } from '../../src/core/audit/event.ts'
import { type ChainFault, type TrailSource, verifyTrail } from '../../src/core/audit/verify-trail.ts'
import { storedTrailKey } from '../../src/main/audit-command.ts'
import { openTrailSigner } from '../../src/main/audit-trail.ts'
import { edit, prove, trailEvent, withFoundation, writeTrail } from '../fixtures/audit-world.ts'
import { dataPath, sallyport, steady } from './sallyport-process.ts'

const chain = 'command'
const wrong = 'f'.repeat(64)

/** Damage to a chain of four events, and the number of the first fault. */
const damages: readonly (readonly [sql: string, fault: Omit<ChainFault, 'chain'> | null])[] = [
  ['SELECT 1', null],
  [`UPDATE audit_events SET text = text || ' ' WHERE seq = 2`, { seq: 2, kind: 'altered' }],
  [`UPDATE audit_events SET hash = '${wrong}' WHERE seq = 3`, { seq: 3, kind: 'altered' }],
  ['DELETE FROM audit_events WHERE seq = 1', { seq: 1, kind: 'missing' }],
  ['DELETE FROM audit_events WHERE seq = 3', { seq: 3, kind: 'missing' }],
  ['DELETE FROM audit_events WHERE seq = 4', { seq: 4, kind: 'missing' }],
  ['DELETE FROM audit_events', { seq: 1, kind: 'gone' }],
  ['DELETE FROM audit_heads', { seq: 4, kind: 'head-missing' }],
  [`UPDATE audit_heads SET hash = '${wrong}'`, { seq: 4, kind: 'head-differs' }],
  ['UPDATE audit_heads SET seq = 2', { seq: 3, kind: 'head-behind' }],
  ['DELETE FROM audit_events; DELETE FROM audit_heads', { seq: 1, kind: 'gone' }],
]

test('CLI-13, CLI-21 the export holds the exact texts, and their hashes follow from them', async (t) => {
  const data = dataPath(t)
  await writeTrail(data, 2)
  const { code, stdout, stderr } = await sallyport(['audit', 'export'], { data })
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { chain: string; seq: number; hash: string; text: string })
    .filter((line) => 'chain' in line)
  let hash = '0'.repeat(64)
  for (const event of events) {
    hash = createHash('sha256').update(`${hash}\n${event.text}`).digest('hex')
    assert.deepEqual(event, { chain, seq: events.indexOf(event) + 1, hash, text: event.text })
  }
  assert.deepEqual([code, stderr, events.length], [0, '', 3])
  assert.equal(
    steady((await sallyport(['audit', 'list', '--limit', '1'], { data })).stdout),
    [
      'TIME                      CHAIN    SEQ  ACTION        OUTCOME  BY       FROM  SUBJECT',
      'TIME  command  3    organization  ok       command  -     organization:number-2',
      '',
    ].join('\n'),
  )
})

test('CLI-22 the verb names the broken link and ends with 1, or ends with 0 for a whole chain', async (t) => {
  const data = dataPath(t)
  await writeTrail(data, 3)
  const whole = await sallyport(['audit', 'verify'], { data })
  assert.deepEqual(
    { ...whole, stdout: steady(whole.stdout) },
    {
      code: 0,
      stdout: [
        `CHAIN    EVENTS  SIGNED  HEAD${' '.repeat(72)}RESULT`,
        'command  4       4       command:4:HASH  whole',
        'Signatures: 2, the newest of TIME, by the key HASH.',
        'Not covered by a signature yet: none.',
        '',
      ].join('\n'),
      stderr: '',
    },
  )
  edit(data, `UPDATE audit_events SET text = '{}' WHERE seq = 2`)
  const broken = await sallyport(['audit', 'verify'], { data })
  assert.deepEqual(
    { ...broken, stdout: steady(broken.stdout) },
    {
      code: 1,
      stdout: [
        'CHAIN    EVENTS  SIGNED  HEAD  RESULT',
        'command  -       0       -     broken',
        'Signatures: 2, the newest of TIME, by the key HASH.',
        'Not covered by a signature yet: none.',
        '',
      ].join('\n'),
      stderr:
        'sallyport: Event 2 of the chain command was altered: its hash does not match its text and the previous event.\n',
    },
  )
})

test('CLI-22 every damage of a chain is found at its first wrong number', async (t) => {
  const found = await Promise.all(
    damages.map(async ([sql]) => {
      const data = dataPath(t)
      await writeTrail(data, 3)
      edit(data, sql)
      return (await prove(data)).chains.find((report) => report.chain === chain)?.fault
    }),
  )
  assert.deepEqual(
    found,
    damages.map(([, fault]) => (fault === null ? null : { chain, ...fault })),
  )
})

test('CLI-23 a trail rolled back with its signatures is whole by itself, but does not match a given head', async (t) => {
  const data = dataPath(t)
  await writeTrail(data, 1)
  const before = await withFoundation(data, ({ store }) => store.auditHeads())
  await writeTrail(data, 2)
  const head = (await prove(data)).chains.find((report) => report.chain === chain)?.head
  const seen = head as AuditHead
  edit(data, 'DELETE FROM audit_events WHERE seq > 2; DELETE FROM audit_seals WHERE seq > 2')
  edit(data, (db) => {
    const sql = `UPDATE audit_heads SET seq = 2, hash = ?, mark = ? WHERE chain = '${chain}'`
    db.prepare(sql).run(before[0]?.hash ?? '', before[0]?.mark ?? '')
  })
  const faultsOf = async (heads: readonly AuditHead[]) => {
    const { chains, seals } = await prove(data, heads)
    return [seals.fault, ...chains.map(({ fault }) => fault)].filter((fault) => fault !== null)
  }
  assert.deepEqual(await faultsOf([]), [])
  assert.deepEqual(await faultsOf([seen]), [{ chain, seq: 4, kind: 'unlike-seen' }])
  assert.deepEqual(await faultsOf([{ chain: 'server', seq: 1, hash: wrong }]), [
    { chain: 'server', seq: 1, kind: 'unlike-seen' },
  ])
  await writeTrail(data, 3)
  const { code, stderr } = await sallyport(['audit', 'verify', '--against', `${chain}:4:${seen.hash}`], { data })
  assert.deepEqual(
    [code, stderr],
    [
      1,
      'sallyport: Event 4 of the chain command does not match the given head: the trail was rolled back or replaced.\n',
    ],
  )
})

test('CLI-24 a chain longer than a page that grows and is signed at every read is whole', async (t) => {
  await withFoundation(dataPath(t), async (storeAccess) => {
    const { ports, store, isOwnHead } = storeAccess
    const events = Array.from({ length: 1_200 }, (_, index) => trailEvent(`part:${index}`))
    const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
    const signer = await openTrailSigner(storeAccess, { chain, request })
    await store.execute('appendAudit', { events })
    let looks = 0
    const grow = async (more: number): Promise<void> => {
      await store.execute('appendAudit', { events: events.slice(0, more) })
      await signer.sign()
    }
    const grown = async <Result>(read: () => Promise<Result>): Promise<Result> => {
      looks += 1
      if (looks % 2 === 1 && looks < 20) await grow(2)
      const found = await read()
      if (looks % 2 === 0 && looks < 20) await grow(3)
      return found
    }
    const growing: TrailSource = {
      auditEvents: (name, page) => grown(() => store.auditEvents(name, page)),
      auditHeads: () => grown(() => store.auditHeads()),
      auditSeals: (page) => grown(() => store.auditSeals(page)),
    }
    const key = await storedTrailKey(ports)
    const report = await verifyTrail({ digests: ports.digests, store: growing, isOwnHead }, { key, seen: [] })
    const [head] = await store.auditHeads()
    const { mark: _, ...last } = head ?? assert.fail()
    assert.deepEqual(
      [report.seals.fault, report.chains.map(({ head: end, fault }) => [end, fault])],
      [
        null,
        [
          [last, null],
          [null, null],
        ],
      ],
    )
    assert.equal(last.seq, 1 + 1_200 + 10 * 2 + 9 * 3)
  })
})
