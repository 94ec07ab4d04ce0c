/** Core: the event that tells that the audit trail does not go on from where it was left. */
import type { AuditEvent } from './event.ts'

/** Why the trail is broken. `chain`, `seq`: the newest event that is not to be relied on; `seal`: the number of a seal. */
export type TrailBreak =
  /** The head of a chain was written by somebody without the master key. */
  | { readonly kind: 'foreign-head'; readonly chain: string; readonly seq: number }
  /** The event that the newest seal names is gone, or another one. */
  | { readonly kind: 'unlike-signed'; readonly chain: string; readonly seq: number }
  /** An event after it does not follow from the one before. */
  | { readonly kind: 'altered'; readonly chain: string; readonly seq: number }
  /** The newest seal was not made with the key of this installation. */
  | { readonly kind: 'seal-forged'; readonly seal: number }
  /** There is a key, and seals that were made with it are gone. */
  | { readonly kind: 'seals-missing' }
  /** The trail tells of a key, and there was none. */
  | { readonly kind: 'key-missing' }

/** Returns the event that tells of a break. */
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
