/** Terminals: writes the lines of a screen cell by cell, with everything that xterm.js distinguishes: empty cells with attributes, wrapped lines. */
import { type CellStyle, type Painter, plainStyle } from './painter.ts'
import { type Attributes, type BufferLine, bgFlags } from './xterm-internals.ts'

/** The text of a cell, and the cells that it takes. */
export type Glyph = { readonly text: string; readonly width: number }

/** The lines are written from the cursor's row on, which is empty, from the left edge and with the plain style. */
export type Lines = {
  readonly lines: readonly (BufferLine | undefined)[]
  readonly cols: number
  readonly rows: number
}

type Row = {
  readonly line: BufferLine
  readonly cols: number
  /** Columns that are not empty and not written yet. */
  readonly dirty: Set<number>
}

/** A character of two cells, and one of one cell; their remains are overwritten. */
const wide = '\u4e00'
const narrow = 'x'

/** Of attributes that fit into their two words. */
export const noExtension: Attributes['extended'] = { _ext: 0, urlId: 0 }

/** Returns the attributes of a cell. */
export function attributesAt(line: BufferLine, column: number): Attributes {
  const bg = line.getBg(column)
  const extended = (bg & bgFlags.extended) === 0 ? undefined : line._extendedAttrs[column]
  return { fg: line.getFg(column), bg, extended: extended ?? noExtension }
}

/** Returns the glyph that starts in a column; null: an empty cell, the right half of a glyph, half a glyph at the edge. */
export function glyphAt(
  line: BufferLine,
  column: number,
  { cols, painter }: { cols: number; painter: Painter },
): Glyph | null {
  if (line.hasContent(column) === 0) return null
  const width = line.getWidth(column)
  if (width === 2 && (column + 1 >= cols || line.getWidth(column + 1) !== 0)) return null
  const text = line.getString(column)
  if (painter.widthOf(text) === width) return { text, width }
  const [first = ''] = text
  return painter.widthOf(first) === width ? { text: first, width } : null
}

/** Writes lines one below another; those that do not fit scroll out at the top. */
export function paintLines(painter: Painter, { lines, cols, rows }: Lines): void {
  let dirty = new Set<number>()
  if (lines[0]?.isWrapped === true && rows > 1) {
    // It continues a line that is gone: that one is scrolled away here too.
    painter.moveTo(cols - 1)
    painter.print(narrow + narrow)
    painter.control('\x1b[S\x1b[H')
    dirty.add(0)
  }
  for (const [index, line] of lines.entries()) {
    const goesOn = lines[index + 1]?.isWrapped === true
    const row = line === undefined ? null : { line, cols, dirty }
    dirty = new Set()
    if (goesOn && row !== null && !endsWithGlyph(painter, row) && rows > 1) {
      beginLineThatGoesOn(painter, row)
      paintRow(painter, row)
      painter.usePen(plainStyle)
      painter.control('\x1b[B\r')
      dirty.add(0)
      continue
    }
    if (row !== null) paintRow(painter, row)
    if (index + 1 === lines.length) break
    painter.usePen(plainStyle)
    if (goesOn && row !== null && endsWithGlyph(painter, row)) {
      // One character too many makes the line wrap.
      painter.print(narrow)
      painter.control('\r')
      dirty.add(0)
    } else painter.control('\r\n')
  }
}

/** Makes the next line a wrapped one, and returns; the last cell of this one must then be written over. */
function beginLineThatGoesOn(painter: Painter, { cols, dirty }: Row): void {
  painter.usePen(plainStyle)
  painter.moveTo(cols - 1)
  painter.print(narrow + narrow)
  painter.control('\x1b[A\r')
  dirty.add(cols - 1)
}

function endsWithGlyph(painter: Painter, { line, cols }: Row): boolean {
  if (glyphAt(line, cols - 1, { cols, painter })?.width === 1) return true
  return cols > 1 && glyphAt(line, cols - 2, { cols, painter })?.width === 2
}

