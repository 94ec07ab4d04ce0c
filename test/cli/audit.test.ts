/** Cli tests: the audit trail, handed out and proved; what is damaged is damaged in the database itself. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { auditEvent } from '../../src/core/audit/act.ts'
import type { AuditEvent } from '../../src/core/audit/event.ts'
import { type ChainFault, type ChainReport, verifyChain } from '../../src/core/audit/verify-chain.ts'
import type { AuditHead } from '../../src/core/store.ts'
import { type Foundation, openFoundation } from '../../src/main/foundation.ts'
import { dataPath, sallyport, steady } from './sallyport-process.ts'

const chain = 'command'
const wrong = 'f'.repeat(64)

/** What is done to a chain of four events, and where it is then found broken. */
const damages: readonly (readonly [sql: string, fault: Omit<ChainFault, 'chain'> | null])[] = [
  ['SELECT 1', null],
  [`UPDATE audit_events SET text = text || ' ' WHERE seq = 2`, { seq: 2, kind: 'altered' }],
  [`UPDATE audit_events SET hash = '${wrong}' WHERE seq = 3`, { seq: 3, kind: 'altered' }],
  ['DELETE FROM audit_events WHERE seq = 1', { seq: 1, kind: 'missing' }],
  ['DELETE FROM audit_events WHERE seq = 3', { seq: 3, kind: 'missing' }],
  ['DELETE FROM audit_events WHERE seq = 4', { seq: 4, kind: 'missing' }],
  ['DELETE FROM audit_events', { seq: 1, kind: 'missing' }],
  ['DELETE FROM audit_heads', { seq: 4, kind: 'head-missing' }],
  [`UPDATE audit_heads SET hash = '${wrong}'`, { seq: 4, kind: 'head-differs' }],
  ['UPDATE audit_heads SET seq = 2', { seq: 3, kind: 'head-behind' }],
  ['DELETE FROM audit_events; DELETE FROM audit_heads', null],
]

test('CLI-13, CLI-21 the export holds the exact texts, and their hashes follow from them', async (t) => {
  const data = dataPath(t)
  await withTrail(data, 2)
  const { code, stdout, stderr } = await sallyport(['audit', 'export'], { data })
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { chain: string; seq: number; hash: string; text: string })
  let hash = '0'.repeat(64)
  for (const event of events) {
    hash = createHash('sha256').update(`${hash}\n${event.text}`).digest('hex')
    assert.deepEqual(event, { chain, seq: events.indexOf(event) + 1, hash, text: event.text })
  }
  assert.deepEqual([code, stderr, events.length], [0, '', 2])
  assert.equal(
    steady((await sallyport(['audit', 'list', '--limit', '1'], { data })).stdout),
    [
      'TIME                      CHAIN    SEQ  ACTION        OUTCOME  BY       FROM  SUBJECT',
      'TIME  command  2    organization  ok       command  -     organization:number-2',
      '',
    ].join('\n'),
  )
})

test('CLI-22 the command names the broken link, ends with 1, and ends with 0 where there is none', async (t) => {
  const data = dataPath(t)
  await withTrail(data, 4)
  const whole = await sallyport(['audit', 'verify'], { data })
  assert.deepEqual(
    { ...whole, stdout: steady(whole.stdout) },
    {
      code: 0,
      stdout: `CHAIN    EVENTS  HEAD${' '.repeat(72)}RESULT\ncommand  4       command:4:HASH  whole\n`,
      stderr: '',
    },
  )
  damage(data, `UPDATE audit_events SET text = '{}' WHERE seq = 2`)
  assert.deepEqual(await sallyport(['audit', 'verify'], { data }), {
    code: 1,
    stdout: 'CHAIN    EVENTS  HEAD  RESULT\ncommand  -       -     broken\n',
    stderr:
      'sallyport: Event 2 of the chain command was altered: its hash is not that of its text and the event before it.\n',
  })
})

