import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { LiveTokens, type Lookup, type TokenRecord } from '../../../src/core/memory/live-tokens.ts'
import { coversToken, type RevocationEntry, type RevocationKind, subject } from '../../../src/core/revocation/log.ts'
import { account, session } from '../../fixtures/records.ts'

const now = 1_800_000_000

function digestOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest())
}

function record(
  name: string,
  parts: { sessionRow?: number; accountId?: number; organizationId?: string | null } = {},
): TokenRecord {
  const accountId = parts.accountId ?? 1
  return {
    tokenRow: 1,
    accessDigest: digestOf(name),
    tokenExpiresAt: now + 600,
    tokenRevokedSeq: null,
    boundIp: null,
    session: session({
      row: parts.sessionRow ?? 1,
      accountId,
      organizationId: parts.organizationId ?? null,
      lastSeenAt: now,
      createdAt: now,
      expiresAt: null,
    }),
    account: account({ id: accountId }),
  }
}

function entry(kind: RevocationKind, text: string): RevocationEntry {
  return { seq: 1, tag: 't', kind, subject: text, atMs: 0 }
}

function verdict(lookup: Lookup): string {
  return typeof lookup === 'object' ? 'accepted' : lookup
}

/** Tokens: two of session 1, one of session 2 (same account, in an organization), one of another account in it. */
const records: Record<string, TokenRecord> = {
  a: record('a'),
  b: record('b'),
  scoped: record('scoped', { sessionRow: 2, organizationId: 'org' }),
  other: record('other', { sessionRow: 3, accountId: 2, organizationId: 'org' }),
}

const coverage: readonly { title: string; entry: RevocationEntry; ends: string[] }[] = [
  { title: 'token', entry: entry('token', subject.token(digestOf('a'))), ends: ['a'] },
  { title: 'session', entry: entry('session', subject.session(1)), ends: ['a', 'b'] },
  {
    title: 'account_epoch',
    entry: entry('account_epoch', subject.accountEpoch(1, 'e', 0)),
    ends: ['a', 'b', 'scoped'],
  },
  { title: 'membership', entry: entry('membership', subject.membership(1, 'org')), ends: ['scoped'] },
  { title: 'organization', entry: entry('organization', subject.organization('org')), ends: ['scoped', 'other'] },
  { title: 'credential', entry: entry('credential', 'a'), ends: [] },
  { title: 'access_changed of a session', entry: entry('access_changed', subject.access('session', '1')), ends: [] },
]

for (const { title, entry: applied, ends } of coverage) {
  test(`REV-1 an entry of kind ${title} covers what its kind names`, () => {
    const covered = Object.entries(records).filter(([, { accessDigest, session, account }]) =>
      coversToken(applied, {
        accessDigest,
        sessionRow: session.row,
        accountId: account.id,
        organizationId: session.organizationId,
      }),
    )
    assert.deepEqual(
      covered.map(([name]) => name),
      ends,
    )
  })

  test(`REV-2 an entry of kind ${title} ends in memory what it covers, and nothing else`, () => {
    const memory = new LiveTokens(100)
    for (const one of Object.values(records)) memory.add(one)
    memory.apply(applied)
    const ended = Object.keys(records).filter((name) => verdict(memory.find(digestOf(name), now)) !== 'accepted')
    assert.deepEqual(ended, ends)
  })
}

test('REV-3 a rotation that keeps a session ends the others of the account, and the kept one is read again', () => {
  const memory = new LiveTokens(100)
  for (const one of Object.values(records)) memory.add(one)
  memory.apply(entry('account_epoch', subject.accountEpoch(1, 'e', 1)))
  const verdicts = Object.keys(records).map((name) => verdict(memory.find(digestOf(name), now)))
  assert.deepEqual(verdicts, ['stale', 'stale', 'revoked', 'accepted'])
})

test('REV-20 a session that stays under a new epoch is read again, and the others of the account have ended', () => {
  const memory = new LiveTokens(100)
  for (const one of Object.values(records)) memory.add(one)
  memory.apply(entry('account_epoch', subject.accountEpoch(1, 'e', 0)))
  memory.apply(entry('access_changed', subject.access('session', '1')))
  const looked = (): string[] => Object.keys(records).map((name) => verdict(memory.find(digestOf(name), now)))
  assert.deepEqual(looked(), ['stale', 'stale', 'revoked', 'accepted'])
  memory.add({ ...record('a'), session: session({ row: 1, accountId: 1, epoch: 'next', lastSeenAt: now }) })
  assert.deepEqual(looked(), ['accepted', 'accepted', 'revoked', 'accepted'])
})

test('REV-11 a change of an account makes its tokens be read again, and the new facts apply', () => {
  const memory = new LiveTokens(100)
  memory.add(record('a'))
  memory.apply(entry('access_changed', subject.access('account', '1')))
  assert.equal(memory.find(digestOf('a'), now), 'stale')
  memory.add({ ...record('a'), account: account({ id: 1, groups: ['ops'] }) })
  const found = memory.find(digestOf('a'), now)
  assert.deepEqual(typeof found === 'object' ? found.account.groups : found, ['ops'])
})

test('SES-2 a token is refused from its own end on, and a session with it from its end on', () => {
  const memory = new LiveTokens(100)
  memory.add(record('a'))
  assert.deepEqual(
    [verdict(memory.find(digestOf('a'), now + 599)), verdict(memory.find(digestOf('a'), now + 600))],
    ['accepted', 'expired'],
  )
})

test('TOK-6 memory never holds more than its limit, and recently used tokens stay', () => {
  const memory = new LiveTokens(50)
  memory.add(record('favourite', { sessionRow: 1_000 }))
  for (let row = 1; row <= 500; row += 1) {
    memory.add(record(`token ${row}`, { sessionRow: row, accountId: (row % 7) + 1 }))
    memory.find(digestOf('favourite'), now)
  }
  assert.deepEqual(
    [memory.size, verdict(memory.find(digestOf('favourite'), now)), verdict(memory.find(digestOf('token 1'), now))],
    [50, 'accepted', 'unknown'],
  )
})

test('SES-5 a use is due for writing once a minute and is taken once', () => {
  const memory = new LiveTokens(100)
  memory.add(record('a'))
  memory.find(digestOf('a'), now + 59)
  assert.deepEqual(memory.takeTouched(60, 10), [])
  memory.find(digestOf('a'), now + 61)
  assert.deepEqual(memory.takeTouched(60, 10), [{ row: 1, lastSeenAt: now + 61 }])
  memory.find(digestOf('a'), now + 30)
  assert.deepEqual(memory.takeTouched(1, 10), [])
})
