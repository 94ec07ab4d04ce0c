/** Core: the words of a line that need no quoting in any shell, and the one command that a server gets. Pure. */

/** Limits of a line: characters, characters of a word, words. */
export const lineLimits = { line: 1_024, word: 256, words: 64 } as const

/** The result of reading a line. */
export type ReadLine =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'refused'; readonly sentence: string }

// No shell expands, splits or quotes these characters. `=` may not begin a word, because zsh expands `=name` to a path.
const safeWord = /^[A-Za-z0-9_./:@,+-][A-Za-z0-9_./:@,+=-]*$/
const outsideAlphabet = /[^A-Za-z0-9_./:@,+= \t-]/u

/** The environment of every command: no pager waits for a key, and none can start another program. */
const environment = ['TERM=dumb', 'PAGER=cat', 'SYSTEMD_PAGER=cat', 'GIT_PAGER=cat', 'LESSSECURE=1'] as const

/** Returns whether a word means itself in every shell, and is not too long. */
export function isSafeWord(word: string): boolean {
  return word.length <= lineLimits.word && safeWord.test(word)
}

/** Returns whether a word can name the program: it is neither an option nor an assignment to `env`. */
export function isProgramWord(word: string): boolean {
  return isSafeWord(word) && !word.startsWith('-') && !word.includes('=')
}

/** Reads a line as words between blanks and tabs. If one character could mean something to a shell, the whole line is refused. */
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
 * Returns the one command that runs exactly these words in every shell of the OS user.
 *
 * @throws Error if {@link readLine} did not read the words, or the first is not a program.
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
