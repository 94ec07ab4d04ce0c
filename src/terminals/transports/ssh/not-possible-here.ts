/** Terminals: this machine, or the inventory, makes a login impossible before anything was sent. */

/** A login cannot be tried; the message is one sentence for the log. */
export class NotPossibleHere extends Error {
  override readonly name = 'NotPossibleHere'
}
