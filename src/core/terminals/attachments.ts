/** Core: the attachments of one PTY session, and which of them count as watching. Pure: every moment comes in, in monotonic milliseconds. */

/** How long an observer counts after its last pong, in milliseconds; sockets are pinged about once a second. */
const watchingMs = 5_000

/** How long the implementor's slot is held after its last pong, in milliseconds: three lost pings of a slow link, no more. */
const slotLeaseMs = 15_000

/** How long an attachment whose socket dropped may come back, in milliseconds. */
const resumeMs = 60_000

/** How long an observer may take to confirm, in milliseconds. */
const answerMs = 60_000

/** One attachment with what was heard of it. */
export type Attachment = {
  readonly id: string
  person: string
  role: 'implementor' | 'observer'
  pongAtMs: number
  /** When its socket dropped; null while it is there. */
  droppedAtMs: number | null
  isLagging: boolean
  isVisible: boolean
  /** When it joined, or last confirmed to be watching. */
  presentAtMs: number
  question: PresenceQuestion | null
}

/** What an observer was asked. */
type PresenceQuestion = {
  /** Monotonic. */
  readonly untilMs: number
  /** The same moment on the wall clock. */
  readonly byMs: number
  isTold: boolean
}

/** Who does not count as an observer, whatever their sockets say. */
export type Excluded = {
  /** The person who implements, or did last; null before the first. */
  readonly implementor: string | null
  readonly parties: readonly string[]
}

/** Returns an attachment that joins now: it is taken to see the terminal until it says otherwise. */
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

/** Takes an attachment back whose socket is new; what was asked of it stays asked, and is asked again. */
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
  if (attachment.question !== null) attachment.question.isTold = false
}

/** Tells whether the attachment observes as a person who neither implements nor is a party to the change. */
export function isIndependent({ role, person }: Attachment, excluded: Excluded): boolean {
  return role === 'observer' && person !== excluded.implementor && !excluded.parties.includes(person)
}

/** Tells whether the attachment sees now what happens. */
export function isWatching(attachment: Attachment, nowMs: number): boolean {
  if (attachment.droppedAtMs !== null || attachment.isLagging || !attachment.isVisible) return false
  return nowMs - attachment.pongAtMs <= watchingMs
}

/** Tells whether the attachment was asked to confirm and did not in time. */
export function hasMissedQuestion({ question }: Attachment, nowMs: number): boolean {
  return question !== null && nowMs >= question.untilMs
}

/** Returns the number of different persons among the attachments that fit. */
export function countPersons(attachments: Iterable<Attachment>, fits: (attachment: Attachment) => boolean): number {
  const persons = new Set<string>()
  for (const attachment of attachments) if (fits(attachment)) persons.add(attachment.person)
  return persons.size
}

/** Tells whether the slot of an implementor is no longer held for it. */
export function hasSlotLapsed({ pongAtMs }: Attachment, nowMs: number): boolean {
  return nowMs - pongAtMs >= slotLeaseMs
}

/** Tells whether the attachment can no longer come back. */
export function isGoneForGood({ droppedAtMs }: Attachment, nowMs: number): boolean {
  return droppedAtMs !== null && nowMs - droppedAtMs >= resumeMs
}

/**
 * Asks an observer to confirm, where it is time to; returns what it is to be told, or null.
 *
 * @param everyMs since it joined or last confirmed.
 */
export function askPresence(
  attachment: Attachment,
  everyMs: number,
  now: { readonly wallMs: number; readonly monotonicMs: number },
): { readonly byMs: number; readonly secondsLeft: number } | null {
  if (attachment.droppedAtMs !== null) return null
  if (attachment.question === null) {
    if (now.monotonicMs - attachment.presentAtMs < everyMs) return null
    attachment.question = { untilMs: now.monotonicMs + answerMs, byMs: now.wallMs + answerMs, isTold: false }
  }
  const { question } = attachment
  if (question.isTold) return null
  question.isTold = true
  return {
    byMs: question.byMs,
    secondsLeft: Math.max(0, Math.ceil((question.untilMs - now.monotonicMs) / 1000)),
  }
}
