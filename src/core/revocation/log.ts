/** Core: the revocation log: an append-only list of what ended, and the one table of what an entry covers. */

/** The kind of an entry; see `coversToken` for its reach. */
export type RevocationKind =
  | 'token'
  | 'session'
  | 'account_epoch'
  | 'membership'
  | 'organization'
  | 'credential'
  | 'pty_session'
  | 'access_changed'

/** One entry of the log. */
export type RevocationEntry = {
  /** 1, 2, 3 ... in commit order. */
  readonly seq: number
  /** Random; distinguishes entries of one number after the log was restored. */
  readonly tag: string
  readonly kind: RevocationKind
  /** Written by the functions of `subject`. */
  readonly subject: string
  readonly atMs: number
}

/** The position of a reader: the last entry that it has applied. */
export type LogPosition = { readonly seq: number; readonly tag: string }

/** The position before the first entry. */
export const logStart: LogPosition = { seq: 0, tag: '' }

/** Writes the subject of an entry of each kind. */
export const subject = {
  /** The SHA-256 of the access token, in hex. */
  token: (accessDigest: Uint8Array): string => toHex(accessDigest),
  session: (row: number): string => String(row),
  /** `keptSessionRow` is the session that stays under the new epoch; 0: none. */
  accountEpoch: (accountId: number, endedEpoch: string, keptSessionRow: number): string =>
    `${accountId}:${endedEpoch}:${keptSessionRow}`,
  membership: (accountId: number, organizationId: string): string => `${accountId}:${organizationId}`,
  organization: (organizationId: string): string => organizationId,
  ptySession: (id: string): string => id,
  /** `session`: one that stays under the new epoch of the entry before it. */
  access: (what: 'account' | 'session' | 'change' | 'server' | 'group', id: string): string => `${what}:${id}`,
} as const

/** The parts of an `account_epoch` subject. */
export type AccountEpochSubject = {
  readonly accountId: number
  readonly endedEpoch: string
  readonly keptSessionRow: number
}

/** Reads an `account_epoch` subject. */
export function parseAccountEpoch(text: string): AccountEpochSubject {
  const [accountId = '', endedEpoch = '', kept = '0'] = text.split(':')
  return { accountId: Number(accountId), endedEpoch, keptSessionRow: Number(kept) }
}

/** The facts of a token that entries can cover. */
export type CoveredFacts = {
  readonly accessDigest: Uint8Array
  readonly sessionRow: number
  readonly accountId: number
  readonly organizationId: string | null
}

/**
 * Returns whether an entry ends a token or changes facts of its account in memory, so that older facts must be read
 * again.
 */
export function coversToken(entry: RevocationEntry, facts: CoveredFacts): boolean {
  switch (entry.kind) {
    case 'token':
      return entry.subject === subject.token(facts.accessDigest)
    case 'session':
      return entry.subject === subject.session(facts.sessionRow)
    case 'account_epoch':
      return parseAccountEpoch(entry.subject).accountId === facts.accountId
    case 'membership':
      return (
        facts.organizationId !== null && entry.subject === subject.membership(facts.accountId, facts.organizationId)
      )
    case 'organization':
      return entry.subject === facts.organizationId
    case 'access_changed':
      return entry.subject === subject.access('account', String(facts.accountId))
    case 'credential':
    case 'pty_session':
      return false
  }
}

/** Writes bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}

/** Reads lower-case hex; invalid digits become zero. */
export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1)
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)
  }
  return bytes
}
