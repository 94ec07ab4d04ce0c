/** Core: the tokens that may be accepted from memory, with the revocations applied to them. Memory only has what was read from the store. */

import { type Account, isAccountLive } from '../accounts/account.ts'
import { coversToken, fromHex, parseAccountEpoch, type RevocationEntry } from '../revocation/log.ts'
import type { Principal } from '../sessions/principal.ts'
import type { Session } from '../sessions/session.ts'
import { SessionColumns } from './session-columns.ts'
import { grown } from './slot-buckets.ts'
import { type Subject, Subjects } from './subjects.ts'
import { TokenTable } from './token-table.ts'

/** A token with everything that an accept needs, as one consistent read of the store. */
export type TokenRecord = {
  readonly tokenRow: number
  readonly accessDigest: Uint8Array
  readonly tokenExpiresAt: number | null
  readonly tokenRevokedSeq: number | null
  readonly boundIp: string | null
  readonly session: Session
  readonly account: Account
}

/** The result of a lookup: not in memory, in memory but to be read again, ended, or accepted. */
export type Lookup = 'unknown' | 'stale' | 'revoked' | 'expired' | Principal

/**
 * Tokens with reserved columns, about 170 bytes each. Untouched memory costs nothing, while columns that grow leave
 * holes that cost more than the sessions.
 */
const reservedTokens = 1_048_576

type AccountValue = { account: Account; isStale: boolean }

/** Tokens in memory, found by digest. When it is full, the least recently used ones leave. */
export class LiveTokens {
  readonly #maxTokens: number
  readonly #table: TokenTable
  readonly #sessions: SessionColumns
  readonly #accounts = new Subjects<AccountValue>()
  readonly #organizations = new Subjects<null>()
  readonly #memberships = new Subjects<null>()
  readonly #addresses = new Subjects<null>()
  #rows: Float64Array
  #expiresAt: Float64Array
  #sessionSlots: Int32Array
  #addressSlots: Int32Array
  /** Bit 0: used since the clock hand last passed; bit 1: revoked by itself; bit 2: in use. */
  #marks: Uint8Array
  #hand = 0

  constructor(maxTokens: number) {
    this.#maxTokens = maxTokens
    this.#table = new TokenTable(Math.min(maxTokens, reservedTokens))
    this.#sessions = new SessionColumns(Math.min(maxTokens, reservedTokens))
    this.#rows = new Float64Array(this.#table.capacity)
    this.#expiresAt = new Float64Array(this.#table.capacity)
    this.#sessionSlots = new Int32Array(this.#table.capacity)
    this.#addressSlots = new Int32Array(this.#table.capacity)
    this.#marks = new Uint8Array(this.#table.capacity)
  }

  get size(): number {
    return this.#table.size
  }

