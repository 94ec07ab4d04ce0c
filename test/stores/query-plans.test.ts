/** The statements of the embedded store use their indexes. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { logStart } from '../../src/core/revocation/log.ts'
import type { CommandName, Commands } from '../../src/core/store.ts'
import { noPolicySubjects } from '../../src/core/terminals/pty-session-reach.ts'
import type { PtySessionFilter } from '../../src/core/terminals/server.ts'
import { whyNoToken } from '../../src/stores/sqlite/commands/pty-limits.ts'
import { Database } from '../../src/stores/sqlite/database.ts'
import { migrate } from '../../src/stores/sqlite/migrate.ts'
import { accountReads } from '../../src/stores/sqlite/reads/accounts.ts'
import { credentialReads } from '../../src/stores/sqlite/reads/credentials.ts'
import { logReads } from '../../src/stores/sqlite/reads/logs.ts'
import { organizationReads } from '../../src/stores/sqlite/reads/organizations.ts'
import { ptySessionReads } from '../../src/stores/sqlite/reads/pty-sessions.ts'
import { sessionReads } from '../../src/stores/sqlite/reads/sessions.ts'
import { terminalReads } from '../../src/stores/sqlite/reads/terminals.ts'
import { fileReserve } from '../../src/stores/sqlite/reserve.ts'
import { runBatch } from '../../src/stores/sqlite/run-batch.ts'
import {
  auditOf,
  controlToken,
  digestOf,
  everyPtySession,
  newAccount,
  newSession,
  ptySession,
  ptyToken,
  roomyLimits,
  account as sampleAccount,
  startMs,
} from '../fixtures/records.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'

test('SQL-7 no request and no collection scans a table', (t) => {
  const { database, connection, texts } = recording(t)
  const run = <Name extends CommandName>(name: Name, input: Commands[Name]['input']): void => {
    const writer = { db: database, chain: 'server', headKey: digestOf('heads'), reserve: fileReserve('', 0) }
    const { results } = runBatch(writer, [{ name, input }])
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['done'],
    )
  }
  requestsOf(run)
  readsOf(database)
  const scans = [...texts].flatMap((sql) => scansOf(connection, sql)).filter((detail) => !ordered.includes(detail))
  assert.deepEqual([scans, texts.size > 60], [[], true])
})

test('SQL-7 the limits of an account are counted by indexes that have only the counted rows', (t) => {
  const { database, connection, texts } = recording(t)
  const token = { accountId: 1, ptySessionId: '', role: 'implementor' } as const
  const tx = { db: database, chain: 'server', headKey: null, entries: [], chainHead: null }
  whyNoToken(tx, token, { limits: roomyLimits, nowMs: startMs })
  assert.deepEqual(
    [...texts]
      .flatMap((sql) => planOf(connection, sql))
      .map(indexOf)
      .sort(),
    ['running_pty_sessions_of_holder', 'unused_pty_tokens_of_account'],
  )
})

/** Allowed scans: the log and the index of removed accounts, read from one end up to a limit, and lists that are parameters. */
const ordered = [
  'SCAN revocations',
  'SCAN a USING COVERING INDEX removed_accounts',
  'SCAN json_each VIRTUAL TABLE INDEX 1:',
  'SCAN g VIRTUAL TABLE INDEX 1:',
]

type Run = <Name extends CommandName>(name: Name, input: Commands[Name]['input']) => void

