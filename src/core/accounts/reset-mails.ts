/** Core: limits the mails that one mailbox gets. */

/** An account gets at most one mail a minute. */
const mailPauseMs = 60_000

/** Most accounts whose last mail is remembered. */
const mostRemembered = 10_000

/** Remembers who was mailed lately. */
export class ResetMails {
  readonly #lastMs = new Map<number, number>()

  /** Returns whether the account may be mailed at `nowMs`, and notes that it is. */
  admits(accountId: number, nowMs: number): boolean {
    const last = this.#lastMs.get(accountId)
    if (last !== undefined && nowMs - last < mailPauseMs) return false
    if (this.#lastMs.size >= mostRemembered) this.#lastMs.clear()
    this.#lastMs.set(accountId, nowMs)
    return true
  }
}
