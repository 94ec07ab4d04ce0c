/** Test fixture: a record that grows, without seals: what follows it does not look at them. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { encodeEntry, recordMagic } from '../../../src/terminals/recording/record-format.ts'
import type { RecordPosition } from '../../../src/terminals/recording/recorder.ts'

/** One record, and the entries that are appended to it. */
export class GrowingRecord {
  readonly path: string
  #length: number = recordMagic.length
  #seq = 0
  #atMs = 0

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-record-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    this.path = join(folder, 'record')
    writeFileSync(this.path, recordMagic)
  }

  /** Lets time pass in the record. */
  pass(ms: number): void {
    this.#atMs += ms
  }

  output(...pieces: readonly (string | Uint8Array)[]): RecordPosition {
    for (const piece of pieces) {
      const payload = Buffer.from(piece)
      this.#append(encodeEntry({ kind: 'output', seq: this.#seq, atMs: this.#atMs, payload }))
      this.#seq += payload.length
    }
    return this.position
  }

  size(cols: number, rows: number): RecordPosition {
    const payload = Buffer.alloc(4)
    payload.writeUInt16BE(cols, 0)
    payload.writeUInt16BE(rows, 2)
    this.#append(encodeEntry({ kind: 'size', seq: this.#seq, atMs: this.#atMs, payload }))
    return this.position
  }

  /** What a screen has no use for. */
  event(): RecordPosition {
    this.#append(encodeEntry({ kind: 'event', seq: this.#seq, atMs: this.#atMs, payload: Buffer.from('{}') }))
    return this.position
  }

  damage(): RecordPosition {
    this.#append(Buffer.alloc(64, 0xff))
    return this.position
  }

  get position(): RecordPosition {
    return { length: this.#length, seq: this.#seq }
  }

  #append(bytes: Buffer): void {
    appendFileSync(this.path, bytes)
    this.#length += bytes.length
  }
}
