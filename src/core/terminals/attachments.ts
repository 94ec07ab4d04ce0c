/** Core: the attachments of one PTY session, and which of them count as watching. Pure; monotonic milliseconds. */

/** Milliseconds for which an observer counts after its last pong. Sockets are pinged about once a second. */
const watchingMs = 5_000

/** Milliseconds for which the implementor keeps the slot after its last pong: three lost pings of a slow link. */
const slotLeaseMs = 15_000

/** Milliseconds in which an attachment may resume after its socket dropped. */
const resumeMs = 60_000

/** Milliseconds in which an observer must confirm. */
const answerMs = 60_000

/** One attachment, and when its client was last heard. */
export type Attachment = {
  readonly id: string
  person: string
  role: 'implementor' | 'observer'
  pongAtMs: number
  /** When its socket dropped; null while it is connected. */
  droppedAtMs: number | null
  isLagging: boolean
  isVisible: boolean
  /** When it joined, or last confirmed that it watches. */
  presentAtMs: number
  question: PresenceQuestion | null
}

/** The question to an observer. */
type PresenceQuestion = {
  /** Monotonic milliseconds. */
  readonly untilMs: number
  /** The same moment by the wall clock. */
  readonly byMs: number
  isAsked: boolean
}

/** Persons that do not count as observers. */
export type Excluded = {
  /** The person who implements, or did last; null before the first. */
  readonly implementor: string | null
  readonly parties: readonly string[]
}

/** Returns an attachment that joins now. It counts as seeing the terminal until its client says otherwise. */
export function newAttachment(who: Pick<Attachment, 'id' | 'person' | 'role'>, nowMs: number): Attachment {
  return {
    ...who,
    pongAtMs: nowMs,
    droppedAtMs: null,
    isLagging: false,
    isVisible: true,
    presentAtMs: nowMs,
    question: null,
  }
}

/** Returns an attachment that resumes on a new socket. An open question stays open and is asked again. */
export function resumeAttachment(
  attachment: Attachment,
  { person, role }: Pick<Attachment, 'person' | 'role'>,
  nowMs: number,
): void {
  attachment.person = person
  attachment.role = role
  attachment.pongAtMs = nowMs
  attachment.droppedAtMs = null
  attachment.isLagging = false
  if (attachment.question !== null) attachment.question.isAsked = false
}

/** Returns whether the attachment observes as a person who is neither the implementor nor a party to the change. */
export function isIndependent({ role, person }: Attachment, excluded: Excluded): boolean {
  return role === 'observer' && person !== excluded.implementor && !excluded.parties.includes(person)
}

/** Returns whether the attachment sees the terminal right now. */
export function isWatching(attachment: Attachment, nowMs: number): boolean {
  if (attachment.droppedAtMs !== null || attachment.isLagging || !attachment.isVisible) return false
  return nowMs - attachment.pongAtMs <= watchingMs
}

/** Returns whether the attachment did not confirm in time. */
export function hasMissedQuestion({ question }: Attachment, nowMs: number): boolean {
  return question !== null && nowMs >= question.untilMs
}

/** Returns the number of different persons among the attachments that match. */
export function countPersons(attachments: Iterable<Attachment>, fits: (attachment: Attachment) => boolean): number {
  const persons = new Set<string>()
  for (const attachment of attachments) if (fits(attachment)) persons.add(attachment.person)
  return persons.size
}

/** Returns whether the implementor's slot is no longer kept for it. */
export function hasSlotLapsed({ pongAtMs }: Attachment, nowMs: number): boolean {
  return nowMs - pongAtMs >= slotLeaseMs
}

/** Returns whether the attachment can no longer resume. */
export function isGoneForGood({ droppedAtMs }: Attachment, nowMs: number): boolean {
  return droppedAtMs !== null && nowMs - droppedAtMs >= resumeMs
}

/**
 * Asks an observer to confirm, if this is due. Returns the question, or null.
 *
 * @param everyMs The time since it joined or last confirmed.
 */
export function askPresence(
  attachment: Attachment,
  everyMs: number,
  now: { readonly wallMs: number; readonly monotonicMs: number },
): { readonly byMs: number; readonly secondsLeft: number } | null {
  if (attachment.droppedAtMs !== null) return null
  if (attachment.question === null) {
    if (now.monotonicMs - attachment.presentAtMs < everyMs) return null
    attachment.question = { untilMs: now.monotonicMs + answerMs, byMs: now.wallMs + answerMs, isAsked: false }
  }
  const { question } = attachment
  if (question.isAsked) return null
  question.isAsked = true
  return {
    byMs: question.byMs,
    secondsLeft: Math.max(0, Math.ceil((question.untilMs - now.monotonicMs) / 1000)),
  }
}
