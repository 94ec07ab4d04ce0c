/** Platform: the Ed25519 key that signs the audit trail, and the marks of its heads. */
import { createPublicKey, hash, hkdfSync, type KeyObject, sign, verify } from 'node:crypto'
import { type SealSigner, type SealVerifier, sealMessage } from '../core/audit/seal.ts'

/** Returns the signer of a private Ed25519 key. */
export function sealSigner(privateKey: KeyObject): SealSigner {
  const verifier = sealVerifier(createPublicKey(privateKey))
  return { ...verifier, sign: (text) => sign(null, Buffer.from(sealMessage(text)), privateKey).toString('hex') }
}

/** Returns the verifier of a public Ed25519 key. */
export function sealVerifier(publicKey: KeyObject): SealVerifier {
  return {
    keyId: hash('sha256', publicKey.export({ format: 'der', type: 'spki' })),
    verify: (text, signature) => verify(null, Buffer.from(sealMessage(text)), publicKey, Buffer.from(signature, 'hex')),
  }
}

/** Returns the 32-byte key of head marks. @see RFC 5869 for the derivation. */
export function headMarkKey(masterKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', masterKey, '', 'sallyport audit heads', 32))
}
