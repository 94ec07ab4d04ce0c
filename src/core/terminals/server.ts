/** Core: the inventory: servers, change requests, and the PTY sessions on them. */

import type { EndReason } from './ends.ts'

/** A host of the inventory. */
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
  /** OpenSSH public key line; ssh needs one of the two. */
  readonly hostKey: string | null
  readonly hostCa: string | null
}

/** A window in which named groups may work on named servers, approved or not yet. */
export type ChangeRequest = {
  readonly id: string
  readonly summary: string
  readonly servers: readonly string[]
  readonly osUsers: readonly string[]
  readonly groups: readonly string[]
  /** Unix milliseconds; both ends are outside the window. */
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly state: 'requested' | 'approved' | 'closed'
  /** Persons, for four eyes; null: not given. */
  readonly requestedBy: string | null
  readonly approvedBy: string | null
}

/** Why a terminal is opened. */
export type Purpose = 'change_request' | 'health_check'

/** What an attachment may do. */
export type PtyRole = 'implementor' | 'observer'

/** One terminal on one server as one OS user. */
export type PtySession = {
  /** v4 UUID. */
  readonly id: string
  readonly state: 'created' | 'active' | 'closed'
  readonly purpose: Purpose
  readonly changeId: string | null
  readonly serverName: string
  readonly osUser: string
  readonly startedByAccountId: number
  /** The account of the implementor now. */
  readonly implementorAccountId: number | null
  readonly createdAtMs: number
  /** When the first socket attached; null: never. */
  readonly activeAtMs: number | null
  readonly closedAtMs: number | null
  /** Why it ended, or must end while it still runs; null: neither. */
  readonly endReason: EndReason | null
  /** Exit status of the program; null while it runs, and if it is not known. */
  readonly exitCode: number | null
}

/** One account that is or was attached to a PTY session. */
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

/** A filter for PTY sessions; null members do not filter. */
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
    /** What a policy lets the account observe, by itself or by a group. */
    readonly watched: PolicySubjects
    /** Includes every live session. */
    readonly isLiveOpen?: boolean
    /** Includes every ended session. */
    readonly isClosedOpen?: boolean
  } | null
  /** Unix milliseconds of creation; from is included, to is not. */
  readonly createdFromMs: number | null
  readonly createdToMs: number | null
}

/** The subjects that policies can have, by name. */
export type PolicySubjects = {
  readonly groups: readonly string[]
  readonly serverNames: readonly string[]
  readonly changeIds: readonly string[]
}

/** Ids of accounts, servers and change requests: they become parts of key ids, file names and known_hosts. */
export const inventoryName: RegExp = /^[A-Za-z0-9._-]{1,64}$/
