/** Core: the port of the store. A command is atomic and durable when its promise resolves; a read is one consistent snapshot. */
import type { Account } from './accounts/account.ts'
import type { AccountCommands } from './accounts/commands.ts'
import type { ThrottleKey, ThrottleState } from './accounts/throttle.ts'
import type { AuditCommands } from './audit/commands.ts'
import type { ChainedEvent, KeptHead } from './audit/event.ts'
import type { AuditSeal } from './audit/seal.ts'
import type { CredentialCommands, CredentialFilter } from './credentials/commands.ts'
import type { Credential } from './credentials/credential.ts'
import type { Dialect } from './dialects.ts'
import type { TokenRecord } from './memory/live-tokens.ts'
import type { OrganizationCommands } from './organizations/commands.ts'
import type { Member, Membership, Organization } from './organizations/organization.ts'
import type { LogPosition, RevocationEntry } from './revocation/log.ts'
import type { SessionCommands } from './sessions/commands.ts'
import type { Session } from './sessions/session.ts'
import type { AuthorityKey, AuthorityKeyName } from './terminals/authority-key.ts'
import type { TerminalCommands } from './terminals/commands.ts'
import type { ChangeRequest, PtyAttachment, PtySession, PtySessionFilter, Server } from './terminals/server.ts'
import type { PolicyDocument, PolicySubject } from './terminals/terminal-policy.ts'
import type { KeyCommands, StoredKey } from './tokens/commands.ts'

/**
 * All commands of a store: name -> input and output. A command reads, decides by pure functions of the core and writes,
 * in one serialisable transaction. Its entries of the revocation log are applied to memory before its promise resolves.
 */
export type Commands = AccountCommands &
  SessionCommands &
  CredentialCommands &
  OrganizationCommands &
  TerminalCommands &
  KeyCommands &
  AuditCommands

export type CommandName = keyof Commands

/** How a token is found: by its digest, and by its row number if the token carries one. */
export type TokenKey = { readonly digest: Uint8Array; readonly row: number | null }

/** The entries behind a position of the log; `history-changed`: the position is not in this log. */
export type LogRange =
  | { readonly kind: 'entries'; readonly entries: readonly RevocationEntry[] }
  | { readonly kind: 'history-changed' }

/** A page by key: the rows after it, or the first ones. Other work gets a turn before each page. */
export type Page<Key> = { readonly after: Key | null; readonly limit: number }

/** A page by number. */
export type Slice = { readonly limit: number; readonly offset: number; readonly isDescending?: boolean }

/** A filter for accounts by name; `sftpgoRole` is the role in the sftpgo attributes; null: any. */
export type NamedAccounts = { readonly role: Account['role']; readonly sftpgoRole: string | null }

/** A policy with its subject. */
export type SubjectPolicy = { readonly subject: PolicySubject; readonly policy: PolicyDocument }

