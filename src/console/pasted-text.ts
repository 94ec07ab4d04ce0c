/** Console: which part of a pasted text goes to the terminal. */

/** U+009B is an escape and a bracket in one character. */
const controlSequence = 0x9b
const kept: ReadonlySet<string> = new Set(['\t', '\r', '\n'])

/**
 * Returns a text without ESC, U+009B and every other control below U+0020 except tab, CR and LF.
 *
 * A program that uses bracketed paste takes `ESC [201~` for its end, and the rest for keys; other controls are keys to
 * it anyway.
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