/** Empty, and erasing with a background cannot create it: the half of a wide character that was overwritten. */
function isOdd({ line }: Row, column: number): boolean {
  return line.hasContent(column) === 0 && line.getWidth(column) !== 0 && !isErasable(line, column)
}

function isErasable(line: BufferLine, column: number): boolean {
  return line.getFg(column) >>> 24 === 0 && line.getBg(column) >>> 26 === 0
}

function paintRow(painter: Painter, row: Row): void {
  const odd = new Set<number>()
  for (let column = 0; column < row.cols; column += 1) if (isOdd(row, column)) odd.add(column)
  if (odd.size === row.cols) odd.clear()
  if (odd.size > 0) paintOdd(painter, row, odd)
  let at = odd.size > 0 || row.dirty.size > 0 ? -1 : 0
  let column = 0
  while (column < row.cols) {
    if (odd.has(column)) {
      column += 1
      continue
    }
    const glyph = glyphAt(row.line, column, { cols: row.cols, painter })
    if (glyph === null) {
      const next = paintEmpty(painter, row, { column, at, odd })
      if (next.painted) at = column
      column = next.column
      continue
    }
    painter.usePen(painter.penOf(attributesAt(row.line, column)))
    if (at !== column) painter.moveTo(column)
    painter.printCell(glyph.text, column)
    column += glyph.width
    at = column
  }
}

/** Erases a run of empty cells that are not empty yet, or have a background; returns the end of the run. */
function paintEmpty(
  painter: Painter,
  { line, cols, dirty }: Row,
  { column, at, odd }: { readonly column: number; readonly at: number; readonly odd: ReadonlySet<number> },
): { readonly column: number; readonly painted: boolean } {
  const style = emptyPen(painter, line.getBg(column))
  let isNeeded = style.attributes !== plainStyle.attributes
  let end = column
  while (end < cols && !odd.has(end) && isEmptyLike(painter, { line, cols, dirty }, { column: end, style })) {
    isNeeded ||= dirty.has(end)
    end += 1
  }
  if (!isNeeded) return { column: end, painted: false }
  painter.usePen(style)
  if (at !== column) painter.moveTo(column)
  painter.control(`\x1b[${end - column}X`)
  return { column: end, painted: true }
}

function isEmptyLike(
  painter: Painter,
  { line, cols }: Row,
  { column, style }: { column: number; style: CellStyle },
): boolean {
  if (glyphAt(line, column, { cols, painter }) !== null) return false
  return emptyPen(painter, line.getBg(column)).attributes === style.attributes
}

/** Erasing gives a cell only the background. */
function emptyPen(painter: Painter, bg: number): CellStyle {
  return painter.penOf({ fg: 0, bg: bg & 0x3ffffff, extended: noExtension })
}

/**
 * Creates empty cells with attributes: writes a wide character, then over one half of it; the other half is such a
 * cell. The cell beside becomes dirty, so those at the right edge are made one column further left, and pushed.
 */
function paintOdd(painter: Painter, { line, cols, dirty }: Row, odd: ReadonlySet<number>): void {
  let before = cols - 1
  while (odd.has(before)) before -= 1
  const make = (column: number, from: number): void => {
    painter.usePen(painter.penOf(attributesAt(line, from)))
    painter.moveTo(column)
    painter.print(wide)
    painter.moveTo(column + 1)
    painter.print(narrow)
    dirty.add(column + 1)
  }
  if (before < cols - 1) {
    for (let column = before + 1; column < cols; column += 1) make(column - 1, column)
    painter.usePen(plainStyle)
    painter.moveTo(before)
    painter.control('\x1b[@')
    for (let column = before; column < cols; column += 1) dirty.delete(column)
  }
  for (const column of odd) {
    if (column > before) break
    dirty.delete(column)
    make(column, column)
  }
  for (const column of odd) dirty.delete(column)
}
