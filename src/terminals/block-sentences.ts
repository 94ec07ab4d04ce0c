/** Terminals: the sentences that explain to an implementor why input is blocked. */
import type { BlockReason } from '../protocol/terminal-frames.ts'

/** One sentence for each reason. */
export const blockSentences: Readonly<Record<BlockReason, string>> = {
  'observers-missing': 'Not sent: too few observers are watching.',
  'presence-missing': 'Not sent: no observer has confirmed to be watching.',
  'paused-by-observer': 'Not sent: an observer has paused the input.',
  'not-implementor': 'Not sent: only the implementor types.',
  'no-new-commands': 'Not sent: the window is over; only Ctrl-C passes.',
  'paste-too-large': 'Not sent: the paste is too large.',
  'paste-unconfirmed': 'Held back: confirm that these lines are to be sent.',
  'node-without-lease': 'Not sent: this node has no contact with the store at the moment.',
  'access-under-review': 'Not sent: your access is being checked again.',
}
