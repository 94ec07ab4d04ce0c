/** Core: the sessions in memory, in typed columns: one slot for each session that has tokens. */

import { type Dialect, dialects } from '../dialects.ts'
import type { SessionFacts } from '../sessions/principal.ts'
import type { Session } from '../sessions/session.ts'
import { RowIndex } from './row-index.ts'
import { grown } from './slot-buckets.ts'

/** "No end" in a column of Unix seconds. */
const endless = 0xffff_ffff

/** Values of {@link SessionSubjects} for each session. */
const subjectColumns = 6

const deadFlag = 1
const applicationPasswordFlag = 2
const secondFactorFlag = 4
const credentialFlag = 8

/** Slots of the session's subjects, and their versions when the session was read. */
export type SessionSubjects = {
  readonly account: number
  readonly accountVersion: number
  /** -1: the session has no organization. */
  readonly organization: number
  readonly organizationVersion: number
  readonly membership: number
  readonly membershipVersion: number
}

/** Columns of all sessions in memory. Times are Unix seconds. */
export class SessionColumns {
  readonly #index: RowIndex
  /** Slots that were released; slots from `#used` on were never used, and their memory was never touched. */
  readonly #free: number[] = []
  #used = 0
  #capacity: number
  #ids: Uint8Array
  #dialects: Uint8Array
  #flags: Uint8Array
  #holders: Uint16Array
  #createdAt: Uint32Array
  #authenticatedAt: Uint32Array
  #expiresAt: Uint32Array
  #idleSeconds: Uint32Array
  #lastSeenAt: Uint32Array
  #lastWrittenAt: Uint32Array
  #subjects: Int32Array

  constructor(initialCapacity = 1024) {
    this.#capacity = initialCapacity
    this.#index = new RowIndex(initialCapacity)
    this.#ids = new Uint8Array(initialCapacity * 16)
    this.#dialects = new Uint8Array(initialCapacity)
    this.#flags = new Uint8Array(initialCapacity)
    this.#holders = new Uint16Array(initialCapacity)
    this.#createdAt = new Uint32Array(initialCapacity)
    this.#authenticatedAt = new Uint32Array(initialCapacity)
    this.#expiresAt = new Uint32Array(initialCapacity)
    this.#idleSeconds = new Uint32Array(initialCapacity)
    this.#lastSeenAt = new Uint32Array(initialCapacity)
    this.#lastWrittenAt = new Uint32Array(initialCapacity)
    this.#subjects = new Int32Array(initialCapacity * subjectColumns)
  }

  get size(): number {
    return this.#used - this.#free.length
  }

  /** Returns the slot of a session, or -1. */
  find(row: number): number {
    return this.#index.find(row)
  }

