/** Terminals: the Ed25519 key that signs recordings; verification needs only its public half. */
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** Signs seals. */
export type RecordSigner = {
  /** SHA-256 of the public key (SubjectPublicKeyInfo, DER), hex. */
  readonly keyId: string
  readonly sign: (bytes: Uint8Array) => Uint8Array
}

/** Verifies seals of one key. */
export type RecordVerifier = {
  /** As {@link RecordSigner} has it. */
  readonly keyId: string
  readonly verify: (bytes: Uint8Array, signature: Uint8Array) => boolean
}

/** Returns the signer of a private Ed25519 key. */
export function recordSigner(privateKey: KeyObject): RecordSigner {
  return { keyId: keyIdOf(createPublicKey(privateKey)), sign: (bytes) => sign(null, bytes, privateKey) }
}

/** Returns the verifier of a public Ed25519 key in PEM. */
export function recordVerifier(publicKeyPem: string): RecordVerifier {
  const publicKey = createPublicKey(publicKeyPem)
  return { keyId: keyIdOf(publicKey), verify: (bytes, signature) => verify(null, bytes, publicKey, signature) }
}

function keyIdOf(publicKey: KeyObject): string {
  return hash('sha256', publicKey.export({ format: 'der', type: 'spki' }))
}
