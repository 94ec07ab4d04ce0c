/** Console: what of a text that somebody pastes goes to the terminal. */

/** U+009B, which is an escape and a bracket in one. */
const controlSequence = 0x9b
const kept: ReadonlySet<string> = new Set(['\t', '\r', '\n'])

/**
 * Returns a text without ESC, U+009B and every other control below U+0020 but tab, CR and LF.
 *
 * A program that asked for bracketed pastes takes `ESC [201~` for the end of one, and what follows for keys; other
 * controls are keys to it wherever they stand.
 *
 * @see xterm control sequences, "Bracketed Paste Mode"
 */
export function withoutControls(text: string): string {
  return Array.from(text)
    .filter((character) => kept.has(character) || !isControl(character.codePointAt(0) ?? 0))
    .join('')
}

function isControl(codePoint: number): boolean {
  return codePoint < 0x20 || codePoint === controlSequence
}
