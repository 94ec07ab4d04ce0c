/** Core: the event that says that the audit trail is broken. */
import type { AuditEvent } from './event.ts'

/** Why the trail is broken. `chain`, `seq`: the newest event that is not reliable; `seal`: the number of a seal. */
export type TrailBreak =
  /** The head of a chain was written without the master key. */
  | { readonly kind: 'foreign-head'; readonly chain: string; readonly seq: number }
  /** The event that the newest seal names is missing or different. */
  | { readonly kind: 'unlike-signed'; readonly chain: string; readonly seq: number }
  /** An event after it does not follow from the one before. */
  | { readonly kind: 'altered'; readonly chain: string; readonly seq: number }
  /** The newest seal was made with another key. */
  | { readonly kind: 'seal-forged'; readonly seal: number }
  /** There is a key, and its seals are missing. */
  | { readonly kind: 'seals-missing' }
  /** The trail mentions a key, and there was none. */
  | { readonly kind: 'key-missing' }

/** Returns the event of a break. */
export function brokenTrail(found: TrailBreak, atMs: number): AuditEvent {
  const { kind, ...where } = found
  return {
    atMs,
    by: 'server',
    accountId: null,
    username: null,
    ip: null,
    requestId: null,
    activity: null,
    commandLine: null,
    action: 'audit-broken',
    outcome: 'refused',
    ...('chain' in found ? { subject: `audit-chain:${found.chain}` } : {}),
    detail: { found: kind, ...where },
  }
}
