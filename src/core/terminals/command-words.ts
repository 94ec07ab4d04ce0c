/** Core: the words of a line that need no quoting in any shell, and the one command that a server is told to run. Pure. */

/** What a line holds at most: characters, characters of a word, words. */
export const lineLimits = { line: 1_024, word: 256, words: 64 } as const

/** What a line was read as. */
export type ReadLine =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'refused'; readonly sentence: string }

// No shell expands, splits or quotes any of these; `=` may not begin a word, because zsh expands `=name` to a path.
const safeWord = /^[A-Za-z0-9_./:@,+-][A-Za-z0-9_./:@,+=-]*$/
const outsideAlphabet = /[^A-Za-z0-9_./:@,+= \t-]/u

/** What every command runs with: no pager waits for a key, and no pager that is asked for can start another program. */
const environment = ['TERM=dumb', 'PAGER=cat', 'SYSTEMD_PAGER=cat', 'GIT_PAGER=cat', 'LESSSECURE=1'] as const

/** Tells whether a word means itself alone in every shell, and is not too long. */
export function isSafeWord(word: string): boolean {
  return word.length <= lineLimits.word && safeWord.test(word)
}

/** Tells whether a word can name the program to run: neither an option nor an assignment to `env`. */
export function isProgramWord(word: string): boolean {
  return isSafeWord(word) && !word.startsWith('-') && !word.includes('=')
}

/** Reads a line as words that blanks and tabs part; the first character that a shell could give a meaning refuses all of it. */
export function readLine(line: string): ReadLine {
  if (line.length > lineLimits.line) return refused(`The line is longer than ${lineLimits.line} characters.`)
  const [strange] = outsideAlphabet.exec(line) ?? []
  if (strange !== undefined) {
    return refused(
      `The character ${nameOf(strange)} is not accepted; words are made of letters, digits and _ . / : @ , + - =`,
    )
  }
  const words = line.split(/[ \t]+/).filter((word) => word !== '')
  if (words.length === 0) return refused('The line is empty.')
  if (words.length > lineLimits.words) return refused(`The line has more than ${lineLimits.words} words.`)
  if (words.some((word) => word.length > lineLimits.word))
    return refused(`A word is longer than ${lineLimits.word} characters.`)
  if (words.some((word) => word.startsWith('='))) return refused('A word may not begin with the character =')
  return { kind: 'words', words }
}

/**
 * Returns the one command that runs these words and nothing else, whatever shell the OS user has.
 *
 * @throws Error when the words were not read by {@link readLine}, or do not begin with a program.
 */
export function forcedCommand(words: readonly string[]): string {
  const [program = ''] = words
  const isSafe = isProgramWord(program) && words.length <= lineLimits.words && words.every(isSafeWord)
  if (!isSafe) throw new Error('A forced command is made of safe words that begin with a program.')
  return ['exec', 'env', ...environment, ...words].join(' ')
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0x20 && code < 0x7f ? character : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

function refused(sentence: string): ReadLine {
  return { kind: 'refused', sentence }
}
