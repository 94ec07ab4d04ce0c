/** Core: the ports to the outside: clocks, randomness, digests, hashing, sealing, signing. `platform` implements them. */
import type { Place } from './accounts/fair-queue.ts'

/** Two clocks; neither is trusted alone. */
export type Clock = {
  /** Unix milliseconds of the wall clock; it may step. */
  readonly wallMs: () => number
  /** Milliseconds of a clock that never goes back; its origin has no meaning. */
  readonly monotonicMs: () => number
}

/** Returns the wall clock in whole Unix seconds. */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.wallMs() / 1000)
}

/** The system's generator of random values. */
export type Random = {
  readonly bytes: (length: number) => Uint8Array
  /** v4 UUID, lower case. */
  readonly uuid: () => string
}

/** One-way functions and encodings over short values. */
export type Digests = {
  /** SHA-256 of the UTF-8 bytes of a text, or of bytes; 32 bytes. */
  readonly sha256: (value: string | Uint8Array) => Uint8Array
  /** Compares two values in constant time. */
  readonly equal: (one: Uint8Array, other: Uint8Array) => boolean
  /** Keyed digest of values that must not be guessed from the store, such as throttle keys and addresses; 16 bytes. */
  readonly keyed: (purpose: string, value: string) => Uint8Array
}

/** Base64url without padding (RFC 4648 section 5). */
export type Encodings = {
  readonly toBase64url: (bytes: Uint8Array) => string
  readonly fromBase64: (text: string) => Uint8Array | null
  /** Percent-encodes UTF-8 as RFC 3986 section 2.1 does. */
  readonly percentEncode: (text: string) => string
}

/** The bounded pool that hashes passwords. */
export type PasswordHasher = {
  /**
   * Hashes a normalised password with today's parameters; returns a PHC string.
   * @throws HASH_QUEUE_FULL if the queue is full.
   */
  readonly hash: (password: string) => Promise<string>
  /**
   * Compares a normalised password with a PHC string; null is an account without a password and costs the same hash.
   * @param place The client that the hash is for; undefined: the server itself.
   * @throws HASH_QUEUE_FULL if the queue is full, also later if the place goes to another address.
   */
  readonly verify: (phc: string | null, password: string, place?: Place) => Promise<boolean>
  /** Returns whether a PHC string has weaker parameters than today's. */
  readonly needsRehash: (phc: string) => boolean
}

/** Authenticated encryption of stored secrets. */
export type Sealer = {
  /** Seals with the master key, bound to a purpose. */
  readonly seal: (purpose: string, plain: Uint8Array) => Uint8Array
  /** @throws INTERNAL if this key did not seal the bytes for this purpose. */
  readonly open: (purpose: string, sealed: Uint8Array) => Uint8Array
  /** Seals a text with a key derived from a token, so that only its holder can read it. */
  readonly sealWith: (token: string, plain: string) => Uint8Array
  /** @throws INTERNAL if this token did not seal the bytes. */
  readonly openWith: (token: string, sealed: Uint8Array) => string
}

/** The signing keys: one EdDSA family for `control`, one HMAC key for each other dialect. */
export type SigningKeyName = 'control' | 'pty' | 'sftpgo' | 'pacerpro' | 'koyeb'

/** Signs and inspects JSON Web Tokens (RFC 7519). */
export type TokenSigner = {
  /** Signs claims; `typ` is the header's type; `kid` is added if the key has one. Member order is kept. */
  readonly sign: (key: SigningKeyName, typ: string, claims: Readonly<Record<string, unknown>>) => Promise<string>
  /**
   * Inspects an unknown token to choose the sentence of its refusal, never to accept it. `expired`: the signature is
   * ours and `exp` has passed.
   */
  readonly inspect: (key: SigningKeyName, token: string) => Promise<'expired' | 'ours' | 'foreign'>
  /**
   * Returns the claims of a token of this type and audience that we signed and that has not expired; callers check
   * more. `foreign`: anything else.
   */
  readonly read: (
    key: SigningKeyName,
    token: string,
    wanted: { readonly typ: string; readonly audience: string },
  ) => Promise<TokenReading>
}

/** The result of reading a token. */
export type TokenReading =
  | { readonly kind: 'read'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly kind: 'expired' | 'foreign' }

/** One-time codes (RFC 6238): 6 digits, 30 s, SHA-1. */
export type OneTimeCodes = {
  /** 20 random bytes. */
  readonly newSecret: () => Uint8Array
  /** Returns the time step that the code belongs to, within one step of now, or null. */
  readonly matchingStep: (secret: Uint8Array, code: string, nowMs: number) => number | null
  /** `otpauth:` address of a secret. */
  readonly uri: (secret: Uint8Array, issuer: string, label: string) => string
  /** Base32 without padding. */
  readonly toBase32: (secret: Uint8Array) => string
  /** Returns the bytes of a Base32 text in either case, padded or not; null if it is none (RFC 4648 section 6). */
  readonly fromBase32: (text: string) => Uint8Array | null
}

/** The list of passwords that attackers try first. */
export type CommonPasswords = { readonly has: (lowerCased: string) => Promise<boolean> }

/** A line of the log; values are never secrets. */
export type Log = {
  readonly info: (facts: Readonly<Record<string, unknown>>, sentence: string) => void
  readonly warn: (facts: Readonly<Record<string, unknown>>, sentence: string) => void
  readonly error: (facts: Readonly<Record<string, unknown>>, sentence: string) => void
}

/** One mail, plain text. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string }

/** Sends mails in the background, with a bounded queue. A failure is logged. */
export type Mailer = { readonly post: (mail: Mail) => void }
