/** Terminals: restores the cursor's place, with style, character sets, origin and insert mode, and what the last character leaves open. */
import { designateAll, passesThrough } from './charsets.ts'
import { attributesAt, type Glyph, glyphAt, noExtension } from './paint-lines.ts'
import { beyondUnderline, type CellStyle, type Painter, plainStyle } from './painter.ts'
import {
  type Attributes,
  type BufferLine,
  bgFlags,
  fgFlags,
  type Internals,
  underlineStyle,
} from './xterm-internals.ts'

type Place = { readonly cols: number; readonly core: Internals }

/** The glyph that ends at the cursor, and its start. */
type LastGlyph = Glyph & { readonly column: number; readonly style: CellStyle }

/** Ends a snapshot: nothing but output may follow it. */
export function placeCursor(painter: Painter, core: Internals, { cols }: { readonly cols: number }): void {
  const place = { cols, core }
  const { active } = core.buffers
  const { _curAttrData: attributes, _parser: parser } = core._inputHandler
  const style = painter.penOf(attributes)
  const last = lastGlyph(painter, place)
  const isWritable = last === null || passesThrough(last.text, core._charsetService.charset)
  const isAsCell = last !== null && isSame(last.style, painter.penOf(inCell(attributes)))
  const isOpen = parser.precedingJoinState !== 0 && isWritable && isAsCell
  if (isWritable) chooseCharsetsAndPen(painter, core, style)
  if (active.x >= cols && !isOpen) {
    goTo(painter, place, last?.column ?? cols - 1)
    writeToEdge(painter, place, last)
  } else goTo(painter, place, isOpen ? last.column : active.x)
  if (!isWritable) painter.control(designateAll(core._charsetService))
  painter.usePen(style)
  const { insertMode } = core.coreService.modes
  // Writing the character again would push it to the right, so this goes first. What joins it later pushed nothing.
  if (insertMode && isOpen) painter.control(`\x1b[${painter.widthOf([...last.text][0] ?? '') ?? 1}P`)
  // A sequence closes the written text, even if no mode has to be set.
  painter.control(`\x1b[4${insertMode ? 'h' : 'l'}`)
  if (isOpen) painter.printCell(last.text, last.column)
}

/** A cell keeps an extension only with its mark. */
function inCell(attributes: Attributes): Attributes {
  return (attributes.bg & bgFlags.extended) === 0 ? { ...attributes, extended: noExtension } : attributes
}

function isSame(one: CellStyle, other: CellStyle): boolean {
  return one.attributes === other.attributes && one.link === other.link
}

function lastGlyph(painter: Painter, { cols, core }: Place): LastGlyph | null {
  const { x, y, ybase, lines } = core.buffers.active
  const line = lines.get(ybase + y)
  if (line === undefined) return null
  for (const width of [1, 2]) {
    const column = x - width
    const glyph = column < 0 ? null : glyphAt(line, column, { cols, painter })
    if (glyph?.width === width) return { ...glyph, column, style: painter.penOf(attributesAt(line, column)) }
  }
  return null
}

/** Sets origin mode, which moves the cursor home, and moves: rows then count from the upper margin. */
function goTo(painter: Painter, { core }: Place, column: number): void {
  const { y, scrollTop } = core.buffers.active
  const { origin } = core.coreService.decPrivateModes
  const row = origin ? Math.max(y - scrollTop, 0) : y
  painter.control(`${origin ? '\x1b[?6h' : ''}\x1b[${row + 1};${column + 1}H`)
}

/** Leaves the cursor beyond the last column: it wraps with the next character. */
function writeToEdge(painter: Painter, { cols, core }: Place, last: LastGlyph | null): void {
  const { y, ybase, lines } = core.buffers.active
  const line = lines.get(ybase + y)
  if (last !== null) {
    painter.usePen(last.style)
    painter.printCell(last.text, last.column)
  } else if (line !== undefined && isErasedWhole(line, cols)) {
    painter.usePen(plainStyle)
    painter.print(' ')
    painter.usePen(painter.penOf({ fg: 0, bg: line.getBg(0) & 0x3ffffff, extended: noExtension }))
    painter.control('\x1b[1K')
  } else painter.print(' ')
}

function isErasedWhole(line: BufferLine, cols: number): boolean {
  const bg = line.getBg(0)
  for (let column = 0; column < cols; column += 1) {
    const isErased = line.hasContent(column) === 0 && line.getFg(column) === 0 && line.getBg(column) === bg
    if (!isErased) return false
  }
  return bg >>> 26 === 0
}

/** A restored cursor has its own character set and attributes, if they differ from the tables. */
function chooseCharsetsAndPen(painter: Painter, core: Internals, style: CellStyle): void {
  const { charset, glevel, _charsets } = core._charsetService
  const { savedCharset, savedCurAttrData: saved } = core.buffers.active
  const { _curAttrData: attributes } = core._inputHandler
  const takesMarks = !isConsistent(attributes) && sameMarks(attributes, saved)
  painter.control(designateAll(core._charsetService))
  if (charset === savedCharset && (charset !== _charsets[glevel] || takesMarks)) {
    const { extended } = attributes
    const fg = underlineStyle(extended) === 0 ? 0 : fgFlags.underline
    painter.usePen(painter.penOf({ fg, bg: bgFlags.extended, extended }))
    painter.control('\x1b8')
    if (takesMarks) painter.control(beyondUnderline(attributes))
    painter.penBecame(takesMarks ? style : null)
  }
  painter.usePen(style)
}

/** Setting an underline or a link sets a mark too; restoring a cursor restores marks, but neither style nor link. */
function isConsistent({ fg, bg, extended }: Attributes): boolean {
  const style = underlineStyle(extended)
  const isMarked = (bg & bgFlags.extended) !== 0
  return isMarked === (style !== 0 || extended.urlId !== 0) && ((fg & fgFlags.underline) !== 0) === (style !== 0)
}

function sameMarks(one: Attributes, other: Attributes): boolean {
  return ((one.fg ^ other.fg) & fgFlags.underline) === 0 && ((one.bg ^ other.bg) & bgFlags.extended) === 0
}
