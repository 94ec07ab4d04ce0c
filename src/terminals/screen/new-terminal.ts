/** Terminals: makes the headless terminal that a screen is; the page has to count the cells of characters as it does. */
import { createRequire } from 'node:module'
import type { ITerminalAddon, Terminal } from '@xterm/headless'
import headless from '@xterm/headless'
import { mendEraseAbove } from './xterm-internals.ts'

const { UnicodeGraphemesAddon } = loadGraphemes()

/**
 * Loads the addon where no buffer is shared: as of 0.4.0 it takes its table to begin where the memory of its buffer begins,
 * and reads whatever was there before, or never ends, where that is Node.js's pool.
 */
function loadGraphemes(): typeof import('@xterm/addon-unicode-graphemes') {
  const { poolSize } = Buffer
  Buffer.poolSize = 0
  try {
    return createRequire(import.meta.url)('@xterm/addon-unicode-graphemes')
  } finally {
    Buffer.poolSize = poolSize
  }
}

/**
 * Lines above the screen that are kept: a terminal that grows shows them again, in the page as in the screen.
 * As many as a tall window has; more would cost memory in every session for what is seen on a screen of the next size only.
 */
export const keptLines = 200

/** Characters of a link with its parameters; longer ones are no links: xterm.js would keep ten million in every cell. */
const longestLink = 4_096

/** OSC numbers of titles, which no screen shows. */
const titles = [0, 1, 2] as const

/** Makes a terminal of so many columns and rows. Nobody hears its answers to queries. */
export function newTerminal(cols: number, rows: number): Terminal {
  const terminal = new headless.Terminal({ cols, rows, scrollback: keptLines, allowProposedApi: true, logLevel: 'off' })
  terminal.loadAddon(new UnicodeGraphemesAddon() as unknown as ITerminalAddon)
  mendEraseAbove(terminal)
  for (const title of titles) terminal.parser.registerOscHandler(title, () => true)
  terminal.parser.registerOscHandler(8, (data) => data.length > longestLink)
  return terminal
}
