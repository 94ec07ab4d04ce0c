/** Commands on a full disk: every command says whether it is an end, and ends get the reserve. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { AuditAction } from '../../src/core/audit/event.ts'
import type { CommandName, Commands } from '../../src/core/store.ts'
import { type Database, openWriting } from '../../src/stores/sqlite/database.ts'
import type { BatchResult, PostedCommand } from '../../src/stores/sqlite/messages.ts'
import { migrate } from '../../src/stores/sqlite/migrate.ts'
import type { Reserve } from '../../src/stores/sqlite/reserve.ts'
import { runBatch } from '../../src/stores/sqlite/run-batch.ts'
import {
  account,
  auditOf,
  controlToken,
  digestOf,
  newAccount,
  newSession,
  ptySession,
  ptyToken,
  roomyLimits,
  startMs,
} from '../fixtures/records.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'

type Sample<Name extends CommandName> = {
  readonly input: Commands[Name]['input']
  readonly isTaken: boolean
  readonly when?: string
}

const [nowMs, audit, id, digest] = [startMs, auditOf('setup'), 'absent', digestOf('absent')]
const seen = { epoch: randomUUID(), passwordHash: null }
const session = newSession({ account: account(), row: 1 })
const rotation = { newEpoch: randomUUID(), keptSessionRow: 0 }
const code = { secretDigest: digest, step: 1 }
const pty = ptySession()
const token = ptyToken({ ptySessionId: pty.id, accountId: 1, sessionRow: 1 })
const slot = { ptySessionId: id, accountId: 1 }
const never = <Name extends CommandName>(input: Commands[Name]['input']): Sample<Name>[] => [{ input, isTaken: false }]
const always = <Name extends CommandName>(input: Commands[Name]['input']): Sample<Name>[] => [{ input, isTaken: true }]
const change = (parts: Partial<Commands['changeAccount']['input']>): Commands['changeAccount']['input'] => ({
  accountId: 1,
  change: {},
  rotation: null,
  seen: null,
  nowMs,
  audit,
  ...parts,
})
const events = (...actions: AuditAction[]) => ({ events: actions.map((action) => auditOf(action)) })
const server = {
  name: 'web-1',
  address: '10.0.0.1',
  port: 22,
  transport: 'ssh',
  osUsers: [],
  groups: [],
  hostKey: null,
  hostCa: null,
} as const
const key = {
  name: 'pty',
  generation: 1,
  kid: 'k',
  sealed: digest,
  publicJwk: null,
  createdAtMs: nowMs,
  activeFromMs: nowMs,
} as const

/** A command without a sample does not compile. */
const samples: { readonly [Name in CommandName]: readonly Sample<Name>[] } = {
  keepMark: never({ mark: 'administrator-made', nowMs }),
  addAccount: never({ account: newAccount({}), asFirstAdmin: false, nowMs, audit }),
  changeAccount: [
    { when: 'its address', input: change({ change: { email: null } }), isTaken: false },
    { when: 'enabled', input: change({ change: { status: 'enabled' } }), isTaken: false },
    { when: 'a group more', input: change({ change: { addGroups: ['ops'], expiresAt: null } }), isTaken: false },
    { when: 'disabled', input: change({ change: { status: 'disabled' } }), isTaken: true },
    { when: 'a group less', input: change({ change: { removeGroups: ['ops'] } }), isTaken: true },
    { when: 'no administrator any more', input: change({ change: { role: 'user' } }), isTaken: true },
    { when: 'another authority', input: change({ change: { authority: null } }), isTaken: true },
    { when: 'it expires', input: change({ change: { expiresAt: 1 } }), isTaken: true },
    { when: 'its sessions end', input: change({ rotation }), isTaken: true },
  ],
  removeAccount: always({ accountId: 1, newEpoch: randomUUID(), nowMs, audit }),
  upgradePasswordHash: never({ accountId: 1, seenHash: '', newHash: '', nowMs }),
  beginSecondFactor: never({ accountId: 1, sealedSecret: digest, nowMs, audit }),
  confirmSecondFactor: never({ accountId: 1, seenSealedSecret: digest, code, rotation, nowMs, audit }),
  recordFailedSignIn: never({ keys: [], nowMs, audit }),
  forgetFailures: never({ keys: [digest], audit }),
  keepThrottleTime: never({ nowMs }),
  useCode: never({ code, nowMs }),
  createSession: never({
    session,
    token: controlToken({ row: 1, sessionRow: 1 }),
    seen,
    parentSessionRow: null,
    signIn: null,
    keepNewest: null,
    nowMs,
    audit,
  }),
  exchangeToken: never({
    mode: 'refresh',
    tokenRow: 1,
    presentedDigest: digest,
    successor: controlToken({ row: 2, sessionRow: 1 }),
    sealedAnswer: digest,
    maxLiveTokens: 8,
    presentedEndsAt: null,
    nowMs,
    audit,
  }),
  revoke: [
    { when: 'a session', input: { target: { kind: 'session', sessionRow: 1 }, nowMs, audit }, isTaken: true },
    { when: 'a token', input: { target: { kind: 'token', tokenRow: 1 }, nowMs, audit }, isTaken: true },
    {
      when: 'all of an account',
      input: { target: { kind: 'account_epoch', accountId: 1, expectedEpoch: null, newEpoch: id }, nowMs, audit },
      isTaken: true,
    },
  ],
  touchSessions: never({ uses: [] }),
  collectExpired: never({ nowMs, throttleMs: nowMs, limit: 10 }),
  addCredential: never({
    credential: {
      id,
      kind: 'api-key',
      dialect: 'sftpgo',
      name: '',
      description: '',
      accountId: null,
      organizationId: null,
      role: 'user',
      secretDigest: digest,
      sessionRow: null,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      lastUsedAtMs: null,
      expiresAtMs: null,
    },
    bearer: null,
    seen: null,
    nowMs,
    audit,
  }),
  changeCredential: never({ id, change: { name: 'a' }, nowMs, audit }),
  removeCredential: always({ id, nowMs, audit }),
  touchCredential: never({ id, usedAtMs: nowMs }),
  openOrganizationAccount: never({ organizationId: id, uuid: id, epoch: id, nowMs }),
  addOrganization: never({ organization: { id, name: 'home', createdAtMs: nowMs }, audit }),
  removeOrganization: always({ organizationId: id, nowMs, audit }),
  addMember: never({ organizationId: id, accountId: 1, nowMs, audit }),
  removeMember: always({ organizationId: id, accountId: 1, nowMs, audit }),
  addServer: never({ server, audit }),
  changeServer: always({ server, nowMs, audit }),
  removeServer: always({ name: 'web-1', nowMs, audit }),
  addChange: never({
    change: {
      id,
      summary: '',
      servers: [],
      osUsers: [],
      groups: [],
      startsAtMs: 0,
      endsAtMs: 1,
      state: 'requested',
      requestedBy: null,
      approvedBy: null,
    },
    audit,
  }),
  setChangeState: [
    { when: 'approved', input: { id, state: 'approved', nowMs, audit }, isTaken: false },
    { when: 'closed', input: { id, state: 'closed', nowMs, audit }, isTaken: true },
  ],
  startPtySession: never({ ptySession: pty, token, seen, limits: roomyLimits, nowMs, audit }),
  joinPtySession: never({ token, seen, limits: roomyLimits, nowMs, audit }),
  attachPtyToken: never({ digest, attachmentId: id, ip: '', limits: roomyLimits, nowMs, audit }),
  detachPtyAttachment: always({ attachmentId: id, cause: 'left', freesSlot: true, nowMs, audit }),
  freePtySlot: always(slot),
  retakePtySlot: never(slot),
  closePtySession: always({ id, reason: 'idle', exitCode: null, nowMs, audit }),
  endPtySession: always({ id, reason: 'idle', nowMs, audit }),
  closeLostPtySessions: always({ nowMs, audit }),
  setPolicy: always({ subject: { kind: 'group', name: 'ops' }, policy: {}, nowMs, audit }),
  setCatalogue: [
    { when: 'set', input: { group: 'ops', catalogue: '{}', nowMs, audit }, isTaken: false },
    { when: 'removed', input: { group: 'ops', catalogue: null, nowMs, audit }, isTaken: true },
  ],
  addAuthorityKey: never({ name: 'recording', sealed: digest, publicKey: '', nowMs, audit }),
  addKey: never({ key, audit }),
  retireKeys: never({ name: 'pty', generation: 1, audit }),
  appendAudit: [
    { when: 'refusals', input: events('refused-in-bulk'), isTaken: false },
    { when: 'an end and something else', input: events('pty-end', 'recording-read'), isTaken: false },
    { when: 'of something that ended', input: events('recording-remove', 'pty-end', 'pty-detach'), isTaken: true },
  ],
  appendAuditSeal: never({ seal: { seq: 1, text: '', signature: '' } }),
}

