/** Core: what the core needs from outside; clocks, randomness, digests, hashing, sealing, signing. Implementations live in `platform`. */
import type { Place } from './accounts/fair-queue.ts'

/** Two clocks: neither is trusted alone. */
export type Clock = {
  /** Unix milliseconds of the wall clock; may step. */
  readonly wallMs: () => number
  /** Milliseconds of a clock that never goes back; its origin means nothing. */
  readonly monotonicMs: () => number
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
  /** Compares two values in a time that does not depend on where they differ. */
  readonly equal: (one: Uint8Array, other: Uint8Array) => boolean
  /** Keyed digest for things that must not be guessed from the store: throttle keys, addresses; 16 bytes. */
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
   * @throws HASH_QUEUE_FULL when more wait than the queue holds.
   */
  readonly hash: (password: string) => Promise<string>
  /**
   * Compares a normalised password with a PHC string; null stands for an account without one and costs the same hash.
   * @param place for whom; left out: for the server itself.
   * @throws HASH_QUEUE_FULL when more wait than the queue holds, also later, when the place is given to another address.
   */
  readonly verify: (phc: string | null, password: string, place?: Place) => Promise<boolean>
  /** Tells whether a PHC string was made with weaker parameters than today's. */
  readonly needsRehash: (phc: string) => boolean
}

/** Authenticated encryption of what is kept but must not be read at rest. */
export type Sealer = {
  /** Seals with the master key, bound to a purpose. */
  readonly seal: (purpose: string, plain: Uint8Array) => Uint8Array
  /** @throws INTERNAL when the bytes were not sealed with this key for this purpose. */
  readonly open: (purpose: string, sealed: Uint8Array) => Uint8Array
  /** Seals a text with a key derived from a token, so that only its holder can read it. */
  readonly sealWith: (token: string, plain: string) => Uint8Array
  /** @throws INTERNAL when the bytes were not sealed with this token. */
  readonly openWith: (token: string, sealed: Uint8Array) => string
}

/** Whose key signs: one EdDSA family for `control`, one HMAC key for each of the others. */
export type SigningKeyName = 'control' | 'pty' | 'sftpgo' | 'pacerpro' | 'koyeb'

/** Signs and inspects JSON Web Tokens (RFC 7519). */
export type TokenSigner = {
  /** Signs claims; `typ` is the header's type, `kid` is added where the key has one. Member order is kept. */
  readonly sign: (key: SigningKeyName, typ: string, claims: Readonly<Record<string, unknown>>) => Promise<string>
  /**
   * Looks at a token that is not known, to choose the sentence of its refusal, never to accept it: `expired` when the
   * signature is ours and `exp` has passed.
   */
  readonly inspect: (key: SigningKeyName, token: string) => Promise<'expired' | 'ours' | 'foreign'>
  /**
   * Returns the claims of a token of this type and audience that we signed and that has not expired; where it is spent,
   * more is asked than this. `foreign`: anything else.
   */
  readonly read: (
    key: SigningKeyName,
    token: string,
    wanted: { readonly typ: string; readonly audience: string },
  ) => Promise<TokenReading>
}

/** What reading a token found. */
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
  /** Returns the bytes of a Base32 text in either case, padded or not, or null when it is none (RFC 4648 section 6). */
  readonly fromBase32: (text: string) => Uint8Array | null
}

/** The list of passwords that everybody tries first. */
export type CommonPasswords = { readonly has: (lowerCased: string) => Promise<boolean> }

/** A line of the log; values are never secrets. */
export type Log = {
  readonly info: (facts: Readonly<Record<string, unknown>>, sentence: string) => void
  readonly warn: (facts: Readonly<Record<string, unknown>>, sentence: string) => void
  readonly error: (facts: Readonly<Record<string, unknown>>, sentence: string) => void
}

/** One mail, plain text. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string }

/** Sends mails in the background, bounded; what cannot be sent is logged. */
export type Mailer = { readonly post: (mail: Mail) => void }
