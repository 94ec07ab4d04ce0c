/** Terminals: keys in OpenSSH's form: ed25519 (RFC 8709) and ECDSA over P-256 (RFC 5656). */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mpint, string, WireReader } from './wire.ts'

/** Kinds of keys, as the option names them. */
export type KeyType = 'ed25519' | 'ecdsa'

/** A private key with what SSH needs to know of it. */
export type SigningKey = {
  readonly privateKey: KeyObject
  readonly type: KeyType
  /** Name of the public key's and the signature's algorithm. */
  readonly algorithm: string
  /** The public key as a blob, its algorithm first. */
  readonly publicBlob: Buffer
}

const algorithms: Readonly<Record<KeyType, string>> = { ed25519: 'ssh-ed25519', ecdsa: 'ecdsa-sha2-nistp256' }

/** Curve, as blobs of ECDSA keys name it. */
const curve = 'nistp256'

/** Creates a key. */
export function makeSigningKey(type: KeyType): SigningKey {
  const pair = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return asSigningKey(pair.privateKey)
}

/** Returns the signer of a private key. @throws Error for an unsupported kind. */
export function asSigningKey(privateKey: KeyObject): SigningKey {
  const type = typeOf(privateKey)
  const algorithm = algorithms[type]
  return { privateKey, type, algorithm, publicBlob: Buffer.concat([string(algorithm), publicFields(privateKey, type)]) }
}

/** Returns the fields of a public key after the algorithm, as in a key's blob and in a certificate. */
export function publicFields(key: KeyObject, type: KeyType): Buffer {
  const jwk = createPublicKey(key).export({ format: 'jwk' })
  const x = Buffer.from(jwk.x ?? '', 'base64url')
  if (type === 'ed25519') return string(x)
  const y = Buffer.from(jwk.y ?? '', 'base64url')
  return Buffer.concat([string(curve), string(Buffer.concat([Buffer.of(4), x, y]))])
}

/** Signs bytes; returns the signature as a blob, its algorithm first (RFC 8709 section 6, RFC 5656 section 3.1.2). */
export function signBlob({ privateKey, type, algorithm }: SigningKey, bytes: Uint8Array): Buffer {
  if (type === 'ed25519') return Buffer.concat([string(algorithm), string(sign(null, bytes, privateKey))])
  const raw = sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const numbers = Buffer.concat([mpint(raw.subarray(0, 32)), mpint(raw.subarray(32))])
  return Buffer.concat([string(algorithm), string(numbers)])
}

/** Returns a public key as one line of OpenSSH. */
export function publicLine({ algorithm, publicBlob }: SigningKey, comment: string): string {
  return `${algorithm} ${publicBlob.toString('base64')} ${comment}`
}

/** A parsed public key line. */
export type PublicKey = { readonly algorithm: string; readonly blob: Buffer }

/** Returns the key of one line; null: the line is malformed, or names another algorithm than its blob. */
export function parsePublicLine(line: string): PublicKey | null {
  const [, algorithm, base64] = /^([a-z0-9@.-]{1,64}) ([A-Za-z0-9+/]+={0,2})(?: [ -~]*)?$/.exec(line) ?? []
  if (algorithm === undefined || base64 === undefined) return null
  const blob = Buffer.from(base64, 'base64')
  try {
    return new WireReader(blob).text() === algorithm ? { algorithm, blob } : null
  } catch {
    return null
  }
}

/** Returns the fingerprint of a key's blob, as `ssh-keygen -l` writes it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

function typeOf(key: KeyObject): KeyType {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519'
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ecdsa'
  throw new Error(`Keys of the kind ${String(key.asymmetricKeyType)} are not offered.`)
}
