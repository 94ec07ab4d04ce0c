/** Terminals: the only file that reads private fields of xterm.js, because its interface has neither all attributes nor all hidden state. */
import type { Terminal } from '@xterm/headless'

/** Attributes beyond two words: `_ext` holds underline style (bits 26 to 28) and underline colour (bits 0 to 25). */
export type ExtendedAttributes = { readonly _ext: number; readonly urlId: number }

/** Attributes as two words of flags, colour mode and colour; `extended` counts only if `bg` says so. */
export type Attributes = { readonly fg: number; readonly bg: number; readonly extended: ExtendedAttributes }

/** A table of replacements for ASCII; none is ASCII itself. */
export type Charset = Readonly<Record<string, string>> | undefined

/** One line of a buffer; it may be longer than the screen is wide. */
export type BufferLine = {
  readonly isWrapped: boolean
  readonly length: number
  readonly getWidth: (column: number) => number
  readonly getString: (column: number) => string
  readonly getFg: (column: number) => number
  readonly getBg: (column: number) => number
  readonly hasContent: (column: number) => number
  readonly _extendedAttrs: Readonly<Record<number, ExtendedAttributes | undefined>>
  /** Texts of more than one character, by column; entries of other columns are stale. */
  readonly _combined: Record<number, string | undefined>
}

/** The normal or the alternate screen. */
export type ScreenBuffer = {
  readonly lines: { readonly length: number; readonly get: (index: number) => BufferLine | undefined }
  readonly x: number
  readonly y: number
  readonly ybase: number
  readonly scrollTop: number
  readonly scrollBottom: number
  readonly tabs: Readonly<Record<number, boolean | undefined>>
  readonly savedX: number
  readonly savedY: number
  readonly savedCurAttrData: Attributes
  readonly savedCharset: Charset
}

/** The members of a terminal that are read. */
export type Internals = {
  readonly _inputHandler: {
    readonly parse: (bytes: Uint8Array) => unknown
    readonly _curAttrData: Attributes
    readonly _parser: { readonly currentState: number; readonly precedingJoinState: number }
    readonly _utf8Decoder: { readonly interim: Uint8Array }
    readonly _restrictCursor: (lastColumn: number) => void
    readonly _eraseInBufferLine: (
      ...which: readonly [row: number, from: number, to: number, unwraps: boolean, sparing: boolean]
    ) => void
    readonly _resetBufferLine: (row: number, sparing: boolean) => void
  }
  readonly buffers: { readonly active: ScreenBuffer; readonly normal: ScreenBuffer; readonly alt: ScreenBuffer }
  readonly coreService: {
    readonly isCursorHidden: boolean
    readonly modes: { readonly insertMode: boolean }
    readonly decPrivateModes: {
      readonly applicationCursorKeys: boolean
      readonly applicationKeypad: boolean
      readonly bracketedPasteMode: boolean
      readonly cursorBlink: boolean | undefined
      readonly cursorStyle: 'block' | 'underline' | 'bar' | undefined
      readonly origin: boolean
      readonly reverseWraparound: boolean
      readonly sendFocus: boolean
      readonly wraparound: boolean
    }
  }
  readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string }
  readonly _charsetService: {
    readonly charset: Charset
    readonly glevel: number
    readonly _charsets: readonly Charset[]
  }
  readonly _oscLinkService: {
    readonly getLinkData: (id: number) => { readonly id?: string | undefined; readonly uri: string } | undefined
  }
  readonly unicodeService: { readonly charProperties: (character: number, preceding: number) => number }
  readonly optionsService: { readonly rawOptions: { readonly cursorBlink: boolean; readonly convertEol: boolean } }
}

/** Returns the private state of xterm.js; it changes with the terminal. */
export function internalsOf(terminal: Terminal): Internals {
  return (terminal as unknown as { readonly _core: Internals })._core
}

/**
 * Parses bytes at once: `write` waits for a timer at each call. No handler of a sequence may be asynchronous, and
 * characters must be whole: xterm.js loses one that is cut after a byte 0x80.
 */
export function parseNow(terminal: Terminal, bytes: Uint8Array): void {
  internalsOf(terminal)._inputHandler.parse(bytes)
}

/** Most characters of one cell: more marks are not visible, and xterm.js would keep any number. */
const longestCluster = 1_024

/** Cuts the text of the cell before the cursor, which combining marks could otherwise grow without end. */
export function boundCluster(terminal: Terminal): void {
  const { lines, x, y, ybase } = internalsOf(terminal).buffers.active
  const combined = lines.get(ybase + y)?._combined
  if (combined === undefined) return
  for (const column of [x - 1, x - 2]) {
    const text = combined[column]
    if (text !== undefined && text.length > longestCluster) combined[column] = text.slice(0, longestCluster)
  }
}

/**
 * Corrects the erasing above the cursor (ED 1, DECSED 1). If the cursor is in the last cell of the last line, xterm.js
 * 6.0 looks for a line below, throws, and loses the bytes of that write.
 */
export function mendEraseAbove(terminal: Terminal): void {
  const { _inputHandler: handler } = internalsOf(terminal)
  const erase = (parameters: readonly (number | number[])[], isSparing: boolean): boolean => {
    const { x, y, lines } = internalsOf(terminal).buffers.active
    if (parameters[0] !== 1 || x + 1 < terminal.cols || lines.get(y + 1) !== undefined) return false
    handler._restrictCursor(terminal.cols)
    handler._eraseInBufferLine(y, 0, x + 1, true, isSparing)
    for (let row = 0; row < y; row += 1) handler._resetBufferLine(row, isSparing)
    return true
  }
  terminal.parser.registerCsiHandler({ final: 'J' }, (parameters) => erase(parameters, false))
  terminal.parser.registerCsiHandler({ prefix: '?', final: 'J' }, (parameters) => erase(parameters, true))
}

/** The value of `_parser.currentState` between two sequences. */
export const parserGround = 0

/** Bits of `fg` and `bg`: the colour mode, and its values. */
export const colourMode = { mask: 0x3000000, basic: 0x1000000, indexed: 0x2000000, rgb: 0x3000000 } as const

/** Flags of `fg`. */
export const fgFlags = {
  inverse: 0x4000000,
  bold: 0x8000000,
  underline: 0x10000000,
  blink: 0x20000000,
  invisible: 0x40000000,
  struck: 0x80000000,
} as const

/** Flags of `bg`. */
export const bgFlags = {
  italic: 0x4000000,
  dim: 0x8000000,
  extended: 0x10000000,
  protected: 0x20000000,
  overline: 0x40000000,
} as const

/** Splits the result of `charProperties`: cells of the character, and whether it joins the one before. */
export function readProperties(properties: number): { readonly width: number; readonly joins: boolean } {
  return { width: (properties >> 1) & 3, joins: (properties & 1) === 1 }
}

/** Returns the underline style of extended attributes, 0 for none to 5 for dashed, as SGR 4 counts them. */
export function underlineStyle(extended: ExtendedAttributes): number {
  return (extended._ext >> 26) & 7
}

/** Returns the underline colour of extended attributes, mode and colour as in `fg`; 0 for the colour of the text. */
export function underlineColour(extended: ExtendedAttributes): number {
  return extended._ext & 0x3ffffff
}
