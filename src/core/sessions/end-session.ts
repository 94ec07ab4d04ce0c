/** Core: ends sessions. If the subject has ended already, the call still answers only when no node can accept it any more. */

import type { Account } from '../accounts/account.ts'
import { authorise, hiddenFrom, holds } from '../administration/authorise.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import type { AuditAction } from '../audit/event.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { RevocationOutcome } from './commands.ts'
import type { Principal } from './principal.ts'

/** The actor and the request. */
export type Ending = { readonly by: Pick<Account, 'id' | 'username'>; readonly request: RequestFacts }

/** Ends one session with all its tokens. Returns `already` if it had ended. */
export function endSession(
  ports: Ports,
  session: { readonly row: number; readonly id: string },
  ending: Ending,
): Promise<RevocationOutcome> {
  return ports.store.execute('revoke', {
    target: { kind: 'session', sessionRow: session.row },
    nowMs: ports.clock.wallMs(),
    audit: event(ports, ending, { action: 'sign-out', subject: `session:${session.id}` }),
  })
}

/**
 * Ends the session of an accepted token.
 *
 * @throws TOKEN_REVOKED if another request ended it meanwhile: of parallel sign-outs one succeeds.
 */
export async function signOut(ports: Ports, principal: Principal, request: RequestFacts): Promise<void> {
  const outcome = await endSession(ports, principal.session, { by: principal.account, request })
  if (outcome.kind !== 'revoked') throw new Refusal('TOKEN_REVOKED')
}

/**
 * Ends every session of an account by rotating its epoch.
 *
 * @param expectedEpoch The epoch to end; null: the current one.
 * @throws TOKEN_REVOKED if the epoch has changed.
 */
export async function endAllSessions(
  ports: Ports,
  what: { readonly accountId: number; readonly expectedEpoch: string | null },
  ending: Ending,
): Promise<void> {
  const outcome = await ports.store.execute('revoke', {
    target: { kind: 'account_epoch', ...what, newEpoch: ports.random.uuid() },
    nowMs: ports.clock.wallMs(),
    audit: event(ports, ending, { action: 'revoke', subject: `account:${what.accountId}` }),
  })
  if (outcome.kind === 'stale') throw new Refusal('TOKEN_REVOKED')
  if (outcome.kind === 'missing') throw new Refusal('ACCOUNT_NOT_FOUND')
}

/**
 * Ends a session of the account, or of another account if the actor may.
 *
 * @throws SESSION_NOT_FOUND if there is none, or it is not theirs; BEYOND_OWN_PERMISSIONS if its account is an
 * administrator who holds more.
 */
export async function endSessionById(
  ports: Ports,
  id: string,
  ending: Ending & { readonly by: Account },
): Promise<void> {
  const session = await ports.store.sessionById(id)
  if (session === null) throw new Refusal('SESSION_NOT_FOUND')
  if (session.accountId !== ending.by.id) {
    if (!holds(ending.by, 'end-session')) throw hiddenFrom('end-session', 'SESSION_NOT_FOUND')
    const account = await ports.store.accountById(session.accountId)
    authorise(ending, 'end-session', account === null ? {} : { account })
  }
  await endSession(ports, session, ending)
}

function event(
  ports: Ports,
  ending: Ending,
  act: { readonly action: AuditAction; readonly subject: string },
): ReturnType<typeof auditEvent> {
  return auditEvent(ending.request, { account: ending.by, atMs: ports.clock.wallMs() }, act)
}
