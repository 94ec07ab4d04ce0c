/** Terminals: writes a screen as bytes that bring any terminal of its size to the same state, hidden attributes and modes included. */
import type { Terminal } from '@xterm/headless'
import { designate } from './charsets.ts'
import { modeSequences } from './mode-sequences.ts'
import { noExtension, paintLines } from './paint-lines.ts'
import { Painter, plainStyle } from './painter.ts'
import { placeCursor } from './place-cursor.ts'
import { bgFlags, fgFlags, internalsOf, type ScreenBuffer } from './xterm-internals.ts'

/** A link that no cell keeps: if attributes with a link were saved, only its mark was. */
const markOfLink = ';about:blank'

/**
 * Returns the bytes. They start with a full reset (RIS), and output may follow at once, even a character that joins the
 * last one.
 *
 * Left out: titles, colours that a program redefines, synchronized output, and what is beyond the right edge or below
 * the last row until the terminal grows: tab stops, cells, a saved cursor.
 *
 * @param keepsLines Whether the lines above the screen are included.
 */
export function serializeScreen(terminal: Terminal, keepsLines: boolean): Uint8Array {
  const core = internalsOf(terminal)
  const { active, alt, normal } = core.buffers
  const size = { cols: terminal.cols, rows: terminal.rows }
  const painter = new Painter(core)
  painter.control('\x1bc')
  if (active === normal && !isSavedPlain(alt)) {
    painter.control('\x1b[?47h')
    save(painter, alt, size)
    painter.control('\x1b[?47l\x1b[H')
  }
  paintBuffer(painter, normal, { ...size, keepsLines })
  if (active === alt) {
    // Entering saves the cursor of the normal screen, so its saved state is restored just before.
    painter.control('\x1b8\x1b[?1049h\x0f\x1b[0"q\x1b[0m\x1b[H\x1b[2J')
    painter.penBecame(plainStyle)
    paintBuffer(painter, alt, { ...size, keepsLines: false })
  }
  painter.control(modeSequences(core))
  placeCursor(painter, core, size)
  return new TextEncoder().encode(painter.text)
}

type Size = { readonly cols: number; readonly rows: number }

function paintBuffer(
  painter: Painter,
  buffer: ScreenBuffer,
  { cols, rows, keepsLines }: Size & { readonly keepsLines: boolean },
): void {
  const first = keepsLines ? 0 : buffer.ybase
  const lines = Array.from({ length: buffer.ybase + rows - first }, (_, index) => buffer.lines.get(first + index))
  paintLines(painter, { lines, cols, rows })
  painter.usePen(plainStyle)
  if (!isSavedPlain(buffer)) save(painter, buffer, { cols, rows })
  setTabs(painter, buffer, cols)
  if (buffer.scrollTop !== 0 || buffer.scrollBottom !== rows - 1) {
    painter.control(`\x1b[${buffer.scrollTop + 1};${buffer.scrollBottom + 1}r`)
  }
  painter.control('\x1b[H')
}

function isSavedPlain({ savedX, savedY, ybase, savedCurAttrData, savedCharset }: ScreenBuffer): boolean {
  // Rows count from the first kept line: nothing was saved if the number has not moved with the screen.
  const isHome = savedX === 0 && (savedY === 0 || savedY < ybase)
  return isHome && savedCurAttrData.fg === 0 && savedCurAttrData.bg === 0 && savedCharset === undefined
}

/** Saves what the buffer has saved; the cursor's place is undefined afterwards, the style is plain. */
function save(painter: Painter, buffer: ScreenBuffer, { cols, rows }: Size): void {
  const row = Math.min(Math.max(buffer.savedY - buffer.ybase, 0), rows - 1)
  painter.control(`\x1b[${row + 1};${Math.min(buffer.savedX, cols - 1) + 1}H`)
  const { fg, bg } = buffer.savedCurAttrData
  const style = painter.penOf({ fg, bg, extended: noExtension })
  const isMarked = (bg & bgFlags.extended) !== 0 && (fg & fgFlags.underline) === 0
  painter.usePen(isMarked ? { ...style, link: markOfLink } : style)
  painter.control(`${designate(0, buffer.savedCharset)}\x1b7${designate(0, undefined)}`)
  painter.usePen(plainStyle)
}

/** Tab stops are one in eight after a reset. */
function setTabs(painter: Painter, { tabs }: ScreenBuffer, cols: number): void {
  const columns = Array.from({ length: cols }, (_, column) => column)
  const stops = columns.filter((column) => tabs[column] === true)
  if (stops.join() === columns.filter((column) => column % 8 === 0).join()) return
  painter.control('\x1b[3g')
  for (const stop of stops) {
    painter.moveTo(stop)
    painter.control('\x1bH')
  }
}
