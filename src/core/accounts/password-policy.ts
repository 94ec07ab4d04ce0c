/** Core: which passwords are good enough. Length and a list of bad ones decide, never the kinds of characters. */
import type { CommonPasswords } from '../ports.ts'

/** Lengths in Unicode code points. */
export type PasswordRules = {
  /** Least length of a password that is the only factor. */
  readonly minimumAlone: number
  readonly minimumWithSecondFactor: number
  /** Bounds the work of normalising and hashing. */
  readonly maximum: number
}

/** @see NIST SP 800-63B-4 section 3.1.1.2 for both minimums; the maximum is our choice. */
export const defaultPasswordRules: PasswordRules = { minimumAlone: 15, minimumWithSecondFactor: 8, maximum: 1024 }

/** The name of the product, which is nobody's password. */
const productName = 'sallyport'

/** A password that somebody wants, and whose it is to be. */
export type PasswordCandidate = {
  readonly password: string
  readonly username: string
  readonly email: string | null
  readonly hasSecondFactor: boolean
  readonly rules: PasswordRules
}

/** Whether a password is taken; the reason is a sentence for a person and does not hold the password. */
export type PasswordVerdict =
  | {
      readonly kind: 'accepted'
      /** It is too short to be the only factor. */
      readonly isShort: boolean
    }
  | { readonly kind: 'rejected'; readonly reason: string }

/** Returns a password as it is hashed, compared and counted: in Unicode normalisation form C, with nothing trimmed or cut. */
export function normalisePassword(text: string): string {
  return text.normalize('NFC')
}

/**
 * Judges a new password; {@link normalisePassword} is applied first.
 *
 * Refused are passwords that are too short or too long, on the list of common ones, or that say or repeat the username, the
 * e-mail address or its local part, or the name of the product, whatever the case of letters.
 *
 * @see NIST SP 800-63B-4 section 3.1.1.2.
 */
export async function checkPassword(
  candidate: PasswordCandidate,
  commonPasswords: CommonPasswords,
): Promise<PasswordVerdict> {
  const { rules, hasSecondFactor } = candidate
  const password = normalisePassword(candidate.password)
  const length = countCodePoints(password)
  const minimum = hasSecondFactor ? rules.minimumWithSecondFactor : rules.minimumAlone
  if (length < minimum) return rejected(`The password must have at least ${minimum} characters.`)
  if (length > rules.maximum) return rejected(`The password must have at most ${rules.maximum} characters.`)
  const folded = password.toLowerCase()
  if (guessableWords(candidate).some((word) => repeats(folded, word))) {
    return rejected('The password only says the name or the e-mail address of the account, or the name of this server.')
  }
  if (await commonPasswords.has(folded)) return rejected('The password is one of those that everybody tries first.')
  return { kind: 'accepted', isShort: length < rules.minimumAlone }
}

function guessableWords({ username, email }: PasswordCandidate): string[] {
  const [localPart = ''] = (email ?? '').split('@')
  return [username, email ?? '', localPart, productName].map((word) => normalisePassword(word.trim()).toLowerCase())
}

// An empty word fits no whole number of times.
function repeats(text: string, word: string): boolean {
  return text.length % word.length === 0 && text === word.repeat(text.length / word.length)
}

function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function rejected(reason: string): PasswordVerdict {
  return { kind: 'rejected', reason }
}
