/** Platform: opened signing keys, in memory only. */
import type { SigningKeyName } from '../core/ports.ts'

/** A private Ed25519 key as a JWK (RFC 8037 section 2). */
export type PrivateJwk = { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string; readonly d: string }

/** One generation of a signing key. */
export type KeyMaterial = {
  readonly name: SigningKeyName
  readonly generation: number
  readonly kid: string
  /** Unix milliseconds; it signs from then on, until a later generation does. */
  readonly activeFromMs: number
} & (
  | { readonly kind: 'ed25519'; readonly privateJwk: PrivateJwk }
  | { readonly kind: 'hmac'; readonly secret: Uint8Array }
)
