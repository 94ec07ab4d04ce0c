/** Platform: the common passwords that zxcvbn-ts ships. Loaded at the first question, never for a server that is asked none. */
import type { CommonPasswords } from '../core/ports.ts'

/**
 * Returns the list of common passwords.
 *
 * It is searched from end to end: that costs far less than the hash that follows it, and an index would cost megabytes.
 */
export function createCommonPasswords(): CommonPasswords {
  return {
    has: async (lowerCased) => {
      const { dictionary } = await import('@zxcvbn-ts/language-common')
      return dictionary['passwords-common'].includes(lowerCased)
    },
  }
}