function requestsOf(run: Run): void {
  const [audit, nowMs] = [auditOf('setup'), startMs]
  const account = { ...sampleAccount(), id: 1 }
  const { epoch, passwordHash, username } = account
  const [organizationId, seen] = [randomUUID(), { epoch, passwordHash }]
  run('addAccount', {
    account: newAccount({ username, epoch, email: 'ada@example.org' }),
    asFirstAdmin: true,
    nowMs,
    audit,
  })
  run('addOrganization', { organization: { id: organizationId, name: 'home', createdAtMs: nowMs }, audit })
  run('addMember', { organizationId, accountId: 1, nowMs, audit })
  const session = newSession({ account, row: 1, organizationId })
  const token = controlToken({ row: 1, sessionRow: 1, isIndexed: true })
  const code = { secretDigest: digestOf('secret'), step: 1 }
  const signIn = { forgetKeys: [digestOf('key')], knownAddress: digestOf('home'), code, recovery: null }
  run('createSession', { session, token, seen, parentSessionRow: null, signIn, keepNewest: 1, nowMs, audit })
  run('exchangeToken', {
    mode: 'refresh',
    tokenRow: 1,
    presentedDigest: token.refreshDigest ?? digestOf(''),
    successor: controlToken({ row: 2, sessionRow: 1 }),
    sealedAnswer: digestOf('answer'),
    maxLiveTokens: 8,
    presentedEndsAt: null,
    nowMs,
    audit,
  })
  run('touchSessions', { uses: [{ row: 1, lastSeenAt: startMs / 1_000 + 1 }] })
  run('recordFailedSignIn', { keys: [], nowMs, audit })
  run('forgetFailures', { keys: [digestOf('')], audit })
  run('useCode', { code: { secretDigest: digestOf('trial'), step: 1 }, nowMs })
  const pty = ptySession()
  const minted = ptyToken({ ptySessionId: pty.id, accountId: 1, sessionRow: 1 })
  run('startPtySession', { ptySession: pty, token: minted, seen, limits: roomyLimits, nowMs, audit })
  run('joinPtySession', { token: minted, seen, limits: roomyLimits, nowMs, audit })
  terminalsOf(run, pty.id, minted.digest)
  run('revoke', { target: { kind: 'token', tokenRow: 1 }, nowMs, audit })
  run('revoke', { target: { kind: 'session', sessionRow: 1 }, nowMs, audit })
  run('revoke', {
    target: { kind: 'account_epoch', accountId: 1, expectedEpoch: null, newEpoch: randomUUID() },
    nowMs,
    audit,
  })
  run('touchCredential', { id: 'absent', usedAtMs: nowMs })
  run('openOrganizationAccount', { organizationId, uuid: randomUUID(), epoch: randomUUID(), nowMs })
  run('removeCredential', { id: 'absent', nowMs, audit })
  run('removeMember', { organizationId, accountId: 1, nowMs, audit })
  run('removeOrganization', { organizationId, nowMs, audit })
  run('changeAccount', { accountId: 1, change: { email: null }, rotation: null, seen: null, nowMs, audit })
  run('removeAccount', { accountId: 1, newEpoch: randomUUID(), nowMs, audit })
  run('collectExpired', { nowMs: startMs * 2, throttleMs: startMs * 2, limit: 10 })
  run('keepThrottleTime', { nowMs })
}

/** Attaches to a PTY session and ends it; its start and its joins come before. */
function terminalsOf(run: Run, id: string, digest: Uint8Array): void {
  const [audit, nowMs, slot] = [auditOf('pty-session'), startMs, { ptySessionId: id, accountId: 1 }]
  run('attachPtyToken', { digest, attachmentId: 'attachment', ip: '192.0.2.7', limits: roomyLimits, nowMs, audit })
  run('freePtySlot', slot)
  run('retakePtySlot', slot)
  run('endPtySession', { id, reason: 'ended-by-admin', nowMs, audit })
  run('detachPtyAttachment', { attachmentId: 'attachment', cause: 'left', freesSlot: true, nowMs, audit })
  run('closePtySession', { id, reason: 'shell-exit', exitCode: 0, nowMs, audit })
  run('closeLostPtySessions', { nowMs, audit })
  for (const kind of ['change', 'server', 'group'] as const) {
    run('setPolicy', { subject: { kind, name: 'web-1' }, policy: {}, nowMs, audit })
    run('setPolicy', { subject: { kind, name: 'web-1' }, policy: null, nowMs, audit })
  }
  run('setCatalogue', { group: 'ops', catalogue: '{}', nowMs, audit })
  run('setCatalogue', { group: 'ops', catalogue: null, nowMs, audit })
  run('addAuthorityKey', { name: 'recording', sealed: digest, publicKey: '', nowMs, audit })
}