test('CLI-22 every way to damage a chain is found at the first number that does not hold', async (t) => {
  const found = await Promise.all(
    damages.map(async ([sql]) => {
      const data = dataPath(t)
      await withTrail(data, 4)
      damage(data, sql)
      return (await prove(data)).fault
    }),
  )
  assert.deepEqual(
    found,
    damages.map(([, fault]) => (fault === null ? null : { chain, ...fault })),
  )
})

test('CLI-23 a chain that was rolled back is whole in itself and unlike the head that was seen', async (t) => {
  const data = dataPath(t)
  await withTrail(data, 4)
  const { head } = await prove(data)
  assert.notEqual(head, null)
  const seen = head as AuditHead
  damage(data, 'DELETE FROM audit_events WHERE seq > 2')
  damage(data, `UPDATE audit_heads SET seq = 2, hash = (SELECT hash FROM audit_events WHERE seq = 2)`)
  assert.deepEqual(
    [(await prove(data)).fault, (await prove(data, [seen])).fault],
    [null, { chain, seq: 4, kind: 'unlike-seen' }],
  )
  await withTrail(data, 3)
  const { code, stderr } = await sallyport(['audit', 'verify', '--against', `${chain}:4:${seen.hash}`], { data })
  assert.deepEqual(
    [code, stderr],
    [
      1,
      'sallyport: Event 4 of the chain command is not the one that was seen: the trail was rolled back or replaced.\n',
    ],
  )
  assert.deepEqual((await prove(data, [{ chain: 'server', seq: 1, hash: wrong }], 'server')).fault, {
    chain: 'server',
    seq: 1,
    kind: 'unlike-seen',
  })
})

test('CLI-24 a chain longer than a page that grows at every look at it is whole', async (t) => {
  await withFoundation(dataPath(t), async ({ ports, store }) => {
    const events = Array.from({ length: 1_200 }, (_, index) => event(`part:${index}`))
    await store.execute('appendAudit', { events })
    let looks = 0
    const grown = async <Result>(read: () => Promise<Result>): Promise<Result> => {
      looks += 1
      if (looks % 2 === 1 && looks < 20) await store.execute('appendAudit', { events: events.slice(0, 2) })
      const found = await read()
      if (looks % 2 === 0 && looks < 20) await store.execute('appendAudit', { events: events.slice(0, 3) })
      return found
    }
    const growing: Pick<Foundation['store'], 'auditEvents' | 'auditHeads'> = {
      auditEvents: (name, page) => grown(() => store.auditEvents(name, page)),
      auditHeads: () => grown(() => store.auditHeads()),
    }
    const report = await verifyChain({ digests: ports.digests, store: growing }, chain, [])
    const [head] = await store.auditHeads()
    assert.deepEqual([report, head?.seq], [{ chain, head, fault: null }, 1_200 + 10 * 2 + 9 * 3])
  })
})

function prove(data: string, seen: readonly AuditHead[] = [], of: string = chain): Promise<ChainReport> {
  return withFoundation(data, ({ ports }) => verifyChain(ports, of, seen))
}

/** Appends so many events as commands do. */
function withTrail(data: string, events: number): Promise<void> {
  return withFoundation(data, async ({ store }) => {
    const appended = Array.from({ length: events }, (_, index) => event(`organization:number-${index + 1}`))
    await store.execute('appendAudit', { events: appended })
  })
}

async function withFoundation<Result>(
  data: string,
  work: (foundation: Foundation) => Promise<Result>,
): Promise<Result> {
  const config = readConfig({ flags: {}, env: {}, file: { data, logLevel: 'silent' } })
  const foundation = await openFoundation({ config, env: {} }, 'command')
  try {
    return await work(foundation)
  } finally {
    await foundation.close()
  }
}

function event(subject: string): AuditEvent {
  const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
  return auditEvent(request, { account: null, atMs: Date.UTC(2026, 0, 2) }, { action: 'organization', subject })
}

function damage(data: string, sql: string): void {
  const db = new DatabaseSync(join(data, 'sallyport.db'))
  try {
    db.exec(sql)
  } finally {
    db.close()
  }
}
