/** Core: removes secrets from command lines that clients report. It masks too much rather than too little. */
import { printable, withoutControls } from './printable.ts'

/** Most UTF-8 bytes of a stored command line. */
const mostBytes = 2048

/** Most characters that are read; later ones cannot reach the stored part. */
const mostCharacters = 8192

const mask = '***'

const secretWords =
  'pass(?:word|wd|phrase|code)|pwd|token|secret|credential|api[_-]?key|access[_-]?key|private[_-]?key|otp'

/** A name that holds a secret word: `--auth-token`, `client_secret`, `PGPASSWORD`. */
const secretName = `[\\w-]{0,64}?(?:${secretWords})[\\w-]{0,64}`

// ASCII blanks only: a no-break space may be a byte of a letter in UTF-8 that was read as Latin-1.
const blank = '[\\t-\\r ]'

/** A word as a shell reads it; an open quote extends to the end, because its end is unknown. */
const shellWord = `(?:"(?:[^"\\\\]|\\\\[^])*(?:"|\\\\?$)|'[^']*(?:'|$)|\\\\(?:[^]|$)|[^\\t-\\r "'\\\\])+`

/** Everything to the end. */
const rest = '[^]+'

// A value that is itself the name of a secret is not consumed, so that its own value is masked next.
const notAnotherName = `(?!--?${secretName})`

/**
 * Returns a command line to store: one printable line, every secret as `***`, at most 2 KiB of UTF-8; null if nothing
 * is left.
 *
 * Masked are the values of options and variables with a secret's name, of `-p` in a line that signs in, passwords in
 * URLs, the text after `Authorization:`, `Bearer` and `Basic`, and JSON Web Tokens.
 *
 * @param signsIn The line is known to sign in: then everything after the first secret option is masked, because a
 * password with blanks came without its quotes.
 * @see Giant Swarm `gsctl`, whose own redaction leaves `-pVALUE` and `-p` after a global option.
 */
export function scrubCommandLine(text: string, signsIn = false): string | null {
  const seen = withoutControls(wholeWords(text))
  const masked = maskOptions(maskHeaders(maskUrls(seen)), signsIn)
  const kept = printable(cutToBytes(printable(masked), mostBytes))
  return kept === '' ? null : kept
}

// Word by word, and only up to its last `@`, so that the cost is linear.
function maskUrls(text: string): string {
  return text
    .split(/([\t-\r ]+)/)
    .map((word) => {
      const end = word.lastIndexOf('@')
      return end === -1 ? word : maskUserinfo(word.slice(0, end)) + word.slice(end)
    })
    .join('')
}

function maskUserinfo(text: string): string {
  return text.replace(/(:\/\/[^/?#@:]*:).*$/, `$1${mask}`).replace(/((?:^|["'=])[^:/@"'=]+:)[^/].*$/, `$1${mask}`)
}

function maskHeaders(text: string): string {
  const word = `[^\\t-\\r "']`
  const scheme = `(?:[a-z][\\w-]*${blank}+(?!-))?`
  const header = new RegExp(`(authorization["']?${blank}*[:=]${blank}*["']?)${scheme}${word}+`, 'gi')
  const schemeAndToken = new RegExp(`\\b((?:bearer|basic|giantswarm)${blank}+)(?!-)${word}{8,}`, 'gi')
  const jsonWebToken = /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g
  return text.replace(header, `$1${mask}`).replace(schemeAndToken, `$1${mask}`).replace(jsonWebToken, mask)
}

function maskOptions(text: string, signsIn: boolean): string {
  const value = signsIn ? rest : shellWord
  const option = new RegExp(
    `(?<![\\w-])(--?${secretName}["']?(?:${blank}*=${blank}*|${blank}+))${notAnotherName}${value}`,
    'gi',
  )
  const assignment = new RegExp(`(?<![\\w-])(${secretName}["']?${blank}*[=:]${blank}*)${shellWord}`, 'gi')
  const masked = text.replace(option, `$1${mask}`).replace(assignment, `$1${mask}`)
  if (!signsIn && !/\blogin\b/i.test(text)) return masked
  // Short options may be combined: `-vp VALUE` is a value of `-p`.
  const short = new RegExp(`(?<![^\\t-\\r "'])(-[a-z]{0,8}?p(?:["']?(?:${blank}*=${blank}*|${blank}+))?)${value}`, 'gi')
  return masked.replace(short, `$1${mask}`)
}

// The last word is dropped too, because a cut word could hide the end that identifies a secret.
function wholeWords(text: string): string {
  if (text.length <= mostCharacters) return text
  let end = mostCharacters
  while (end > 0 && !/[\t-\r ]/.test(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

function cutToBytes(text: string, bytes: number): string {
  let used = 0
  let end = 0
  for (const character of text) {
    used += utf8Length(character.codePointAt(0) ?? 0)
    if (used > bytes) break
    end += character.length
  }
  return text.slice(0, end)
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}
