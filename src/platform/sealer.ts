/** Platform: seals with AES-256-GCM. Sealed bytes: version, nonce, ciphertext, tag; the purpose is authenticated with them. */
import { createCipheriv, createDecipheriv, hkdfSync, randomFillSync } from 'node:crypto'
import { Refusal } from '../core/errors.ts'
import type { Sealer } from '../core/ports.ts'

const algorithm = 'aes-256-gcm'
/** First byte of sealed bytes; a later format takes the next number. */
const version = 1
const nonceBytes = 12
const tagBytes = 16
const headBytes = 1 + nonceBytes

/** Authenticated together with a text that a token sealed. */
const tokenPurpose = 'sealed with a token'

type SealContext = { readonly key: Uint8Array; readonly purpose: string }

/**
 * Returns the sealer of a process. Every call takes a new random nonce of 96 bits.
 *
 * @param masterKey 32 bytes; the sealing key is derived from it, so that no key has two uses.
 * @see NIST SP 800-38D section 8.2.2 for random nonces; RFC 5869 for the keys derived from the master key and from tokens.
 */
export function createSealer(masterKey: Uint8Array): Sealer {
  const key = derive(masterKey, 'sallyport sealer')
  const contextOf = (token: string): SealContext => ({
    key: derive(token, 'sallyport sealed answer'),
    purpose: tokenPurpose,
  })
  return {
    seal: (purpose, plain) => seal({ key, purpose }, plain),
    open: (purpose, sealed) => open({ key, purpose }, sealed),
    sealWith: (token, plain) => seal(contextOf(token), Buffer.from(plain, 'utf8')),
    openWith: (token, sealed) => Buffer.from(open(contextOf(token), sealed)).toString('utf8'),
  }
}

function derive(secret: Uint8Array | string, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', info, 32))
}

function seal({ key, purpose }: SealContext, plain: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(headBytes + plain.length + tagBytes)
  sealed[0] = version
  const nonce = randomFillSync(sealed.subarray(1, headBytes))
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(purpose, 'utf8'))
  sealed.set(cipher.update(plain), headBytes)
  cipher.final()
  sealed.set(cipher.getAuthTag(), headBytes + plain.length)
  return sealed
}

function open({ key, purpose }: SealContext, sealed: Uint8Array): Uint8Array {
  if (sealed[0] !== version || sealed.length < headBytes + tagBytes) throw unopened(purpose)
  const tagStart = sealed.length - tagBytes
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(1, headBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(purpose, 'utf8')).setAuthTag(sealed.subarray(tagStart))
  const plain = new Uint8Array(decipher.update(sealed.subarray(headBytes, tagStart)))
  try {
    decipher.final()
  } catch (error) {
    throw unopened(purpose, error)
  }
  return plain
}

function unopened(purpose: string, cause?: unknown): Refusal {
  return new Refusal('INTERNAL', { detail: `The bytes sealed for "${purpose}" do not open with this key.`, cause })
}
