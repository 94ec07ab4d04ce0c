/** Store contract: shared by its tests of PTY sessions: signed-in callers, and the terminals that they open. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Account } from '../../../src/core/accounts/account.ts'
import type { Commands, Store } from '../../../src/core/store.ts'
import type { PtyTokenRow } from '../../../src/core/terminals/commands.ts'
import type { PtySession } from '../../../src/core/terminals/server.ts'
import { auditOf, ptySession, ptyToken, roomyLimits, startMs } from '../../fixtures/records.ts'
import { addAccount, createSession, effectsOf, kindOf } from './harness.ts'

/** An account with a live session. */
export type Caller = { readonly account: Account; readonly sessionRow: number }

/** A PTY session with its start token. */
export type Started = { readonly ptySession: PtySession; readonly token: PtyTokenRow }

/** Returns a new account that is signed in. */
export async function signedIn(store: Store): Promise<Caller> {
  const account = await addAccount(store)
  const { session } = await createSession(store, account)
  return { account, sessionRow: session.row }
}

/** The facts of a token about its holder. */
export function idsOf({ account, sessionRow }: Caller): { readonly accountId: number; readonly sessionRow: number } {
  return { accountId: account.id, sessionRow }
}

/** The caller's account as it was seen. */
export function seenOf({ account }: Caller): { readonly epoch: string; readonly passwordHash: string | null } {
  return { epoch: account.epoch, passwordHash: account.passwordHash }
}

/** Returns the input that starts a PTY session of a caller. */
export function startInput(caller: Caller, parts: Partial<PtySession> = {}): Commands['startPtySession']['input'] {
  const started = ptySession({ startedByAccountId: caller.account.id, ...parts })
  return {
    ptySession: started,
    token: ptyToken({ ...idsOf(caller), ptySessionId: started.id }),
    seen: seenOf(caller),
    limits: roomyLimits,
    nowMs: startMs,
    audit: auditOf('pty-start'),
  }
}

/** Starts a PTY session without opening it. */
export async function startedBy(store: Store, caller: Caller, parts: Partial<PtySession> = {}): Promise<Started> {
  const input = startInput(caller, parts)
  assert.equal(kindOf(await store.execute('startPtySession', input)), 'started')
  return input
}

/** Stores a join token of a caller. */
export async function joinedBy(
  store: Store,
  caller: Caller,
  parts: Partial<PtyTokenRow> & Pick<PtyTokenRow, 'ptySessionId'>,
): Promise<PtyTokenRow> {
  const token = ptyToken({ ...idsOf(caller), isStart: false, role: 'observer', ...parts })
  assert.equal(kindOf(await store.execute('joinPtySession', joinInput(caller, token))), 'joined')
  return token
}

/** Returns the input that stores a join token of a caller. */
export function joinInput(caller: Caller, token: PtyTokenRow): Commands['joinPtySession']['input'] {
  return { token, seen: seenOf(caller), limits: roomyLimits, nowMs: startMs, audit: auditOf('pty-join') }
}

/** Returns the input that attaches the holder of a token. */
export function attachInput(digest: Uint8Array, nowMs: number = startMs): Commands['attachPtyToken']['input'] {
  const attachmentId = randomUUID()
  return { digest, attachmentId, ip: '192.0.2.7', limits: roomyLimits, nowMs, audit: auditOf('pty-attach') }
}

/** Attaches the holder of a token and returns the id of the attachment. */
export async function attach(store: Store, { digest }: PtyTokenRow, nowMs: number = startMs): Promise<string> {
  const input = attachInput(digest, nowMs)
  assert.equal(kindOf(await store.execute('attachPtyToken', input)), 'attached')
  return input.attachmentId
}

/** Writes the end of an attachment. */
export function detach(
  store: Store,
  attachmentId: string,
  parts: Partial<Commands['detachPtyAttachment']['input']> = {},
): ReturnType<typeof effectsOf<'detachPtyAttachment'>> {
  const input = { attachmentId, cause: 'left', freesSlot: true, nowMs: startMs, audit: auditOf('pty-detach') }
  return effectsOf(store, 'detachPtyAttachment', { ...input, ...parts })
}

/** Ends the session of a caller. */
export async function endSession(store: Store, { sessionRow }: Caller): Promise<void> {
  const target = { kind: 'session', sessionRow } as const
  await store.execute('revoke', { target, nowMs: startMs, audit: auditOf('revoke') })
}