for (const [name, cells] of Object.entries(samples) as [CommandName, readonly Sample<CommandName>[]][]) {
  for (const { input, isTaken, when } of cells) {
    const title = `${name}${when === undefined ? '' : ` (${when})`}`
    test(`SQL-28 while the reserve is not whole ${title} is ${isTaken ? 'taken' : 'refused'}`, (t) => {
      const { results } = run(database(t), { isWhole: () => false, giveUp: () => false }, [{ name, input }])
      assert.deepEqual(results.map(briefOf), [
        isTaken ? 'done' : 'the disk is full; only commands that end something are accepted',
      ])
    })
  }
}

test('SQL-28 with a whole reserve every command is accepted', (t) => {
  const db = database(t)
  const commands = Object.entries(samples).flatMap(([name, cells]) =>
    cells.map(({ input }) => ({ name, input }) as PostedCommand),
  )
  const { results } = run(db, { isWhole: () => true, giveUp: () => false }, commands)
  assert.deepEqual([...new Set(results.map(briefOf))], ['done'])
})

test('SQL-27 an end that finds no room gets pieces of the reserve until it is stored, and commands beside it get none', (t) => {
  const db = database(t)
  const pages = (): number => db.one<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0
  const limit = (most: number): void => db.exec(`PRAGMA max_page_count = ${most}`)
  limit(pages())
  let given = 0
  const reserve: Reserve = {
    isWhole: () => given === 0,
    giveUp: () => {
      given += 1
      limit(pages() + given)
      return given <= 40
    },
  }
  const long = { ...auditOf('pty-end'), commandLine: 'x'.repeat(60_000) }
  const end = { name: 'appendAudit', input: { events: [long] } } as const
  const other = { name: 'appendAudit', input: { events: [{ ...long, action: 'setup' }] } } as const
  const full = 'database or disk is full'
  assert.deepEqual([run(db, reserve, [other]).results.map(briefOf), given], [[full], 0])
  assert.deepEqual(run(db, reserve, [other, end, other]).results.map(briefOf), [full, 'done', full])
  assert.ok(given > 1 && given < 40, `${given} pieces were given up`)
  const refusal = 'the disk is full; only commands that end something are accepted'
  assert.deepEqual(run(db, reserve, [other, end, other, end]).results.map(briefOf), [refusal, 'done', refusal, 'done'])
  const seqs = db.all<{ seq: number }>('SELECT seq FROM audit_events ORDER BY seq').map(({ seq }) => seq)
  assert.deepEqual(seqs, [1, 2, 3])
  limit(pages())
  given = 40
  assert.deepEqual(run(db, reserve, [end]).results.map(briefOf), [full])
})

function database(t: TestContext): Database {
  const db = openWriting(join(temporaryFolder(t), 'ends.db'))
  atEnd(t, () => db.close())
  migrate(db)
  return db
}

function run(db: Database, reserve: Reserve, commands: readonly PostedCommand[]): BatchResult {
  return runBatch({ db, chain: 'server', headKey: null, reserve }, commands)
}

function briefOf(result: BatchResult['results'][number]): string {
  return result.kind === 'done' ? 'done' : (result.error as Error).message
}
