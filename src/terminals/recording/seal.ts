/** Terminals: the seal that ends each segment of a recording: `u32 number | u8 final | chain (32) | Ed25519 signature (64)`, big-endian. */
import { createHash, type Hash } from 'node:crypto'
import { encodeEntry, entryHeaderBytes, recordMagic } from './record-format.ts'
import type { RecordSigner } from './record-key.ts'

const claimBytes = 4 + 1
const chainBytes = 32
const signatureBytes = 64

/** Bytes of a seal's payload. */
export const sealBytes: number = claimBytes + chainBytes + signatureBytes

/** Bytes of a seal's whole entry. */
export const sealEntryBytes: number = entryHeaderBytes + sealBytes

/** Bytes of a seal's entry that the chain value covers too: its header, number and final flag. */
export const hashedSealBytes: number = entryHeaderBytes + claimBytes

/** The chain value before the first segment. */
export const chainStart: Buffer = Buffer.alloc(chainBytes)

/** The content of a seal. */
export type Seal = {
  /** 1, 2, 3 ... */
  readonly number: number
  /** Whether it is the last one. */
  readonly isFinal: boolean
  /** SHA-256 of the chain value before it and the SHA-256 of the segment's bytes. */
  readonly chain: Buffer
  readonly signature: Buffer
}

/** Returns the chain value after a segment. @param segment SHA-256 of its bytes. */
export function chainAfter(before: Uint8Array, segment: Uint8Array): Buffer {
  return createHash('sha256').update(before).update(segment).digest()
}

/** Returns the signed bytes of a seal. */
export function sealMessage(ptySessionId: string, { number, isFinal, chain }: Omit<Seal, 'signature'>): Buffer {
  return Buffer.concat([recordMagic, Buffer.from(`${ptySessionId}\n`), encodeClaim(number, isFinal), chain])
}

/** Reads a seal at `offset`; null: it cannot be one. */
export function decodeSeal(bytes: Buffer, offset = 0): Seal | null {
  const flag = bytes[offset + 4]
  if (bytes.length - offset < sealBytes || (flag !== 0 && flag !== 1)) return null
  const chainEnd = offset + claimBytes + chainBytes
  return {
    number: bytes.readUInt32BE(offset),
    isFinal: flag === 1,
    chain: bytes.subarray(offset + claimBytes, chainEnd),
    signature: bytes.subarray(chainEnd, offset + sealBytes),
  }
}

/** The chain of a growing recording; it hashes bytes as they come, so that no call has much to hash. */
export class SealingChain {
  readonly #ptySessionId: string
  readonly #signer: RecordSigner
  #number = 1
  #chain = chainStart
  #hash: Hash = createHash('sha256')
  #unsealedBytes = 0

  constructor(ptySessionId: string, signer: RecordSigner) {
    this.#ptySessionId = ptySessionId
    this.#signer = signer
  }

  /** Bytes since the last seal. */
  get unsealedBytes(): number {
    return this.#unsealedBytes
  }

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#unsealedBytes += bytes.length
  }

  /** Ends the segment; returns the entry of its seal. */
  seal({ isFinal, ...place }: { readonly seq: number; readonly atMs: number; readonly isFinal: boolean }): Buffer {
    const payload = Buffer.alloc(sealBytes)
    encodeClaim(this.#number, isFinal).copy(payload)
    const entry = encodeEntry({ kind: 'seal', ...place, payload })
    const segment = this.#hash.update(entry.subarray(0, hashedSealBytes)).digest()
    const chain = chainAfter(this.#chain, segment)
    const signature = this.#signer.sign(sealMessage(this.#ptySessionId, { number: this.#number, isFinal, chain }))
    chain.copy(entry, hashedSealBytes)
    entry.set(signature, hashedSealBytes + chainBytes)
    this.#number += 1
    this.#chain = chain
    this.#hash = createHash('sha256')
    this.#unsealedBytes = 0
    return entry
  }
}

function encodeClaim(number: number, isFinal: boolean): Buffer {
  const claim = Buffer.alloc(claimBytes)
  claim.writeUInt32BE(number)
  claim[4] = isFinal ? 1 : 0
  return claim
}
