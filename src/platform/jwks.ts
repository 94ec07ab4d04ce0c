/** Platform: the public keys in published form. Members are copied by name, so that no private member is published. */
import type { StoredKey } from '../core/tokens/commands.ts'

/** A public Ed25519 key (RFC 7517 section 4, RFC 8037 section 2). */
export type PublicJwk = {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  readonly kid: string
  readonly use: 'sig'
  readonly alg: 'EdDSA'
}

/** A JWK Set (RFC 7517 section 5). */
export type JwksDocument = { readonly keys: readonly PublicJwk[] }

/** Returns the JWK Set of the published keys, without secrets, which have no public part. */
export function jwksDocument(keys: readonly Pick<StoredKey, 'publicJwk'>[]): JwksDocument {
  return { keys: keys.flatMap(({ publicJwk }) => (publicJwk === null ? [] : [readPublicJwk(publicJwk)])) }
}

function readPublicJwk(text: string): PublicJwk {
  const { x, kid } = JSON.parse(text) as PublicJwk
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' }
}
