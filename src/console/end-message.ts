/** Console: the message about a terminal that the user left. Pure. */
import type { PtySessionItem } from '../client/client.ts'

/** The message on the start screen. */
export type EndMessage = {
  /** Empty: nothing. */
  readonly sentence: string
  /** Id of the PTY session that waits for an implementor; null: none. */
  readonly waitingId: string | null
}

/** A terminal that has ended needs no message. */
export const noEndMessage: EndMessage = { sentence: '', waitingId: null }

/** Returns whether the message is obsolete: the terminal has ended, or another user is its implementor. */
export function isOver({ waitingId }: EndMessage, sessions: readonly PtySessionItem[], username: string): boolean {
  if (waitingId === null) return false
  const found = sessions.find(({ id }) => id === waitingId)
  // The list may be older than the leaving.
  return found === undefined || (found.implementor !== null && found.implementor !== username)
}
