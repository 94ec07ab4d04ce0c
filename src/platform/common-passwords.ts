/** Platform: the common passwords of zxcvbn-ts, loaded at the first use. */
import type { CommonPasswords } from '../core/ports.ts'

/**
 * Returns the list of common passwords.
 *
 * It is searched from end to end: that costs far less than the following hash, and an index would cost megabytes.
 */
export function createCommonPasswords(): CommonPasswords {
  return {
    has: async (lowerCased) => {
      const { dictionary } = await import('@zxcvbn-ts/language-common')
      return dictionary['passwords-common'].includes(lowerCased)
    },
  }
}
