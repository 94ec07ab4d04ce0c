/** Core: the inventory; servers that terminals lead to, change requests that open them, PTY sessions that run there. */

import type { EndReason } from './ends.ts'

/** A host in the inventory. */
export type Server = {
  /** `[A-Za-z0-9._-]{1,64}`. */
  readonly name: string
  /** Canonical IP literal, unique in the inventory. */
  readonly address: string
  readonly port: number
  readonly transport: 'ssh' | 'local'
  readonly osUsers: readonly string[]
  /** Groups whose members may reach it. */
  readonly groups: readonly string[]
  /** OpenSSH public key line; one of the two is present for ssh. */
  readonly hostKey: string | null
  readonly hostCa: string | null
}

/** An approved, or not yet approved, window in which named groups may work on named servers. */
export type ChangeRequest = {
  readonly id: string
  readonly summary: string
  readonly servers: readonly string[]
  readonly osUsers: readonly string[]
  readonly groups: readonly string[]
  /** Unix milliseconds; the window is strictly between the two. */
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly state: 'requested' | 'approved' | 'closed'
  /** Persons as four eyes compares them; null: not told. */
  readonly requestedBy: string | null
  readonly approvedBy: string | null
}

/** Why a terminal is opened. */
export type Purpose = 'change_request' | 'health_check'

/** What an attachment may do. */
export type PtyRole = 'implementor' | 'observer'

/** One running terminal on one server as one OS user. */
export type PtySession = {
  /** v4 UUID. */
  readonly id: string
  readonly state: 'created' | 'active' | 'closed'
  readonly purpose: Purpose
  readonly changeId: string | null
  readonly serverName: string
  readonly osUser: string
  readonly startedByAccountId: number
  /** The account that holds the implementor slot now. */
  readonly implementorAccountId: number | null
  readonly createdAtMs: number
  /** When the first socket opened; null: never. */
  readonly activeAtMs: number | null
  readonly closedAtMs: number | null
  /** Why it is over, or why its end was asked for while it still runs; null: neither. */
  readonly endReason: EndReason | null
  /** Exit status of the program; null while it runs, and where it was never known. */
  readonly exitCode: number | null
}

/** One account that was, or is, attached to a PTY session. */
export type PtyAttachment = {
  /** v4 UUID. */
  readonly id: string
  readonly ptySessionId: string
  readonly accountId: number
  readonly username: string
  readonly role: PtyRole
  readonly ip: string
  readonly joinedAtMs: number
  /** null while it is attached. */
  readonly leftAtMs: number | null
  /** Why it left: `left`, `dropped`, or the end of the session. */
  readonly cause: string | null
}

/** Which PTY sessions are wanted; what is null is not asked. */
export type PtySessionFilter = {
  readonly state: PtySession['state'] | null
  readonly purpose: Purpose | null
  readonly changeId: string | null
  readonly serverName: string | null
  readonly startedByAccountId: number | null
  /** Only sessions that the account started, was attached to, or may reach by its groups; null: all. */
  readonly reach: {
    readonly accountId: number
    readonly groups: readonly string[]
    /** What a policy calls the account to observe: its own, or that of a group. */
    readonly watched: PolicySubjects
    /** Every session that is not over belongs to it. */
    readonly isLiveOpen?: boolean
    /** Every session that is over belongs to it. */
    readonly isClosedOpen?: boolean
  } | null
  /** Unix milliseconds of creation, from included, to excluded. */
  readonly createdFromMs: number | null
  readonly createdToMs: number | null
}

/** Names of what policies are of. */
export type PolicySubjects = {
  readonly groups: readonly string[]
  readonly serverNames: readonly string[]
  readonly changeIds: readonly string[]
}

/** Ids of accounts, servers and changes: they enter key ids, file names and known_hosts. */
export const inventoryName: RegExp = /^[A-Za-z0-9._-]{1,64}$/
