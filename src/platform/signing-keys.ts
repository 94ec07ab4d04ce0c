/** Platform: creates, seals and opens signing keys. A private key or secret leaves this file sealed, or as material in memory. */
import { hash, randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { Sealer, SigningKeyName } from '../core/ports.ts'
import type { StoredKey } from '../core/tokens/commands.ts'
import type { PublicJwk } from './jwks.ts'
import type { KeyMaterial, PrivateJwk } from './key-material.ts'

/** Bytes of an HMAC secret: as many as the digest has (RFC 7518 section 3.2). */
const secretBytes = 32

/** The generation to create. Unix milliseconds. */
export type NewSigningKey = {
  readonly name: SigningKeyName
  readonly generation: number
  readonly nowMs: number
  readonly activeFromMs: number
}

/**
 * Creates a key, ready to be stored: an Ed25519 pair for `control`, a random secret of 256 bits for every other name.
 *
 * The id of a pair is the thumbprint of its public key (RFC 7638); that of a secret is its name and generation.
 */
export async function newSigningKey(wanted: NewSigningKey, sealer: Sealer): Promise<StoredKey> {
  const { name, generation, nowMs, activeFromMs } = wanted
  const created = name === 'control' ? await newPair() : newSecret(wanted)
  return {
    name,
    generation,
    kid: created.kid,
    sealed: sealer.seal(purposeOf(wanted), created.plain),
    publicJwk: created.publicJwk === null ? null : JSON.stringify(created.publicJwk),
    createdAtMs: nowMs,
    activeFromMs,
  }
}

/** Opens a stored key. @throws INTERNAL if it was not sealed with this master key, or for another name or generation. */
export function openSigningKey(stored: StoredKey, sealer: Sealer): KeyMaterial {
  const { name, generation, kid, activeFromMs } = stored
  const plain = sealer.open(purposeOf(stored), stored.sealed)
  if (stored.publicJwk === null) return { name, generation, kid, activeFromMs, kind: 'hmac', secret: plain }
  const privateJwk = JSON.parse(Buffer.from(plain).toString('utf8')) as PrivateJwk
  return { name, generation, kid, activeFromMs, kind: 'ed25519', privateJwk }
}

/** Returns the `pacerpro` key of a configured secret: its UTF-8 bytes (PacerPro Ruby client, `JWT_KEY`). */
export function pacerproKey(jwtKey: string): KeyMaterial {
  return configuredKey('pacerpro', new Uint8Array(Buffer.from(jwtKey, 'utf8')))
}

/** Returns the `sftpgo` key of a configured passphrase: its SHA-256 (SFTPGo configuration, `signing_passphrase`). */
export function sftpgoKey(signingPassphrase: string): KeyMaterial {
  return configuredKey('sftpgo', hash('sha256', signingPassphrase, 'buffer'))
}

type NewKey = { readonly kid: string; readonly plain: Uint8Array; readonly publicJwk: PublicJwk | null }

async function newPair(): Promise<NewKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { x = '', d = '' } = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x })
  const privateJwk: PrivateJwk = { kty: 'OKP', crv: 'Ed25519', x, d }
  return {
    kid,
    plain: Buffer.from(JSON.stringify(privateJwk), 'utf8'),
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' },
  }
}

function newSecret({ name, generation }: Pick<StoredKey, 'name' | 'generation'>): NewKey {
  return { kid: `${name}-${generation}`, plain: randomBytes(secretBytes), publicJwk: null }
}

function configuredKey(name: SigningKeyName, secret: Uint8Array): KeyMaterial {
  return { name, generation: 0, kid: `${name}-configured`, activeFromMs: 0, kind: 'hmac', secret }
}

function purposeOf({ name, generation }: Pick<StoredKey, 'name' | 'generation'>): string {
  return `signing key ${name} ${generation}`
}
