/** Terminals: how somebody is let go who does not show what was sent. */

/** The close code and the sentence. */
export const tooSlow: { readonly code: number; readonly sentence: string } = {
  code: 4429,
  sentence: 'Too slow: what was sent was not shown for 30 seconds.',
}
