/** Platform: one-time codes by otpauth, with the parameters that every authenticator app supports: SHA-1, 6 digits, 30 s. */
import { Secret, TOTP } from 'otpauth'
import type { OneTimeCodes, Random } from '../core/ports.ts'

const parameters = { algorithm: 'SHA1', digits: 6, period: 30 } as const

/** Accepted steps before and after now: clocks of phones differ, and users type slowly. */
const window = 1

/** Bytes of a new secret: as many as a SHA-1 digest (RFC 4226 section 4, R6). */
const secretBytes = 20

/**
 * Returns the one-time codes of a process.
 *
 * @see RFC 6238 section 4.2 for the steps and section 5.2 for the window; "Key Uri Format" of Google Authenticator for `uri`.
 */
export function createOneTimeCodes(random: Random): OneTimeCodes {
  return {
    newSecret: () => random.bytes(secretBytes),
    matchingStep: (secret, code, nowMs) => {
      if (!/^[0-9]{6}$/.test(code)) return null
      const delta = TOTP.validate({ ...parameters, token: code, secret: toSecret(secret), timestamp: nowMs, window })
      return delta === null ? null : TOTP.counter({ period: parameters.period, timestamp: nowMs }) + delta
    },
    uri: (secret, issuer, label) => new TOTP({ ...parameters, issuer, label, secret: toSecret(secret) }).toString(),
    toBase32: (secret) => toSecret(secret).base32,
    fromBase32,
  }
}

/** The library skips unknown characters and accepts impossible lengths; both are checked here. */
function fromBase32(text: string): Uint8Array | null {
  const digits = text.toUpperCase().replace(/=+$/, '')
  const isWhole = [0, 2, 4, 5, 7].includes(digits.length % 8)
  return isWhole && /^[A-Z2-7]*$/.test(digits) ? Secret.fromBase32(digits).bytes : null
}

// The library takes a whole buffer, and the bytes may be a part of one.
function toSecret(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer })
}
