/** Terminals: draws the line that is being edited, over as many rows as it needs. Pure. */

/** The line on the screen. */
export type View = {
  readonly prompt: string
  readonly line: string
  /** Characters of the line before the cursor. */
  readonly cursor: number
  readonly cols: number
}

/** Returns the bytes that draw a view from the first column of an empty row on. */
export function paintFresh(view: View): string {
  const text = view.prompt + view.line
  return text + wrapAtEdge(text.length, view.cols) + move(text.length, view.prompt.length + view.cursor, view.cols)
}

/** Returns the bytes that change one view into another of the same prompt and width. */
export function paintChange(before: View, after: View): string {
  const start = after.prompt.length
  if (before.line === after.line) return move(start + before.cursor, start + after.cursor, after.cols)
  const isAppended =
    after.line.startsWith(before.line) && before.cursor === before.line.length && after.cursor === after.line.length
  if (isAppended) return after.line.slice(before.line.length) + wrapAtEdge(start + after.line.length, after.cols)
  return `${move(start + before.cursor, 0, after.cols)}\x1b[J${paintFresh(after)}`
}

/** Returns the bytes that leave the line on the screen and move to an empty row below it. */
export function paintLineEnd(view: View, trail = ''): string {
  const start = view.prompt.length
  return `${move(start + view.cursor, start + view.line.length, view.cols)}${trail}\r\n`
}

/** A terminal waits at its last column for the next character; after this its cursor is at the expected place. */
function wrapAtEdge(length: number, cols: number): string {
  return length > 0 && length % cols === 0 ? '\r\n' : ''
}

function move(from: number, to: number, cols: number): string {
  if (from === to) return ''
  const rows = Math.floor(to / cols) - Math.floor(from / cols)
  const column = to % cols
  const vertical = rows === 0 ? '' : `\x1b[${Math.abs(rows)}${rows < 0 ? 'A' : 'B'}`
  return `${vertical}\r${column === 0 ? '' : `\x1b[${column}C`}`
}
