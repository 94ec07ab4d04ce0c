/** Core: keeps mailboxes from being flooded by whoever can name an account. */

/** An account gets one mail a minute at most. */
const mailPauseMs = 60_000

/** Accounts whose last mail is remembered. */
const mostRemembered = 10_000

/** Remembers who was mailed just now, so that nobody's mailbox is flooded. */
export class ResetMails {
  readonly #lastMs = new Map<number, number>()

  /** Tells whether the account may be mailed at `nowMs`, and counts that it is. */
  admits(accountId: number, nowMs: number): boolean {
    const last = this.#lastMs.get(accountId)
    if (last !== undefined && nowMs - last < mailPauseMs) return false
    if (this.#lastMs.size >= mostRemembered) this.#lastMs.clear()
    this.#lastMs.set(accountId, nowMs)
    return true
  }
}
