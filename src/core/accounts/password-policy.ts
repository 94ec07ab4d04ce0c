/** Core: which passwords are good enough. The length and a list of bad passwords decide, never the kinds of characters. */
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

/** The product's name, which must not be a password. */
const productName = 'sallyport'

/** A new password and its owner. */
export type PasswordCandidate = {
  readonly password: string
  readonly username: string
  readonly email: string | null
  readonly hasSecondFactor: boolean
  readonly rules: PasswordRules
}

/** The verdict on a password; the reason is a sentence for the user and does not hold the password. */
export type PasswordVerdict =
  | {
      readonly kind: 'accepted'
      /** It is too short to be the only factor. */
      readonly isShort: boolean
    }
  | { readonly kind: 'rejected'; readonly reason: string }

/** Returns a password as it is hashed, compared and counted: in Unicode normalisation form C, otherwise unchanged. */
export function normalisePassword(text: string): string {
  return text.normalize('NFC')
}

/**
 * Judges a new password after {@link normalisePassword}.
 *
 * Rejected are passwords that are too short, too long or common, or that consist of the username, the e-mail address,
 * its local part or the product's name, also repeated, in any case of letters.
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

// An empty word never repeats to a password.
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
