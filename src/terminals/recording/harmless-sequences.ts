/** Terminals: the list of control sequences that may reach a user's terminal when a recording is played: those that draw. Pure. */

/** A control sequence, in its parts (ECMA-48 section 5.4). */
export type ControlSequence = {
  /** `?`, `>`, `<`, `=`, or empty. */
  readonly prefix: string
  readonly parameters: string
  readonly intermediates: string
  readonly final: string
}

/** Controls that move the cursor, ring or shift character sets: BEL BS HT LF VT FF CR SO SI. ENQ is not in the list, because it asks. */
const harmlessControls = '\u0007\b\t\n\v\f\r\u000e\u000f'

/** Finals of escape sequences without intermediates: cursor and keypad, index, tab stop, reset, single and locking shifts. */
const harmlessEscapes = '78=>DEHMNOcno|}~'

/** Sequences by prefix, intermediates and final. */
const harmlessSequences = new Set([
  // Cursor, erasing, editing, scrolling, tabs, colours, margins, saved cursor.
  ...'@ABCDEFGHIJKLMPSTXZ`abdefgmrsu'.split(''),
  // Selective erasing, and tab stops every eight columns.
  ...['?J', '?K', '?W'],
  // Shape of the cursor, soft reset, protection, columns scrolled, inserted and deleted.
  ...[' q', '!p', '"q', ' @', ' A', "'}", "'~"],
  // Rectangles changed, copied, filled and erased.
  ...['$r', '$t', '$v', '$x', '$z', '${', '*x'],
])

/** Modes without a prefix: insert, and new line. */
const harmlessModes = new Set(['4', '20'])

/** Private modes: reverse video, origin, wrap, cursor blinking and visible, margins, alternate screens, synchronized updates. None makes a terminal report. */
const harmlessPrivateModes = new Set(['5', '6', '7', '12', '25', '45', '47', '69', '1047', '1048', '1049', '2026'])

export function isHarmlessControl(character: string): boolean {
  return harmlessControls.includes(character)
}

/** Returns whether `ESC intermediates final` may pass: drawing, and the choice of a character set. */
export function isHarmlessEscape(intermediates: string, final: string): boolean {
  if (intermediates === '') return harmlessEscapes.includes(final)
  if (intermediates === '#') return '34568'.includes(final)
  return /^[()*+\-./]["%&]?$/.test(intermediates)
}

/** Returns a control sequence that may pass, or an empty text. Of several modes only the harmless ones stay. */
export function harmlessSequence({ prefix, parameters, intermediates, final }: ControlSequence): string {
  if ((final === 'h' || final === 'l') && intermediates === '' && (prefix === '' || prefix === '?')) {
    const allowed = prefix === '' ? harmlessModes : harmlessPrivateModes
    const modes = parameters.split(';').filter((mode) => allowed.has(mode))
    return modes.length === 0 ? '' : `\u001b[${prefix}${modes.join(';')}${final}`
  }
  // No screen is larger, and more repetitions would only take time.
  if (/\d{6}/.test(parameters)) return ''
  // `T` with more than one parameter follows the mouse.
  if (final === 'T' && parameters.includes(';')) return ''
  if (!harmlessSequences.has(prefix + intermediates + final)) return ''
  return `\u001b[${prefix}${parameters}${intermediates}${final}`
}

/** Returns an operating system command that may pass, or an empty text: links to the web, and the end of a link. */
export function harmlessCommand(text: string): string {
  const uri = /^8;[^;]*;([!-~]*)$/.exec(text)?.[1]
  if (uri === undefined || (uri !== '' && !/^https?:\/\//i.test(uri))) return ''
  return `\u001b]8;;${uri}\u001b\\`
}
