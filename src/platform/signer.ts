/** Platform: signs JSON Web Tokens with jose. The key decides the algorithm, never the token. */
import { createPrivateKey, createPublicKey, createSecretKey, type webcrypto } from 'node:crypto'
import { type CompactJWSHeaderParameters, CompactSign, errors, jwtVerify } from 'jose'
import type { Clock, SigningKeyName, TokenReading, TokenSigner } from '../core/ports.ts'
import { activeKeyAt } from '../core/tokens/key-rotation.ts'
import type { KeyMaterial } from './key-material.ts'

type Algorithm = 'EdDSA' | 'HS256'

/** The facts of a key name: its algorithm, and its header members in order. */
type Row = { readonly algorithm: Algorithm; readonly header: (typ: string, kid: string) => CompactJWSHeaderParameters }

// Clients of the originals compare headers byte for byte, so each name has its own order.
const rows: Readonly<Record<SigningKeyName, Row>> = {
  control: { algorithm: 'EdDSA', header: (typ, kid) => ({ alg: 'EdDSA', typ, kid }) },
  pty: { algorithm: 'HS256', header: (typ) => ({ alg: 'HS256', typ }) },
  sftpgo: { algorithm: 'HS256', header: (typ) => ({ alg: 'HS256', typ }) },
  pacerpro: { algorithm: 'HS256', header: (typ) => ({ typ, alg: 'HS256' }) },
  koyeb: { algorithm: 'HS256', header: (typ) => ({ alg: 'HS256', typ }) },
}

type Wanted = { readonly typ: string; readonly audience: string }

type Imported = { readonly signing: webcrypto.CryptoKey; readonly verifying: webcrypto.CryptoKey }

/** The ports of a signer; `keys` is called every time, so that a rotation is seen at once. */
export type SignerOptions = {
  /** Every generation that is not deleted; imported keys are cached by these objects. */
  readonly keys: () => readonly KeyMaterial[]
  readonly clock: Clock
}

/**
 * Returns the signer of a process: EdDSA over Ed25519 for `control`, HS256 for the others, by the active key of each name.
 *
 * @see RFC 7515 section 7.1 for the compact form, RFC 8037 section 3.1 for EdDSA, RFC 8725 section 3.1 for fixed algorithms.
 */
export function createSigner({ keys, clock }: SignerOptions): TokenSigner {
  const imports = new WeakMap<KeyMaterial, Imported>()
  const utf8 = new TextEncoder()

  function imported(key: KeyMaterial): Imported {
    const known = imports.get(key) ?? importKey(key)
    imports.set(key, known)
    return known
  }

  async function inspectWith(key: KeyMaterial, token: string): Promise<'expired' | 'ours' | 'foreign'> {
    const currentDate = new Date(clock.wallMs())
    try {
      await jwtVerify(token, imported(key).verifying, { algorithms: [rows[key.name].algorithm], currentDate })
      return 'ours'
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'expired'
      if (error instanceof errors.JWTClaimValidationFailed) return 'ours'
      if (error instanceof errors.JOSEError) return 'foreign'
      throw error
    }
  }

  async function readWith(key: KeyMaterial, token: string, wanted: Wanted): Promise<TokenReading> {
    try {
      const { payload } = await jwtVerify(token, imported(key).verifying, {
        algorithms: [rows[key.name].algorithm],
        typ: wanted.typ,
        audience: wanted.audience,
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
        currentDate: new Date(clock.wallMs()),
      })
      return { kind: 'read', claims: payload }
    } catch (error) {
      if (error instanceof errors.JWTExpired) return { kind: 'expired' }
      if (error instanceof errors.JOSEError) return { kind: 'foreign' }
      throw error
    }
  }

  return {
    sign: async (name, typ, claims) => {
      const key = activeKeyAt(keysNamed(keys(), name), clock.wallMs())
      if (key === null) throw new Error(`There is no signing key for ${name}.`)
      return new CompactSign(utf8.encode(JSON.stringify(claims)))
        .setProtectedHeader(rows[name].header(typ, key.kid))
        .sign(imported(key).signing)
    },
    inspect: async (name, token) => {
      for (const key of keysNamed(keys(), name)) {
        const finding = await inspectWith(key, token)
        if (finding !== 'foreign') return finding
      }
      return 'foreign'
    },
    read: async (name, token, wanted) => {
      for (const key of keysNamed(keys(), name)) {
        const reading = await readWith(key, token, wanted)
        if (reading.kind !== 'foreign') return reading
      }
      return { kind: 'foreign' }
    },
  }
}

function keysNamed(keys: readonly KeyMaterial[], name: SigningKeyName): readonly KeyMaterial[] {
  return keys.filter((key) => key.name === name)
}

// Imported once as Web Crypto keys, because jose would import a secret again for every signature.
function importKey(key: KeyMaterial): Imported {
  if (key.kind === 'hmac') {
    const both = createSecretKey(key.secret).toCryptoKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
    return { signing: both, verifying: both }
  }
  const privateKey = createPrivateKey({ key: key.privateJwk, format: 'jwk' })
  return {
    signing: privateKey.toCryptoKey({ name: 'Ed25519' }, false, ['sign']),
    verifying: createPublicKey(privateKey).toCryptoKey({ name: 'Ed25519' }, false, ['verify']),
  }
}
