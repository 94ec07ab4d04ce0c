/** Console: what the person should know of a terminal that they left. Pure. */
import type { PtySessionItem } from '../client/client.ts'

/** What is said in the lobby. */
export type EndMessage = {
  /** Empty: nothing. */
  readonly sentence: string
  /** Id of the PTY session that waits for an implementor; null: none does. */
  readonly waitingId: string | null
}

/** Of a terminal that is over there is nothing to say. */
export const noEndMessage: EndMessage = { sentence: '', waitingId: null }

/** Tells whether what was said is over: the terminal has ended, or somebody else implements it. */
export function isOver({ waitingId }: EndMessage, sessions: readonly PtySessionItem[], username: string): boolean {
  if (waitingId === null) return false
  const found = sessions.find(({ id }) => id === waitingId)
  // The list may be older than the leaving.
  return found === undefined || (found.implementor !== null && found.implementor !== username)
}