  /** Looks a digest up at `now` (Unix seconds) and counts the use if it is accepted. */
  find(digest: Uint8Array, now: number): Lookup {
    const slot = this.#table.find(digest)
    if (slot === -1) return 'unknown'
    const sessionSlot = this.#sessionSlots[slot] as number
    if (this.#isRevoked(slot, sessionSlot)) return 'revoked'
    if (now >= (this.#expiresAt[slot] as number) || this.#sessions.hasExpired(sessionSlot, now)) return 'expired'
    const { value } = this.#accounts.at(this.#sessions.account(sessionSlot))
    if (value.isStale) return 'stale'
    if (!isAccountLive(value.account, now)) return 'revoked'
    this.#marks[slot] = (this.#marks[slot] as number) | 1
    this.#sessions.touch(sessionSlot, now)
    return this.#principal(slot, sessionSlot, value.account)
  }

  /** Takes in a record that was read; an existing one is replaced and keeps its last use. */
  add(record: TokenRecord): void {
    const sessionSlot = this.#holdSession(record)
    const known = this.#table.find(record.accessDigest)
    if (known !== -1) this.#remove(known)
    if (this.#table.size >= this.#maxTokens) this.#evict()
    const slot = this.#table.add(record.accessDigest)
    if (this.#table.capacity > this.#rows.length) this.#growColumns()
    this.#rows[slot] = record.tokenRow
    this.#expiresAt[slot] = record.tokenExpiresAt ?? Number.POSITIVE_INFINITY
    this.#sessionSlots[slot] = sessionSlot
    this.#addressSlots[slot] = record.boundIp === null ? -1 : this.#addresses.hold(record.boundIp, null).slot
    this.#marks[slot] = 4 | (record.tokenRevokedSeq === null ? 0 : 2)
  }

  /** Applies one entry of the revocation log; the work is constant, whatever the entry covers. */
  apply(entry: RevocationEntry): void {
    switch (entry.kind) {
      case 'token': {
        const slot = this.#table.find(fromHex(entry.subject))
        if (slot !== -1) this.#marks[slot] = (this.#marks[slot] as number) | 2
        return
      }
      case 'session': {
        const slot = this.#sessions.find(Number(entry.subject))
        if (slot !== -1) this.#sessions.markDead(slot)
        return
      }
      case 'account_epoch':
        this.#applyAccountEpoch(entry.subject)
        return
      case 'membership':
        this.#memberships.cover(entry.subject)
        return
      case 'organization':
        this.#organizations.cover(entry.subject)
        return
      case 'access_changed':
        this.#applyAccessChanged(entry.subject)
        return
      case 'credential':
      case 'pty_session':
        return
    }
  }

  /** Returns whether an entry covers a record that was read before it. */
  static isCovered(record: TokenRecord, entry: RevocationEntry): boolean {
    return coversToken(entry, {
      accessDigest: record.accessDigest,
      sessionRow: record.session.row,
      accountId: record.account.id,
      organizationId: record.session.organizationId,
    })
  }

  /** Returns sessions whose last use must be written; see `SessionColumns.takeTouched`. */
  takeTouched(grainSeconds: number, limit: number): { row: number; lastSeenAt: number }[] {
    return this.#sessions.takeTouched(grainSeconds, limit)
  }

  #isRevoked(slot: number, sessionSlot: number): boolean {
    const sessions = this.#sessions
    if (((this.#marks[slot] as number) & 2) !== 0 || sessions.isDead(sessionSlot)) return true
    if (this.#accounts.at(sessions.account(sessionSlot)).version !== sessions.accountVersion(sessionSlot)) return true
    const organization = sessions.organization(sessionSlot)
    if (organization === -1) return false
    if (this.#organizations.at(organization).version !== sessions.organizationVersion(sessionSlot)) return true
    return this.#memberships.at(sessions.membership(sessionSlot)).version !== sessions.membershipVersion(sessionSlot)
  }

  #principal(slot: number, sessionSlot: number, account: Account): Principal {
    const organization = this.#sessions.organization(sessionSlot)
    const address = this.#addressSlots[slot] as number
    const expiresAt = this.#expiresAt[slot] as number
    return {
      account,
      session: this.#sessions.facts(sessionSlot),
      organizationId: organization === -1 ? null : this.#organizations.at(organization).key,
      tokenRow: this.#rows[slot] as number,
      tokenExpiresAt: expiresAt === Number.POSITIVE_INFINITY ? null : expiresAt,
      boundIp: address === -1 ? null : this.#addresses.at(address).key,
    }
  }

  #holdSession(record: TokenRecord): number {
    const { session, account } = record
    let slot = this.#sessions.find(session.row)
    if (slot === -1) {
      slot = this.#addSession(record)
      if (session.revokedSeq !== null || session.epoch !== account.epoch) this.#sessions.markDead(slot)
    } else {
      const held = this.#accounts.at(this.#sessions.account(slot))
      held.value = { account, isStale: false }
    }
    this.#sessions.hold(slot)
    return slot
  }

  #addSession({ session, account }: TokenRecord): number {
    const held = this.#accounts.hold(String(account.id), { account, isStale: false })
    let organization: Subject<null> | undefined
    let membership: Subject<null> | undefined
    if (session.organizationId !== null) {
      organization = this.#organizations.hold(session.organizationId, null)
      membership = this.#memberships.hold(`${account.id}:${session.organizationId}`, null)
    }
    return this.#sessions.add(session, {
      account: held.slot,
      accountVersion: held.version,
      organization: organization?.slot ?? -1,
      organizationVersion: organization?.version ?? 0,
      membership: membership?.slot ?? -1,
      membershipVersion: membership?.version ?? 0,
    })
  }

  #applyAccountEpoch(text: string): void {
    const { accountId, keptSessionRow } = parseAccountEpoch(text)
    const keptSlot = this.#sessions.find(keptSessionRow)
    const known = this.#accounts.find(String(accountId))
    if (known === undefined) return
    const wasLive = keptSlot !== -1 && this.#sessions.accountVersion(keptSlot) === known.version
    known.version += 1
    known.value.isStale = true
    if (wasLive) this.#sessions.setAccountVersion(keptSlot, known.version)
  }

  #applyAccessChanged(text: string): void {
    const [what = '', id = ''] = text.split(':')
    if (what === 'session') this.#bringBack(Number(id))
    const known = what === 'account' ? this.#accounts.find(id) : undefined
    if (known !== undefined) known.value.isStale = true
  }

  /** The epoch of the session has ended, and the session stays under the next one. */
  #bringBack(row: number): void {
    const slot = this.#sessions.find(row)
    if (slot === -1) return
    this.#sessions.setAccountVersion(slot, this.#accounts.at(this.#sessions.account(slot)).version)
  }

  /** Second-chance replacement: the hand skips slots that were used since its last pass. */
  #evict(): void {
    for (;;) {
      const slot = this.#hand
      this.#hand = (this.#hand + 1) % this.#rows.length
      const marks = this.#marks[slot] as number
      if ((marks & 4) === 0) continue
      if ((marks & 1) === 0) {
        this.#remove(slot)
        return
      }
      this.#marks[slot] = marks & ~1
    }
  }

  #remove(slot: number): void {
    const sessionSlot = this.#sessionSlots[slot] as number
    const address = this.#addressSlots[slot] as number
    this.#table.remove(slot)
    this.#marks[slot] = 0
    if (address !== -1) this.#addresses.release(address)
    if (!this.#sessions.release(sessionSlot)) return
    this.#accounts.release(this.#sessions.account(sessionSlot))
    const organization = this.#sessions.organization(sessionSlot)
    if (organization === -1) return
    this.#organizations.release(organization)
    this.#memberships.release(this.#sessions.membership(sessionSlot))
  }

  #growColumns(): void {
    const capacity = this.#table.capacity
    this.#rows = grown(this.#rows, capacity)
    this.#expiresAt = grown(this.#expiresAt, capacity)
    this.#sessionSlots = grown(this.#sessionSlots, capacity)
    this.#addressSlots = grown(this.#addressSlots, capacity)
    this.#marks = grown(this.#marks, capacity)
  }
}