/** Reads. Each is one consistent snapshot, and none but `organizations` reads a whole table. */
export type Reads = {
  readonly accountById: (id: number) => Promise<Account | null>
  readonly accountByUuid: (uuid: string) => Promise<Account | null>
  readonly accountByName: (username: string, role: Account['role']) => Promise<Account | null>
  readonly accountByEmail: (emailKey: string) => Promise<Account | null>
  /** Accounts of persons, oldest first, by number. */
  readonly accounts: (page: Page<number>) => Promise<readonly Account[]>
  /** Accounts of persons of one role, sorted by name, as one page. */
  readonly accountsByName: (wanted: NamedAccounts, page: Slice) => Promise<readonly Account[]>
  readonly hasAccounts: () => Promise<boolean>
  /** Returns whether an account belongs to the person. */
  readonly personExists: (person: string) => Promise<boolean>
  /** Every administrator, sorted by name. */
  readonly administrators: () => Promise<readonly Account[]>
  /** Returns whether there was ever an administrator, or an account before marks existed. */
  readonly wasAdministratorMade: () => Promise<boolean>
  readonly token: (key: TokenKey) => Promise<TokenRecord | null>
  /** The token whose refresh token has the row `row`, with the refresh token's digest and end. */
  readonly refreshToken: (row: number) => Promise<RefreshRecord | null>
  readonly liveSessions: (accountId: number) => Promise<readonly Session[]>
  readonly sessionById: (id: string) => Promise<Session | null>
  readonly credentialById: (id: string) => Promise<Credential | null>
  /** Matching credentials, oldest first. */
  readonly credentials: (filter: CredentialFilter) => Promise<readonly Credential[]>
  /** API keys of one dialect, sorted by id, as one page. */
  readonly apiKeys: (dialect: Dialect, page: Slice) => Promise<readonly Credential[]>
  readonly organizationById: (id: string) => Promise<Organization | null>
  readonly organizationByName: (name: string) => Promise<Organization | null>
  /** All organizations, sorted by name, for the command line. */
  readonly organizations: () => Promise<readonly Organization[]>
  readonly memberships: (accountId: number) => Promise<readonly Membership[]>
  /** Members, oldest account first, by number. */
  readonly members: (organizationId: string, page: Page<number>) => Promise<readonly Account[]>
  readonly memberCount: (organizationId: string) => Promise<number>
  /** Members with the times at which they joined, in that order. */
  readonly memberList: (organizationId: string, page: Slice) => Promise<readonly Member[]>
  readonly throttle: (keys: readonly ThrottleKey[]) => Promise<readonly ThrottleState[]>
  /** The stored time of the throttle in milliseconds; 0: there is none. */
  readonly throttleTime: () => Promise<number>
  /** Returns whether the account signed in from the address after `since` (Unix ms); the address is a keyed digest. */
  readonly isKnownAddress: (accountId: number, address: Uint8Array, sinceMs: number) => Promise<boolean>
  readonly serverByName: (name: string) => Promise<Server | null>
  readonly serverByAddress: (address: string) => Promise<Server | null>
  /** Servers, sorted by name. */
  readonly servers: (page: Page<string>) => Promise<readonly Server[]>
  readonly hasSshServers: () => Promise<boolean>
  readonly changeById: (id: string) => Promise<ChangeRequest | null>
  /** Change requests, sorted by id. */
  readonly changes: (page: Page<string>) => Promise<readonly ChangeRequest[]>
  readonly ptySessionById: (id: string) => Promise<PtySession | null>
  /** Newest first; `before` is the last row of the previous page. */
  readonly ptySessions: (filter: PtySessionFilter, page: PtySessionPage) => Promise<readonly PtySession[]>
  /** Attachments of one PTY session, oldest first. */
  readonly ptyAttachments: (ptySessionId: string) => Promise<readonly PtyAttachment[]>
  /** Policies with their subjects, sorted by subject. */
  readonly policies: (page: Page<PolicySubject>) => Promise<readonly SubjectPolicy[]>
  readonly policy: (subject: PolicySubject) => Promise<PolicyDocument | null>
  /** JSON texts of the catalogues of the named groups, sorted by group; null: of every group. */
  readonly catalogues: (groups: readonly string[] | null) => Promise<ReadonlyMap<string, string>>
  readonly authorityKey: (name: AuthorityKeyName) => Promise<AuthorityKey | null>
  readonly keys: () => Promise<readonly StoredKey[]>
  /** At most 10,000 entries after `position`, oldest first, if the entry at `position` is still the same. */
  readonly log: (position: LogPosition) => Promise<LogRange>
  readonly logHead: () => Promise<LogPosition>
  readonly auditEvents: (chain: string, page: { afterSeq: number; limit: number }) => Promise<readonly ChainedEvent[]>
  readonly auditHeads: () => Promise<readonly KeptHead[]>
  /** Seals after a number, oldest first. */
  readonly auditSeals: (page: { afterSeq: number; limit: number }) => Promise<readonly AuditSeal[]>
  readonly lastAuditSeal: () => Promise<AuditSeal | null>
}

/** One page of PTY sessions: at most `limit`, after the row `before` of the list. */
export type PtySessionPage = {
  readonly limit: number
  readonly before: { readonly createdAtMs: number; readonly id: string } | null
}

/** A refresh token with what an exchange needs. */
export type RefreshRecord = TokenRecord & {
  readonly refreshDigest: Uint8Array
  /** Unix seconds. */
  readonly refreshExpiresAt: number
}

/** Rows whose numbers the process takes before it writes them, so that a token can carry its number. */
export type NumberedRows = 'session' | 'token'

/** A store of one node or of many. */
export type Store = Reads & {
  /**
   * Runs one command; resolves when it is durable.
   * @throws STORE_UNAVAILABLE if it could not be made durable: then it has no effect, or its outcome is unknown.
   */
  readonly execute: <Name extends CommandName>(
    name: Name,
    input: Commands[Name]['input'],
  ) => Promise<Commands[Name]['output']>
  /** Returns a number that no other row of this kind has or will have. */
  readonly nextRow: (rows: NumberedRows) => number
  /** Sets the listener for entries that commands of this process appended; it runs before their promises resolve. */
  readonly onRevocations: (listener: (entries: readonly RevocationEntry[]) => Promise<void>) => void
  readonly close: () => Promise<void>
}
