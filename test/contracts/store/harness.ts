/** Store contract: shared by its tests: the store under test, the effects of a command, and sample accounts and sessions. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Account } from '../../../src/core/accounts/account.ts'
import type { NewAccount } from '../../../src/core/accounts/commands.ts'
import type { Credential } from '../../../src/core/credentials/credential.ts'
import type { NewSession } from '../../../src/core/sessions/commands.ts'
import type { TokenRow } from '../../../src/core/sessions/token.ts'
import type { CommandName, Commands, Store } from '../../../src/core/store.ts'
import { auditOf, controlToken, digestOf, newAccount, newSession, startMs } from '../../fixtures/records.ts'

/** A store with its own database. */
export type StoreUnderTest = {
  readonly store: Store
  /** Opens the same database again, as a command beside the server does. */
  readonly openSecond: () => Promise<Store>
  /** Closes the store and opens it again. */
  readonly reopen: () => Promise<Store>
  /** Closes every opened store, and removes the database. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Opens a store with a new database. */
export type OpenStore = () => Promise<StoreUnderTest>

/** Returns the store that the tests of a suite share. */
export type Shared = () => StoreUnderTest

/** The answer of a command and its effects: entries as `kind subject`, events as `action outcome code`. */
export type Effects<Output> = {
  readonly output: Output
  readonly log: readonly string[]
  readonly audit: readonly string[]
}

/** Runs a command and returns its answer and effects. */
export async function effectsOf<Name extends CommandName>(
  store: Store,
  name: Name,
  input: Commands[Name]['input'],
): Promise<Effects<Commands[Name]['output']>> {
  const position = await store.logHead()
  const heads = new Map((await store.auditHeads()).map(({ chain, seq }) => [chain, seq]))
  const output = await store.execute(name, input)
  const range = await store.log(position)
  assert.equal(range.kind, 'entries')
  const events = await Promise.all(
    (await store.auditHeads()).map(({ chain }) =>
      store.auditEvents(chain, { afterSeq: heads.get(chain) ?? 0, limit: 100 }),
    ),
  )
  return {
    output,
    log: range.kind === 'entries' ? range.entries.map(({ kind, subject }) => `${kind} ${subject}`) : [],
    audit: events.flat().map(({ text }) => summaryOf(text)),
  }
}

/** The effects of a refused command: its answer, and nothing else. */
export function refused<Kind extends string>(kind: Kind): Effects<{ kind: Kind }> {
  return { output: { kind }, log: [], audit: [] }
}

/** Adds an account. */
export async function addAccount(store: Store, parts: Partial<NewAccount> = {}): Promise<Account> {
  const added = await store.execute('addAccount', {
    account: newAccount(parts),
    asFirstAdmin: false,
    nowMs: startMs,
    audit: auditOf('account-add'),
  })
  assert.equal(added.kind, 'added')
  return added.kind === 'added' ? added.account : assert.fail()
}

/** A created session, with its first token. */
export type Created = { readonly session: NewSession; readonly token: TokenRow }

/** Returns the input that creates a session of an account with a token of `control`. */
export function sessionInput(
  store: Store,
  account: Account,
  parts: Partial<Commands['createSession']['input']> = {},
): Commands['createSession']['input'] {
  const session = newSession({ account, row: store.nextRow('session') })
  return {
    session,
    token: controlToken({ row: store.nextRow('token'), sessionRow: (parts.session ?? session).row }),
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    parentSessionRow: null,
    signIn: null,
    keepNewest: null,
    nowMs: startMs,
    audit: auditOf('sign-in'),
    ...parts,
  }
}

/** Creates a session. */
export async function createSession(
  store: Store,
  account: Account,
  parts: Partial<Commands['createSession']['input']> = {},
): Promise<Created> {
  const input = sessionInput(store, account, parts)
  assert.deepEqual(await store.execute('createSession', input), { kind: 'created' })
  return { session: input.session, token: input.token }
}

/** Returns the input that exchanges a token for a new one of its kind. */
export function exchangeInput(
  store: Store,
  token: TokenRow,
  parts: Partial<Commands['exchangeToken']['input']> = {},
): Commands['exchangeToken']['input'] {
  const row = store.nextRow('token')
  return {
    mode: token.refreshDigest === null ? 'access' : 'refresh',
    tokenRow: token.row,
    presentedDigest: token.refreshDigest ?? token.accessDigest,
    successor: { ...token, ...controlToken({ row, sessionRow: token.sessionRow }) },
    sealedAnswer: new TextEncoder().encode(`sealed answer ${row}`),
    maxLiveTokens: 8,
    presentedEndsAt: null,
    nowMs: startMs,
    audit: auditOf('refresh'),
    ...parts,
  }
}

/** Returns only the name of an outcome. */
export function kindOf(outcome: { readonly kind: string }): string {
  return outcome.kind
}

function summaryOf(text: string): string {
  const { action, outcome, code } = JSON.parse(text) as Record<string, string | undefined>
  return [action, outcome, code].filter((part) => part !== undefined).join(' ')
}

/** Returns a credential with the given members. */
export function sampleCredential(parts: Partial<Credential>): Credential {
  return {
    id: randomUUID(),
    kind: 'access-token',
    dialect: 'koyeb',
    name: 'pipeline',
    description: '',
    accountId: null,
    organizationId: null,
    role: null,
    secretDigest: digestOf('secret'),
    sessionRow: null,
    createdAtMs: startMs,
    updatedAtMs: startMs,
    lastUsedAtMs: null,
    expiresAtMs: null,
    ...parts,
  }
}
