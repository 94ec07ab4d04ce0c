/** Core: makes texts from outside safe to print in a log or on a terminal. Pure. */

// CSI sequences, OSC and the other strings with their bodies, and short escapes (ECMA-48 section 5). Of their
// one-character forms only the control character is removed, because bytes of UTF-8 that are read as Latin-1 look like
// them.
const terminalSequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds.
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]/g

// Controls but the blank ones, invisible format characters (bidi overrides among them), separators, lone surrogates.
const unprintable = /(?![\t\n\v\f\r])\p{Cc}|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Returns the text without terminal sequences and invisible characters; tabs and line ends stay. */
export function withoutControls(text: string): string {
  return text.replace(terminalSequences, '').replace(unprintable, '')
}

/** Returns the text as one printable line, without terminal sequences and invisible characters, with blanks for tabs and line ends. */
export function printable(text: string): string {
  return withoutControls(text)
    .replace(/[\t\n\v\f\r]+/g, ' ')
    .trim()
}
