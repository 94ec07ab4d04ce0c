/** Core: the inventory; servers that terminals lead to, change requests that open them, PTY sessions that run there. */

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
}

/** Ids of accounts, servers and changes: they enter key ids, file names and known_hosts. */
export const inventoryName: RegExp = /^[A-Za-z0-9._-]{1,64}$/
