/** Core: the atomic commands on servers, change requests and PTY sessions that every store offers. */
import type { AuditEvent } from '../audit/event.ts'
import type { AccountSeen } from '../sessions/commands.ts'
import type { ChangeRequest, PtyRole, PtySession, Server } from './server.ts'

/** A PTY token as the store keeps it. */
export type PtyTokenRow = {
  /** SHA-256 of the token. */
  readonly digest: Uint8Array
  readonly ptySessionId: string
  readonly accountId: number
  /** The session that minted it; the token ends with it. */
  readonly sessionRow: number
  readonly role: PtyRole
  readonly isStart: boolean
  /** Unix milliseconds. */
  readonly expiresAtMs: number
}

/** Atomic commands on the inventory and on PTY sessions; what changes access appends `access_changed`. */
export type TerminalCommands = {
  readonly addServer: {
    readonly input: { readonly server: Server; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'added' | 'name-taken' | 'address-taken' }
  }
  /** Replaces a server as a whole. */
  readonly changeServer: {
    readonly input: { readonly server: Server; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'changed' | 'missing' | 'address-taken' }
  }
  readonly removeServer: {
    readonly input: { readonly name: string; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'removed' | 'missing' }
  }
  readonly addChange: {
    readonly input: { readonly change: ChangeRequest; readonly audit: AuditEvent }
    readonly output:
      | { readonly kind: 'added' | 'id-taken' }
      | { readonly kind: 'server-missing'; readonly name: string }
  }
  readonly setChangeState: {
    readonly input: {
      readonly id: string
      readonly state: 'approved' | 'closed'
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    /** `closed`: it was closed, and stays so. */
    readonly output: { readonly kind: 'changed' | 'already' | 'missing' | 'closed' }
  }
  /** Stores a PTY session as `created` with its start token; checks that session and account live in the same transaction. */
  readonly startPtySession: {
    readonly input: {
      readonly ptySession: PtySession
      readonly token: PtyTokenRow
      readonly seen: AccountSeen
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'started' | 'stale' }
  }
  /** Stores a join token; checks session, account, and that the PTY session is active with a free slot for an implementor. */
  readonly joinPtySession: {
    readonly input: {
      readonly token: PtyTokenRow
      readonly seen: AccountSeen
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'joined' | 'stale' | 'not-active' | 'implementor-present' }
  }
  /** Uses a PTY token up: exactly one caller gets `consumed`, however many race. */
  readonly consumePtyToken: {
    readonly input: { readonly digest: Uint8Array; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output:
      | { readonly kind: 'consumed'; readonly token: PtyTokenRow }
      | { readonly kind: 'unknown' | 'used' | 'expired' | 'revoked' }
  }
  readonly setPtySessionState: {
    readonly input: {
      readonly id: string
      readonly state: PtySession['state']
      readonly implementorAccountId: number | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'changed' | 'missing' }
  }
}
