/** Terminals: feeds one screen from its recording on disk, a slice at a time, never beyond the known end of the file. */
import { type FileHandle, open } from 'node:fs/promises'
import { readEntries } from '../recording/read-record.ts'
import type { RawEntry } from '../recording/record-format.ts'
import type { RecordPosition } from '../recording/recorder.ts'
import { FollowedScreen } from './followed-screen.ts'
import type { Snapshot } from './screen.ts'

/** Bytes of output in one turn. They take about ten milliseconds; then the next session has its turn. */
const sliceBytes = 256 * 1024

/** Least output and recorded time between two keyframes. */
const keyframeGap = { bytes: 4 * 1024 * 1024, ms: 5_000 } as const

/** Columns and rows that a terminal may have. */
const sizeLimits = { min: 2, max: 1_000 } as const

/** Bytes of a `size` entry: columns and rows, two bytes each. */
const sizeBytes = 4

type Entry = RawEntry & { readonly end: number }

/** The place of a recording, and the first size of its terminal. */
export type FollowedRecord = { readonly path: string; readonly cols: number; readonly rows: number }

/** Follows one recording. */
export class RecordFollower {
  readonly #path: string
  readonly screen: FollowedScreen
  #file: FileHandle | null = null
  #entries: AsyncGenerator<Entry> | null = null
  /** Offsets in the file: read so far, and its known end. */
  #read = 0
  #length = 0
  /** Offset in the output of the next entry. */
  #nextSeq = 0
  /** Output of an entry that is not all processed yet. */
  #payload: Uint8Array = new Uint8Array(0)
  /** Output of this turn that the screen has yet to take. */
  #slice: Uint8Array[] = []
  #atMs = 0
  #keyframe = { seq: 0, atMs: 0 }
  #turn: Promise<void> = Promise.resolve()

  /** @param keyframesFrom Output before which an earlier follower took the keyframes. */
  constructor({ path, ...size }: FollowedRecord, keyframesFrom = 0) {
    this.#path = path
    this.screen = new FollowedScreen(size)
    this.#keyframe.seq = keyframesFrom
  }

  advance({ length }: RecordPosition): void {
    this.#length = Math.max(this.#length, length)
  }

  get isBehind(): boolean {
    return this.#payload.length > 0 || this.#read < this.#length
  }

  /**
   * Processes one slice, or less if less is there.
   *
   * @throws Error if the recording cannot be read, or is none.
   */
  async turn(): Promise<void> {
    this.#turn = this.#takeSlice()
    await this.#turn
  }

  /** Returns a keyframe of this place, if one is due. */
  takeKeyframe(): Snapshot | null {
    const { place } = this.screen
    const isDue = place - this.#keyframe.seq >= keyframeGap.bytes && this.#atMs - this.#keyframe.atMs >= keyframeGap.ms
    if (!isDue) return null
    this.#keyframe = { seq: place, atMs: this.#atMs }
    return this.screen.snapshot(false)
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => {})
    this.screen.close()
    await this.#file?.close()
    this.#file = null
  }

  async #takeSlice(): Promise<void> {
    let left = sliceBytes
    while (left > 0) {
      if (this.#payload.length === 0) {
        const entry = await this.#nextEntry()
        if (entry === null) break
        this.#take(entry)
      }
      const piece = this.#payload.subarray(0, left)
      this.#payload = this.#payload.subarray(piece.length)
      left -= piece.length
      if (piece.length > 0) this.#slice.push(piece)
    }
    this.#writeSlice()
  }

  /** All at once, because a screen skips more if it sees more. */
  #writeSlice(): void {
    const [first, ...others] = this.#slice
    if (first !== undefined) this.screen.write(others.length === 0 ? first : Buffer.concat(this.#slice))
    this.#slice = []
  }

  async #nextEntry(): Promise<Entry | null> {
    if (this.#read >= this.#length) {
      // An idle session keeps no window of its file.
      this.#entries = null
      this.#payload = new Uint8Array(0)
      return null
    }
    this.#file ??= await open(this.#path, 'r')
    // An iteration ends at the end of the file when it started; the next one continues there.
    for (const isNew of this.#entries === null ? [true] : [false, true]) {
      if (isNew) this.#entries = readEntries(this.#file, { from: this.#read, to: this.#length })
      const next = await this.#entries?.next()
      if (next === undefined || next.done === true) continue
      this.#read = next.value.end
      return next.value
    }
    this.#entries = null
    throw new Error('The record ends before it was said to.')
  }

  #take({ kind, atMs, payload, seq }: Entry): void {
    if (kind === 'size' && payload.length >= sizeBytes) {
      this.#writeSlice()
      this.screen.resize({ cols: clamp(payload.readUInt16BE(0)), rows: clamp(payload.readUInt16BE(2)) })
    }
    if (kind !== 'output') return
    if (seq !== this.#nextSeq) {
      throw new Error(`The output of the record goes on at ${seq} where ${this.#nextSeq} was expected.`)
    }
    this.#nextSeq = seq + payload.length
    this.#payload = payload
    this.#atMs = atMs
  }
}

function clamp(length: number): number {
  return Math.min(Math.max(length, sizeLimits.min), sizeLimits.max)
}