  /** Adds a session that is not in memory and returns its slot, not yet held. */
  add(session: Session, subjects: SessionSubjects): number {
    if (this.size === this.#capacity) this.#grow()
    const slot = this.#free.pop() ?? this.#used++
    this.#index.add(session.row, slot)
    writeUuid(this.#ids, slot * 16, session.id)
    this.#dialects[slot] = dialects.indexOf(session.dialect)
    this.#flags[slot] =
      (session.isApplicationPassword ? applicationPasswordFlag : 0) |
      (session.credentialId === null ? 0 : credentialFlag) |
      (session.proof === 'password+otp' ? secondFactorFlag : 0)
    this.#holders[slot] = 0
    this.#createdAt[slot] = session.createdAt
    this.#authenticatedAt[slot] = session.authenticatedAt
    this.#expiresAt[slot] = session.expiresAt ?? endless
    this.#idleSeconds[slot] = session.idleSeconds ?? endless
    this.#lastSeenAt[slot] = session.lastSeenAt
    this.#lastWrittenAt[slot] = session.lastSeenAt
    this.setSubjects(slot, subjects)
    return slot
  }

  hold(slot: number): void {
    this.#holders[slot] = (this.#holders[slot] as number) + 1
  }

  /** Releases a session once; returns true if it left memory, so that its subjects must be released. */
  release(slot: number): boolean {
    const holders = (this.#holders[slot] as number) - 1
    this.#holders[slot] = holders
    if (holders > 0) return false
    this.#index.remove(slot)
    this.#free.push(slot)
    return true
  }

  markDead(slot: number): void {
    this.#flags[slot] = (this.#flags[slot] as number) | deadFlag
  }

  isDead(slot: number): boolean {
    return ((this.#flags[slot] as number) & deadFlag) !== 0
  }

  /** Returns whether either lifetime has ended at `now`. */
  hasExpired(slot: number, now: number): boolean {
    if (now >= (this.#expiresAt[slot] as number)) return true
    const idle = this.#idleSeconds[slot] as number
    return idle !== endless && now - (this.#lastSeenAt[slot] as number) >= idle
  }

  /** Notes a use at `now`; a clock that stepped back changes nothing. */
  touch(slot: number, now: number): void {
    if (now > (this.#lastSeenAt[slot] as number)) this.#lastSeenAt[slot] = now
  }

  facts(slot: number): SessionFacts {
    const flags = this.#flags[slot] as number
    const expiresAt = this.#expiresAt[slot] as number
    return {
      row: this.#index.rowAt(slot),
      id: readUuid(this.#ids, slot * 16),
      dialect: dialects[this.#dialects[slot] as number] as Dialect,
      createdAt: this.#createdAt[slot] as number,
      expiresAt: expiresAt === endless ? null : expiresAt,
      proof: (flags & secondFactorFlag) === 0 ? 'password' : 'password+otp',
      authenticatedAt: this.#authenticatedAt[slot] as number,
      isApplicationPassword: (flags & applicationPasswordFlag) !== 0,
      isByCredential: (flags & credentialFlag) !== 0,
    }
  }

  account(slot: number): number {
    return this.#subjects[slot * subjectColumns] as number
  }

  accountVersion(slot: number): number {
    return this.#subjects[slot * subjectColumns + 1] as number
  }

  /** Returns the slot of the session's organization; -1: it has none. */
  organization(slot: number): number {
    return this.#subjects[slot * subjectColumns + 2] as number
  }

  organizationVersion(slot: number): number {
    return this.#subjects[slot * subjectColumns + 3] as number
  }

  membership(slot: number): number {
    return this.#subjects[slot * subjectColumns + 4] as number
  }

  membershipVersion(slot: number): number {
    return this.#subjects[slot * subjectColumns + 5] as number
  }

  setSubjects(slot: number, subjects: SessionSubjects): void {
    this.#subjects.set(
      [
        subjects.account,
        subjects.accountVersion,
        subjects.organization,
        subjects.organizationVersion,
        subjects.membership,
        subjects.membershipVersion,
      ],
      slot * subjectColumns,
    )
  }

  setAccountVersion(slot: number, version: number): void {
    this.#subjects[slot * subjectColumns + 1] = version
  }

  /**
   * Returns at most `limit` sessions whose last use was not written for `grainSeconds`, and counts them as written. It
   * passes over all columns: call it rarely, and outside requests.
   */
  takeTouched(grainSeconds: number, limit: number): { row: number; lastSeenAt: number }[] {
    const touched: { row: number; lastSeenAt: number }[] = []
    for (let slot = 0; slot < this.#used; slot += 1) {
      if (this.#holders[slot] === 0) continue
      const lastSeenAt = this.#lastSeenAt[slot] as number
      if (lastSeenAt - (this.#lastWrittenAt[slot] as number) < grainSeconds) continue
      touched.push({ row: this.#index.rowAt(slot), lastSeenAt })
      this.#lastWrittenAt[slot] = lastSeenAt
      if (touched.length === limit) break
    }
    return touched
  }

  #grow(): void {
    this.#capacity = Math.ceil(this.#capacity * 1.25)
    this.#index.grow(this.#capacity)
    this.#ids = grown(this.#ids, this.#capacity * 16)
    this.#dialects = grown(this.#dialects, this.#capacity)
    this.#flags = grown(this.#flags, this.#capacity)
    this.#holders = grown(this.#holders, this.#capacity)
    this.#createdAt = grown(this.#createdAt, this.#capacity)
    this.#authenticatedAt = grown(this.#authenticatedAt, this.#capacity)
    this.#expiresAt = grown(this.#expiresAt, this.#capacity)
    this.#idleSeconds = grown(this.#idleSeconds, this.#capacity)
    this.#lastSeenAt = grown(this.#lastSeenAt, this.#capacity)
    this.#lastWrittenAt = grown(this.#lastWrittenAt, this.#capacity)
    this.#subjects = grown(this.#subjects, this.#capacity * subjectColumns)
  }
}

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function writeUuid(bytes: Uint8Array, start: number, uuid: string): void {
  const hex = uuid.replaceAll('-', '')
  for (let index = 0; index < 16; index += 1) {
    bytes[start + index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)
  }
}

/** Joined in one expression: the text stays a rope until it is read, which most verifications never do. */
function readUuid(bytes: Uint8Array, start: number): string {
  const pair = (index: number): string => hexPairs[bytes[start + index] as number] as string
  const time = `${pair(0)}${pair(1)}${pair(2)}${pair(3)}-${pair(4)}${pair(5)}-${pair(6)}${pair(7)}`
  return `${time}-${pair(8)}${pair(9)}-${pair(10)}${pair(11)}${pair(12)}${pair(13)}${pair(14)}${pair(15)}`
}
