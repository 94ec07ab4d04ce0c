/** Core: which names, addresses and user agents are accepted. Pure. */
import { printable } from '../audit/printable.ts'

/** Most Unicode code points of a username. */
export const longestUsername = 255
/** Most characters of an e-mail address (RFC 5321 section 4.5.3.1.3, less its brackets). */
const longestEmail = 254
/** Most code points that are stored of a user agent. */
const longestUserAgent = 256

/** The verdict on a username; the reason is a sentence for the user. */
export type UsernameVerdict =
  | { readonly kind: 'accepted'; readonly username: string }
  | { readonly kind: 'rejected'; readonly reason: string }

// Controls, invisible format characters (bidi overrides among them), line separators, lone surrogates.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * Returns a username as it is stored (trimmed, otherwise unchanged), or why it is not accepted.
 *
 * @see RFC 7617 section 2: a colon would end the name in Basic credentials. The other limits are our choice.
 */
export function normaliseUsername(text: string): UsernameVerdict {
  const username = text.trim()
  if (username === '') return { kind: 'rejected', reason: 'The username is empty.' }
  if ([...username.slice(0, 2 * longestUsername + 1)].length > longestUsername) {
    return { kind: 'rejected', reason: `The username has more than ${longestUsername} characters.` }
  }
  if (unseen.test(username)) return { kind: 'rejected', reason: 'The username holds characters that cannot be seen.' }
  if (username.includes(':')) return { kind: 'rejected', reason: 'The username holds a colon.' }
  return { kind: 'accepted', username }
}

/**
 * Returns whether a text can be an e-mail address: one `@` between two parts, no quotes needed, at most 254 characters.
 *
 * Only a received message proves an address, so nothing more is checked.
 */
export function isEmail(text: string): boolean {
  return text.length <= longestEmail && /^[^\s@"(),:;<>[\\\]]+@[^\s@"(),:;<>[\\\]]+$/.test(text) && !unseen.test(text)
}

/** Returns a user agent as it is stored: printable, at most 256 code points, empty if there is none. */
export function cleanUserAgent(text: string | undefined): string {
  return [...printable((text ?? '').slice(0, 4 * longestUserAgent))].slice(0, longestUserAgent).join('').trim()
}
