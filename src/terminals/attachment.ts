/** Terminals: one account in one PTY session; it outlives its socket for as long as it may be resumed. */
import { accessEndsAt } from '../core/accounts/rules.ts'
import { earlierEnd } from '../core/sessions/session.ts'
import type { Attached } from '../core/terminals/attach.ts'
import type { BlockReason, ParticipantView, TerminalRole } from '../protocol/terminal-frames.ts'
import type { Reader } from './reader.ts'
import type { Sink } from './sink.ts'

/** Who an attachment is of; what the revocation log is held against. */
export type AttachmentFacts = {
  /** v4 UUID. */
  readonly id: string
  readonly accountId: number
  readonly username: string
  /** The natural person behind the account. */
  readonly person: string
  readonly groups: readonly string[]
  readonly sessionRow: number
  /** v4 UUID of the same session. */
  readonly sessionId: string
  readonly organizationId: string | null
  readonly credentialId: string | null
  /** Unix seconds: the earlier end of session and account; null: none. */
  readonly expiresAt: number | null
  /** Where its session signed in. */
  readonly ip: string
  /** Where its socket comes from, or came from last. */
  readonly clientIp: string
  /** Unix seconds at which its time of access ends, by the rules of the account; null: never. */
  readonly accessEndsAt: number | null
}

/**
 * 15 s: a socket from which nothing came for so long is cut; its implementor has lost the slot, and gets it by coming back.
 */
const silentMs = 15_000

/** One attachment. */
export class Attachment {
  #facts: AttachmentFacts
  role: TerminalRole
  /** null while its socket is gone. */
  sink: Sink | null = null
  reader: Reader | null = null
  /** The last INPUT that was taken; 0: none. */
  inputSeq = 0
  /** Whether it may come back on another socket: the original's wire knows no resume. */
  isResumable = false
  /** Digest of the secret that brings it back; null: the last one was used, and no new one was given yet. */
  resumeDigest: Uint8Array | null = null
  /** When its socket went, by a clock that never goes back; null while there is one. */
  droppedAtMs: number | null = null
  /** When its other end last answered, by the same clock. */
  heardAtMs: number
  #isUnderReview = false
  /** Whether the implementor's slot was freed while its socket was gone. */
  hasLostSlot = false
  /** When its session was last written as used, by the same clock. */
  usedAtMs: number
  /** When it was last told that its input is held back, for every reason. */
  readonly toldBlocked: Map<BlockReason, number> = new Map()
  /** How many CONTROLs came since when. */
  controls: { readonly sinceMs: number; count: number } = { sinceMs: Number.NEGATIVE_INFINITY, count: 0 }

  constructor(facts: AttachmentFacts, role: TerminalRole, nowMs: number) {
    this.#facts = facts
    this.role = role
    this.heardAtMs = nowMs
    this.usedAtMs = nowMs
  }

  get facts(): AttachmentFacts {
    return this.#facts
  }

  /** Whether its access is being looked at anew: nothing it types passes meanwhile, and no output is sent. */
  get isUnderReview(): boolean {
    return this.#isUnderReview
  }

  set isUnderReview(isUnderReview: boolean) {
    this.#isUnderReview = isUnderReview
    if (this.reader !== null) this.reader.isHeld = isUnderReview
  }

  /** Tells whether nothing was heard for so long that its socket is to be cut. */
  isSilent(nowMs: number): boolean {
    // An observer that has yet to show what it was sent is given the time that is due to somebody slow.
    if (this.role === 'observer' && this.reader?.isStuck() === true) return false
    return nowMs - this.heardAtMs >= silentMs
  }

  /** Lets go of its socket. */
  disconnect(): void {
    this.reader?.close()
    this.reader = null
    this.sink = null
  }

  /** Takes over what changed of its account and its session. */
  renew({ account, session }: Attached, nowMs: number): void {
    this.#facts = { ...this.#facts, groups: account.groups, ...endsOf({ account, session }, nowMs) }
  }

  /** Remembers the address of the socket on which it came back. */
  cameFrom(clientIp: string): void {
    this.#facts = { ...this.#facts, clientIp }
  }

  /** The attachment as others see it. */
  view(): ParticipantView {
    return { id: this.facts.id, username: this.facts.username, role: this.role }
  }
}

/** Returns when the access of somebody ends by itself, at `nowMs` (Unix milliseconds). */
export function endsOf(
  { account, session }: Attached,
  nowMs: number,
): Pick<AttachmentFacts, 'expiresAt' | 'accessEndsAt'> {
  return {
    expiresAt: earlierEnd(account.expiresAt, session.expiresAt),
    accessEndsAt: accessEndsAt(account.rules, nowMs),
  }
}
