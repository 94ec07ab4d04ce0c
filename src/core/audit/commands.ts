/** Core: the commands of a store on the audit trail. */
import type { AuditEvent } from './event.ts'
import type { AuditSeal } from './seal.ts'

/** Atomic commands on the audit trail. */
export type AuditCommands = {
  /** Appends events without another command. */
  readonly appendAudit: {
    readonly input: { readonly events: readonly AuditEvent[] }
    readonly output: { readonly kind: 'done' }
  }
  /** Stores a seal that follows the newest one; `raced`: there is a newer one by now. */
  readonly appendAuditSeal: {
    readonly input: { readonly seal: AuditSeal }
    readonly output: { readonly kind: 'appended' | 'raced' }
  }
}