function readsOf(database: Database): void {
  const accounts = accountReads(database)
  accounts.accountById(1)
  accounts.accountByUuid('')
  accounts.accountByName('', 'user')
  accounts.accountByEmail('')
  accounts.administrators()
  accounts.wasAdministratorMade()
  accounts.throttle([])
  accounts.throttleTime()
  accounts.isKnownAddress(1, digestOf(''), 0)
  accounts.accounts({ after: null, limit: 1 })
  accounts.personExists('')
  for (const sftpgoRole of [null, 'branch'])
    for (const isDescending of [false, true])
      accounts.accountsByName({ role: 'user', sftpgoRole }, { limit: 1, offset: 1, isDescending })
  const sessions = sessionReads(database)
  sessions.token({ digest: digestOf(''), row: null })
  sessions.token({ digest: digestOf(''), row: 1 })
  sessions.refreshToken(1)
  sessions.liveSessions(1)
  sessions.sessionById('')
  const organizations = organizationReads(database)
  organizations.organizationById('')
  organizations.organizationByName('')
  organizations.memberships(1)
  organizations.members('', { after: null, limit: 1 })
  organizations.memberList('', { limit: 1, offset: 0 })
  organizations.memberCount('')
  const terminals = terminalReads(database)
  terminals.servers({ after: null, limit: 1 })
  terminals.changes({ after: null, limit: 1 })
  terminals.policies({ after: null, limit: 1 })
  terminals.hasSshServers()
  for (const isDescending of [false, true])
    credentialReads(database).apiKeys('sftpgo', { limit: 1, offset: 0, isDescending })
  terminals.serverByName('')
  terminals.serverByAddress('')
  terminals.changeById('')
  terminals.policy({ kind: 'server', name: '' })
  terminals.catalogues(['ops'])
  terminals.authorityKey('recording')
  ptySessionReads(database).ptySessionById('')
  ptySessionReads(database).ptyAttachments('')
  for (const filter of filters) {
    ptySessionReads(database).ptySessions({ ...everyPtySession, ...filter }, { limit: 20, before: null })
  }
  logReads(database).log(logStart)
  logReads(database).auditEvents('server', { afterSeq: 0, limit: 1 })
}

const filters: readonly Partial<PtySessionFilter>[] = [
  {},
  { state: 'closed' },
  { changeId: 'CHG-1' },
  { serverName: 'web-1' },
  { startedByAccountId: 1 },
  { reach: { accountId: 1, groups: ['ops'], watched: noPolicySubjects } },
  { state: 'closed', serverName: 'web-1', reach: { accountId: 1, groups: [], watched: noPolicySubjects } },
]

type Recording = { readonly database: Database; readonly connection: DatabaseSync; readonly texts: Set<string> }

/** Opens a database that records the text of every prepared statement. */
function recording(t: TestContext): Recording {
  const connection = new DatabaseSync(join(temporaryFolder(t), 'plans.db'))
  atEnd(t, () => connection.close())
  const texts = new Set<string>()
  const prepare = connection.prepare.bind(connection)
  const database = new Database(connection)
  migrate(database)
  connection.prepare = (sql) => {
    texts.add(sql)
    return prepare(sql)
  }
  return { database, connection, texts }
}

function scansOf(connection: DatabaseSync, sql: string): string[] {
  return planOf(connection, sql).filter((detail) => detail.startsWith('SCAN') && !/CONSTANT ROW/.test(detail))
}

function planOf(connection: DatabaseSync, sql: string): string[] {
  const plan = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]
  return plan.map(({ detail }) => detail)
}

function indexOf(detail: string): string {
  return /INDEX (\S+)/.exec(detail)?.[1] ?? detail
}
