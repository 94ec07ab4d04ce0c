/** Core: makes audit events from the facts of a request. */
import type { AuditAction, AuditContext, AuditEvent } from './event.ts'

/** The facts of a request that its audit events carry, before the account is known. */
export type RequestFacts = Omit<AuditContext, 'atMs' | 'accountId' | 'username'>

/** The facts of an event without a request: the server acted by itself. */
export const byServer: RequestFacts = { by: 'server', ip: null, requestId: null, activity: null, commandLine: null }

/** What happened, besides the facts of the request. */
export type Act = Pick<AuditEvent, 'code' | 'subject' | 'detail'> & {
  readonly action: AuditAction
  readonly outcome?: 'ok' | 'refused'
}

/** Returns an event of something that `account` did, or that was tried under an unknown name. */
export function auditEvent(
  request: RequestFacts,
  who: { readonly account: { readonly id: number; readonly username: string } | null; readonly atMs: number },
  act: Act,
): AuditEvent {
  return {
    ...request,
    atMs: who.atMs,
    accountId: who.account?.id ?? null,
    username: who.account?.username ?? null,
    outcome: 'ok',
    ...act,
  }
}
