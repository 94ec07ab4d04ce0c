/** Core: ends PTY sessions. A user who may not know of a session gets the answer for one that does not exist. */
import type { Account } from '../accounts/account.ts'
import { type Administrator, hiddenFrom, holds } from '../administration/authorise.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { EndReason } from './ends.ts'
import type { KnownPtySession } from './pty-session-reach.ts'

/**
 * Ends a PTY session. An administrator who may end terminals can end any; its implementor and its observers can end
 * theirs; its starter can end one that was never opened. While the slot is free, the last implementor can end it. If it
 * has ended, nothing is written.
 *
 * @throws PTY_SESSION_NOT_FOUND if there is none, or the account may not end it.
 */
export async function endPtySession(
  ports: Pick<Ports, 'store' | 'clock'>,
  id: string,
  ending: { readonly by: Pick<Account, 'id' | 'username'> & Administrator; readonly request: RequestFacts },
): Promise<void> {
  const { by, request } = ending
  const ptySession = await ports.store.ptySessionById(id)
  if (ptySession === null) throw new Refusal('PTY_SESSION_NOT_FOUND')
  const reason = reasonOf({ ptySession, attachments: await ports.store.ptyAttachments(id) }, by)
  if (reason === null) throw hiddenFrom('end-terminal', 'PTY_SESSION_NOT_FOUND')
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('endPtySession', {
    id,
    reason,
    nowMs,
    audit: auditEvent(
      request,
      { account: by, atMs: nowMs },
      { action: 'pty-end', subject: `pty_session:${id}`, detail: { reason } },
    ),
  })
  if (result.kind === 'missing') throw new Refusal('PTY_SESSION_NOT_FOUND')
}

function reasonOf(
  { ptySession, attachments }: KnownPtySession,
  by: Pick<Account, 'id'> & Administrator,
): EndReason | null {
  if (holds(by, 'end-terminal')) return 'ended-by-admin'
  const own = attachments.filter(({ accountId }) => accountId === by.id)
  const holder = ptySession.implementorAccountId
  const held = ptySession.startedByAccountId === by.id || own.some(({ role }) => role === 'implementor')
  if (holder === by.id || (holder === null && held)) return 'ended-by-implementor'
  const isWatching = own.some(({ role, leftAtMs }) => role === 'observer' && isThere(leftAtMs, ptySession.closedAtMs))
  return isWatching ? 'ended-by-observer' : null
}

/** All attachments leave with the end, and may ask for it again. */
function isThere(leftAtMs: number | null, closedAtMs: number | null): boolean {
  return leftAtMs === null || leftAtMs === closedAtMs
}
