/** Core: the atomic commands on the audit trail that every store offers. */
import type { AuditEvent } from './event.ts'
import type { AuditSeal } from './seal.ts'

/** Atomic commands on the audit trail. */
export type AuditCommands = {
  /** Appends events that belong to no other command. */
  readonly appendAudit: {
    readonly input: { readonly events: readonly AuditEvent[] }
    readonly output: { readonly kind: 'done' }
  }
  /** Keeps a seal that follows the newest one; `raced` when that is another one by now. */
  readonly appendAuditSeal: {
    readonly input: { readonly seal: AuditSeal }
    readonly output: { readonly kind: 'appended' | 'raced' }
  }
}
