/** Terminals: one account in one PTY session. An attachment outlives its socket while it may resume. */
import { accessEndsAt } from '../core/accounts/rules.ts'
import { earlierEnd } from '../core/sessions/session.ts'
import type { Attached } from '../core/terminals/attach.ts'
import type { BlockReason, ParticipantView, TerminalRole } from '../protocol/terminal-frames.ts'
import type { Reader } from './reader.ts'
import type { Sink } from './sink.ts'

/** The account and session of an attachment; revocations are compared with these. */
export type AttachmentFacts = {
  /** v4 UUID. */
  readonly id: string
  readonly accountId: number
  readonly username: string
  /** The UUID of the natural person behind the account. */
  readonly person: string
  readonly groups: readonly string[]
  readonly sessionRow: number
  /** v4 UUID of the same session. */
  readonly sessionId: string
  readonly organizationId: string | null
  readonly credentialId: string | null
  /** Unix seconds: the earlier end of session and account; null: none. */
  readonly expiresAt: number | null
  /** The address at which the session signed in. */
  readonly ip: string
  /** The address of its socket, or of its last one. */
  readonly clientIp: string
  /** Unix seconds at which its access time ends, by the rules of the account; null: never. */
  readonly accessEndsAt: number | null
}

/** 15 s without a message: the socket is cut, and an implementor loses the slot until it resumes. */
const silentMs = 15_000

export class Attachment {
  #facts: AttachmentFacts
  role: TerminalRole
  /** null while no socket is connected. */
  sink: Sink | null = null
  reader: Reader | null = null
  /** Number of the last INPUT that was taken; 0: none. */
  inputSeq = 0
  /** Whether it may resume; the original's wire has no resume. */
  isResumable = false
  /** Digest of its resume secret; null: the last one was used, and there is no new one yet. */
  resumeDigest: Uint8Array | null = null
  /** When its socket dropped, by the monotonic clock; null while it is connected. */
  droppedAtMs: number | null = null
  /** When its client last sent a message or a pong, by the monotonic clock. */
  heardAtMs: number
  #isUnderReview = false
  /** Whether it lost the implementor's slot while its socket was gone. */
  hasLostSlot = false
  /** When the use of its session was last stored, by the monotonic clock. */
  usedAtMs: number
  /** When its client last got each reason for blocked input. */
  readonly toldBlocked: Map<BlockReason, number> = new Map()
  /** The number of CONTROL frames since a moment. */
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

  /** Whether its access is being judged again: meanwhile no input passes and no output is sent. */
  get isUnderReview(): boolean {
    return this.#isUnderReview
  }

  set isUnderReview(isUnderReview: boolean) {
    this.#isUnderReview = isUnderReview
    if (this.reader !== null) this.reader.isHeld = isUnderReview
  }

  /** Returns whether no message came for so long that its socket must be cut. */
  isSilent(nowMs: number): boolean {
    // An observer that still has to show output gets the time that a slow client gets.
    if (this.role === 'observer' && this.reader?.isStuck() === true) return false
    return nowMs - this.heardAtMs >= silentMs
  }

  /** Connects a socket. @param resumeDigest Digest of the secret that resumes it, if the socket's wire has a resume. */
  connect(sink: Sink, resumeDigest: Uint8Array, nowMs: number): void {
    this.sink = sink
    this.droppedAtMs = null
    this.heardAtMs = nowMs
    this.isResumable = sink.acknowledges
    this.resumeDigest = sink.acknowledges ? resumeDigest : null
  }

  /** Disconnects its socket. */
  disconnect(): void {
    this.reader?.close()
    this.reader = null
    this.sink = null
  }

  /** Takes over changes of its account and its session. */
  renew({ account, session }: Attached, nowMs: number): void {
    this.#facts = { ...this.#facts, groups: account.groups, ...endsOf({ account, session }, nowMs) }
  }

  /** Remembers the address of the socket that resumed it. */
  cameFrom(clientIp: string): void {
    this.#facts = { ...this.#facts, clientIp }
  }

  /** The attachment as other clients see it. */
  view(): ParticipantView {
    return { id: this.facts.id, username: this.facts.username, role: this.role }
  }
}

/** Returns when the access of an account ends by itself, at `nowMs` (Unix milliseconds). */
export function endsOf(
  { account, session }: Attached,
  nowMs: number,
): Pick<AttachmentFacts, 'expiresAt' | 'accessEndsAt'> {
  return {
    expiresAt: earlierEnd(account.expiresAt, session.expiresAt),
    accessEndsAt: accessEndsAt(account.rules, nowMs),
  }
}
