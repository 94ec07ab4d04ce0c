/** Core: the atomic commands on the audit trail that every store offers. */
import type { AuditEvent } from './event.ts'

/** Atomic commands on the audit trail. */
export type AuditCommands = {
  /** Appends events that belong to no other command. */
  readonly appendAudit: {
    readonly input: { readonly events: readonly AuditEvent[] }
    readonly output: { readonly kind: 'done' }
  }
  /** Keeps a signature over the head of a chain. */
  readonly signAuditHead: {
    readonly input: {
      readonly chain: string
      readonly seq: number
      readonly hash: string
      readonly signature: string
      readonly nowMs: number
    }
    readonly output: { readonly kind: 'done' }
  }
}
