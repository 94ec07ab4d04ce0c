/** Core: the commands of a store on servers, change requests and PTY sessions. */

import type { Account } from '../accounts/account.ts'
import type { AuditEvent } from '../audit/event.ts'
import type { AuditSeal } from '../audit/seal.ts'
import type { AccountSeen } from '../sessions/commands.ts'
import type { Session } from '../sessions/session.ts'
import type { AuthorityKeyName } from './authority-key.ts'
import type { EndReason } from './ends.ts'
import type { ChangeRequest, PtyRole, PtySession, Server } from './server.ts'
import type { PolicyDocument, PolicySubject } from './terminal-policy.ts'

/** A PTY token as it is stored. */
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

/** The limits of one account. */
export type PtyLimits = {
  /** Terminals that it implements, or implemented last. */
  readonly terminals: number
  /** PTY tokens that are neither used nor expired. */
  readonly unusedTokens: number
}

/** The limit that an account has reached. */
export type PtyLimitRefusal =
  | { readonly kind: 'too-many-terminals' }
  /** `freeAtMs`: Unix milliseconds at which the first of the tokens expires. */
  | { readonly kind: 'too-many-tokens'; readonly freeAtMs: number }

/** Atomic commands on the inventory and on PTY sessions. A command that changes access appends `access_changed`. */
export type TerminalCommands = {
  readonly addServer: {
    readonly input: { readonly server: Server; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'added' | 'name-taken' | 'address-taken' }
  }
  /** Replaces the whole server. */
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
      /** The person who approves; undefined or null: it stays as it is. */
      readonly approvedBy?: string | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    /** `closed`: it was closed before, and stays so. */
    readonly output: { readonly kind: 'changed' | 'already' | 'missing' | 'closed' }
  }
  /**
   * Stores a PTY session as `created` with its start token. Checks session, account and limits in the same transaction.
   */
  readonly startPtySession: {
    readonly input: {
      readonly ptySession: PtySession
      readonly token: PtyTokenRow
      readonly seen: AccountSeen
      readonly limits: PtyLimits
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'started' } | { readonly kind: 'stale' } | PtyLimitRefusal
  }
  /**
   * Stores a join token. Checks session, account and limits, that the PTY session is active, and for an implementor
   * that the slot is free.
   */
  readonly joinPtySession: {
    readonly input: {
      readonly token: PtyTokenRow
      readonly seen: AccountSeen
      readonly limits: PtyLimits
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output:
      | { readonly kind: 'joined' }
      | { readonly kind: 'stale' }
      | { readonly kind: 'not-active' }
      | { readonly kind: 'implementor-present' }
      | PtyLimitRefusal
  }
  /**
   * Uses a PTY token, once for all callers that race. Checks token, session, account and the limit of terminals, takes
   * the slot for an implementor, makes the PTY session active, and stores the attachment.
   */
  readonly attachPtyToken: {
    readonly input: {
      readonly digest: Uint8Array
      readonly attachmentId: string
      readonly ip: string
      readonly limits: Pick<PtyLimits, 'terminals'>
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output:
      | {
          readonly kind: 'attached'
          readonly token: PtyTokenRow
          readonly account: Account
          readonly session: Session
          readonly ptySession: PtySession
        }
      | {
          readonly kind:
            | 'unknown'
            | 'used'
            | 'expired'
            | 'revoked'
            | 'closed'
            | 'implementor-present'
            | 'too-many-terminals'
        }
  }
  /** Stores the end of an attachment; `freesSlot`: the implementor's slot becomes free. Idempotent. */
  readonly detachPtyAttachment: {
    readonly input: {
      readonly attachmentId: string
      readonly cause: string
      readonly freesSlot: boolean
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'detached' | 'missing' }
  }
  /** Frees the implementor's slot while its attachment may still resume. */
  readonly freePtySlot: {
    readonly input: { readonly ptySessionId: string; readonly accountId: number }
    readonly output: { readonly kind: 'freed' | 'missing' }
  }
  /** Takes a free slot back for an attachment that resumes. */
  readonly retakePtySlot: {
    readonly input: { readonly ptySessionId: string; readonly accountId: number }
    readonly output: { readonly kind: 'taken' | 'implementor-present' | 'missing' }
  }
  /** Stores the end of a PTY session and of its remaining attachments. Idempotent: the first end stays. */
  readonly closePtySession: {
    readonly input: {
      readonly id: string
      readonly reason: EndReason
      /** Exit status of the program; null if it is not known. */
      readonly exitCode: number | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'closed' | 'already' | 'missing' }
  }
  /**
   * Asks the node that runs a PTY session to end it: appends `pty_session` to the log. A session that was never opened
   * is closed at once.
   */
  readonly endPtySession: {
    readonly input: {
      readonly id: string
      readonly reason: EndReason
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'asked' | 'already' | 'missing' }
  }
  /** Closes every PTY session that a process left without an end, with `node-lost`; returns their ids. */
  readonly closeLostPtySessions: {
    readonly input: { readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: { readonly ids: readonly string[] }
  }
  /** Sets, replaces or (null) removes a policy. Terminals under it are judged again. */
  readonly setPolicy: {
    readonly input: {
      readonly subject: PolicySubject
      readonly policy: PolicyDocument | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'set' | 'removed' | 'missing' }
  }
  /** Sets, replaces or (null) removes the catalogue of a group, as the JSON text of its checked document. */
  readonly setCatalogue: {
    readonly input: {
      readonly group: string
      readonly catalogue: string | null
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'set' | 'removed' | 'missing' }
  }
  /**
   * Stores a key that an installation creates once; the first one stays. `firstSeal` comes with the key `audit`: from
   * then on the head of each chain is marked.
   */
  readonly addAuthorityKey: {
    readonly input: {
      readonly name: AuthorityKeyName
      readonly sealed: Uint8Array
      readonly publicKey: string
      readonly nowMs: number
      readonly firstSeal?: AuditSeal
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'added' | 'exists' }
  }
}
