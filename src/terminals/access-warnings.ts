/** Terminals: warns users before their access time ends, by the rules of their accounts. */
import { Countdown } from '../core/terminals/countdown.ts'
import { accessWarning } from '../core/terminals/supervision-sentences.ts'
import type { Attachment } from './attachment.ts'
import type { AttachmentList } from './attachment-list.ts'

/** Seconds before the end at which users get a warning, as before the end of a window. */
const distances = [1_800, 600, 300, 60]

type Warned = { readonly endsAt: number; readonly countdown: Countdown }

/** The warning that an attachment got last. */
export class AccessWarnings {
  readonly #warned = new WeakMap<Attachment, Warned>()

  /** Sends the warnings that are due at `nowMs` (Unix milliseconds). */
  warn(attachments: AttachmentList, nowMs: number): void {
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

  /** If the end moved, the warnings start again. */
  #countdown(attachment: Attachment, endsAt: number): Countdown {
    const known = this.#warned.get(attachment)
    if (known?.endsAt === endsAt) return known.countdown
    const countdown = new Countdown(distances)
    this.#warned.set(attachment, { endsAt, countdown })
    return countdown
  }
}
