/** Terminals: tells people before their time of access ends, by the rules of their accounts. */
import { Countdown } from '../core/terminals/countdown.ts'
import { accessWarning } from '../core/terminals/supervision-sentences.ts'
import type { Attachment } from './attachment.ts'
import type { AttachmentList } from './attachment-list.ts'

/** Seconds before the end at which people are told, as before the end of a window. */
const distances = [1_800, 600, 300, 60]

type Warned = { readonly endsAt: number; readonly countdown: Countdown }

/** What was told to whom. */
export class AccessWarnings {
  readonly #told = new WeakMap<Attachment, Warned>()

  /** Tells everybody attached what is to be told at `nowMs`, in Unix milliseconds. */
  tell(attachments: AttachmentList, nowMs: number): void {
    for (const attachment of attachments.all()) {
      const { accessEndsAt } = attachment.facts
      if (accessEndsAt === null) continue
      const secondsLeft = this.#countdown(attachment, accessEndsAt).reach(accessEndsAt * 1000 - nowMs)
      if (secondsLeft === null) continue
      attachments.sendEvent(attachment, {
        kind: 'warning',
        what: 'window',
        secondsLeft,
        sentence: accessWarning(secondsLeft),
      })
    }
  }

  /** An end that moved is told of anew. */
  #countdown(attachment: Attachment, endsAt: number): Countdown {
    const known = this.#told.get(attachment)
    if (known?.endsAt === endsAt) return known.countdown
    const countdown = new Countdown(distances)
    this.#told.set(attachment, { endsAt, countdown })
    return countdown
  }
}
