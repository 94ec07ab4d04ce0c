/** Terminals: how a client is disconnected that does not show its output. */

/** The close code and the sentence. */
export const tooSlow: { readonly code: number; readonly sentence: string } = {
  code: 4429,
  sentence: 'Too slow: the client did not show the output for 30 seconds.',
}
