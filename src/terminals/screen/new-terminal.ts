/** Terminals: creates the headless terminal of a screen. The page must count the cells of characters in the same way. */
import { createRequire } from 'node:module'
import type { ITerminalAddon, Terminal } from '@xterm/headless'
import headless from '@xterm/headless'
import { mendEraseAbove } from './xterm-internals.ts'

const { UnicodeGraphemesAddon } = loadGraphemes()

/**
 * Loads the addon without a shared buffer pool: version 0.4.0 reads its table from the start of the memory of its
 * buffer. In Node.js's pool that is foreign data, so that widths are wrong or reading never ends.
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
 * Lines above the screen that are kept: a terminal that grows shows them again, in the page as in the screen. As many
 * as a tall window has; more would cost memory in every session.
 */
export const keptLines = 200

/** Most characters of a link with its parameters; longer ones are ignored: xterm.js would keep ten million in every cell. */
const longestLink = 4_096

/** OSC numbers of titles, which no screen shows. */
const titles = [0, 1, 2] as const

/** Creates a terminal of a size. Its answers to queries are dropped. */
export function newTerminal(cols: number, rows: number): Terminal {
  const terminal = new headless.Terminal({ cols, rows, scrollback: keptLines, allowProposedApi: true, logLevel: 'off' })
  terminal.loadAddon(new UnicodeGraphemesAddon() as unknown as ITerminalAddon)
  mendEraseAbove(terminal)
  for (const title of titles) terminal.parser.registerOscHandler(title, () => true)
  terminal.parser.registerOscHandler(8, (data) => data.length > longestLink)
  return terminal
}
