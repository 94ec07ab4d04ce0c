/** Terminals: verifies a recording with the public key alone, or names the first wrong place. */
import { createHash } from 'node:crypto'
import { type EntrySource, RecordDamage, readEntries, readFully } from './read-record.ts'
import { entryHeaderBytes, type RawEntry } from './record-format.ts'
import { parseHead } from './record-head.ts'
import type { RecordVerifier } from './record-key.ts'
import { chainAfter, chainStart, decodeSeal, hashedSealBytes, type Seal, sealBytes, sealMessage } from './seal.ts'

/** Bytes of one read when a file is hashed or searched. */
const readBytes = 1024 * 1024

/** A number that exceeds the expected one by more is not of a seal. */
const mostMissing = 2 ** 20

/** The result for a recording. */
export type RecordReport = {
  readonly ptySessionId: string
  /** Number of valid segments from the start. */
  readonly segments: number
  /** Bytes of the file that were read. */
  readonly bytes: number
  /** Bytes of valid segments. */
  readonly signedBytes: number
  /** Whether the recorder ended it: then nothing is missing at its end. */
  readonly isFinal: boolean
  /** The first wrong place; null: the recording is as it was written. */
  readonly fault: string | null
  /** A remark on a valid recording; null: none. */
  readonly mark: string | null
}

/** What a recording is verified with. */
export type Proof = {
  /** The expected PTY session. */
  readonly ptySessionId: string
  /** Bytes of the file to read. */
  readonly length: number
  readonly key: RecordVerifier
}

/**
 * Verifies a recording: its start, its chain, every signature, the order of its output, its end.
 *
 * Bytes after the last seal are a remark and no fault, because a crash leaves them; a signed seal among them is a
 * fault.
 */
export async function verifyRecord(file: EntrySource, proof: Proof): Promise<RecordReport> {
  const walk = new Walk(file, proof)
  const fault = (await walk.faultOfSegments()) ?? (await walk.faultOfRest())
  const { ptySessionId, length } = proof
  return {
    ptySessionId,
    segments: walk.segments,
    bytes: length,
    signedBytes: walk.signedBytes,
    isFinal: fault === null && walk.isFinal,
    fault,
    mark: fault === null && !walk.isFinal ? markOf(length - walk.signedBytes) : null,
  }
}

function markOf(unsignedBytes: number): string {
  if (unsignedBytes === 0) return 'the recorder stopped without an end'
  return `${unsignedBytes} bytes after the last seal are not signed (the recorder stopped without an end)`
}

class Walk {
  segments = 0
  signedBytes = 0
  isFinal = false
  readonly #file: EntrySource
  readonly #proof: Proof
  #chain = chainStart
  /** Output so far, and the first entry that is out of order. */
  #seq = 0
  #strayedSeq: number | null = null

  constructor(file: EntrySource, proof: Proof) {
    this.#file = file
    this.#proof = proof
  }

  /** Walks from seal to seal until the end, a fault, or bytes that are no entry. */
  async faultOfSegments(): Promise<string | null> {
    try {
      let isFirst = true
      for await (const entry of readEntries(this.#file, { from: 0, to: this.#proof.length })) {
        const fault = isFirst ? this.#faultOfHead(entry) : await this.#faultOfEntry(entry)
        isFirst = false
        if (fault !== null || this.isFinal) return fault
      }
      return null
    } catch (error) {
      if (!(error instanceof RecordDamage)) throw error
      return error.offset === 0 ? 'the file does not begin as a record does' : null
    }
  }

  /** Judges the bytes after the last valid seal. */
  async faultOfRest(): Promise<string | null> {
    const { length } = this.#proof
    if (this.isFinal) {
      return this.signedBytes === length ? null : `${length - this.signedBytes} bytes follow the end of the record`
    }
    const next = await this.#findSeal()
    return next === null ? null : this.#broken(next.end, next.seal)
  }

  #faultOfHead(entry: RawEntry & { readonly end: number }): string | null {
    const { ptySessionId, key } = this.#proof
    try {
      const head = parseHead(entry)
      if (head.keyId !== key.keyId) return `the record is signed with the key ${head.keyId}, which is not ours`
      return head.ptySessionId === ptySessionId ? null : 'the record is that of another PTY session'
    } catch (error) {
      if (!(error instanceof RecordDamage)) throw error
      return `segment 1 (bytes 0..${entry.end}): its head cannot be read`
    }
  }

  #faultOfEntry(entry: RawEntry & { readonly end: number }): Promise<string | null> | null {
    if (entry.kind === 'output') {
      if (entry.seq !== this.#seq) this.#strayedSeq ??= entry.seq
      this.#seq = entry.seq + entry.payload.length
    }
    return entry.kind === 'seal' ? this.#faultOfSeal(entry.payload, entry.end) : null
  }

  async #faultOfSeal(payload: Buffer, end: number): Promise<string | null> {
    const place = `segment ${this.segments + 1} (bytes ${this.signedBytes}..${end})`
    const seal = payload.length === sealBytes ? decodeSeal(payload) : null
    if (seal === null) return `${place}: its seal cannot be read`
    const isOurs = this.#isOurs(seal)
    if (isOurs && seal.number !== this.segments + 1) return this.#broken(end, seal)
    const hashedTo = end - payload.length - entryHeaderBytes + hashedSealBytes
    const chain = chainAfter(this.#chain, await hashRange(this.#file, this.signedBytes, hashedTo))
    if (!chain.equals(seal.chain)) return `${place}: hash does not match`
    if (!isOurs) return `signature of segment ${seal.number} is not ours`
    if (this.#strayedSeq !== null) return `${place}: output ${this.#strayedSeq} is out of order`
    this.segments += 1
    this.signedBytes = end
    this.#chain = chain
    this.isFinal = seal.isFinal
    return null
  }

  /** Says which entry is wrong before the next seal. */
  #broken(end: number, seal: Seal): string {
    const number = this.segments + 1
    const place = `(bytes ${this.signedBytes}..${end})`
    if (seal.number === number) return `segment ${number} ${place}: hash does not match`
    return `segment ${number} is missing: segment ${seal.number} stands in its place ${place}`
  }

  #isOurs(seal: Seal): boolean {
    return this.#proof.key.verify(sealMessage(this.#proof.ptySessionId, seal), seal.signature)
  }

  /** Looks for a seal of ours at every remaining byte, because damage before it hides the start of its entry. */
  async #findSeal(): Promise<{ readonly seal: Seal; readonly end: number } | null> {
    const { length } = this.#proof
    for (let from = this.signedBytes; from + sealBytes <= length; from += readBytes) {
      const bytes = await readFully(this.#file, from, Math.min(readBytes + sealBytes - 1, length - from))
      for (let at = 0; at + sealBytes <= bytes.length; at += 1) {
        const distance = bytes.readUInt32BE(at) - this.segments
        if (distance < 1 || distance > mostMissing) continue
        const seal = decodeSeal(bytes, at)
        if (seal !== null && this.#isOurs(seal)) return { seal, end: from + at + sealBytes }
      }
    }
    return null
  }
}

async function hashRange(file: EntrySource, from: number, to: number): Promise<Buffer> {
  const hash = createHash('sha256')
  for (let at = from; at < to; at += readBytes) hash.update(await readFully(file, at, Math.min(readBytes, to - at)))
  return hash.digest()
}
