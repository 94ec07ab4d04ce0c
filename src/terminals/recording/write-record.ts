/** Terminals: writes recordings. When an append resolves, its entries are in the file, in the order of the calls; a seal is signed. */
import type { Clock, Log } from '../../core/ports.ts'
import type { CancelTimer, Timers } from '../timers.ts'
import { OutputIndex } from './output-index.ts'
import { readEntries } from './read-record.ts'
import { type RecordFile, type RecordFiles, systemRecordFiles } from './record-file.ts'
import {
  encodeEntry,
  encodeEntryHeader,
  entryHeaderBytes,
  longestEntryBytes,
  type RawEntry,
  recordMagic,
} from './record-format.ts'
import type { RecordSigner } from './record-key.ts'
import { recordPath } from './record-path.ts'
import type { RecordEvent, Recorder, RecordHead, RecordPosition } from './recorder.ts'
import { SealingChain, sealEntryBytes } from './seal.ts'
import { WriteQueue } from './write-queue.ts'

/** Largest segment, its seal included, unless one entry alone is larger. */
const longestSegmentBytes = 1024 * 1024

/** Milliseconds after its first entry at which a segment is sealed. */
const oldestUnsealedMs = 10_000

/** Most bytes of an entry of output or input; longer ones are split. */
const longestPiece = 256 * 1024

const longestPayload = longestEntryBytes - (entryHeaderBytes - 4)

/** The ports of recorders. */
export type RecorderParts = {
  /** Created with mode 0700 if it is missing. */
  readonly folder: string
  readonly sign: RecordSigner
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** Called when each segment starts, before it is written. */
  readonly onSegment?: () => void
  /** By default the operating system's files. */
  readonly files?: RecordFiles
}

/** Creates recordings. */
export type Recorders = {
  /**
   * Creates the recording of a PTY session with its head.
   * @throws Error if there is one already, or it cannot be written.
   */
  readonly open: (head: Omit<RecordHead, 'v' | 'keyId'>) => Promise<Recorder>
}

/** Returns the recorders of one folder. */
export function createRecorders(parts: RecorderParts): Recorders {
  return { open: (head) => openRecord(parts, { ...head, v: 1, keyId: parts.sign.keyId }) }
}

async function openRecord(parts: RecorderParts, head: RecordHead): Promise<Recorder> {
  const files = parts.files ?? systemRecordFiles
  const path = recordPath(parts.folder, head.ptySessionId)
  await files.prepare(parts.folder)
  const file = await files.create(path)
  const recorder = new RecordWriter(parts, { file, path, head })
  try {
    await recorder.begin()
    return recorder
  } catch (error) {
    await recorder.close()
    await files.remove(path)
    throw error
  }
}

class RecordWriter implements Recorder {
  readonly path: string
  readonly #parts: RecorderParts
  readonly #file: RecordFile
  readonly #head: RecordHead
  readonly #queue: WriteQueue
  readonly #chain: SealingChain
  readonly #index = new OutputIndex()
  readonly #startedAtMs: number
  #cancelSeal: CancelTimer | null = null
  /** The end of the file when everything that was taken is written. */
  #length = 0
  #seq = 0
  #closing: Promise<void> | null = null

  constructor(parts: RecorderParts, { file, path, head }: { file: RecordFile; path: string; head: RecordHead }) {
    this.path = path
    this.#parts = parts
    this.#file = file
    this.#head = head
    this.#queue = new WriteQueue(file, parts.timers)
    this.#chain = new SealingChain(head.ptySessionId, parts.sign)
    this.#startedAtMs = parts.clock.monotonicMs()
  }

  /** Writes the start of a recording. */
  async begin(): Promise<void> {
    const payload = Buffer.from(JSON.stringify(this.#head))
    const parts = [recordMagic, encodeEntry({ kind: 'head', seq: 0, atMs: 0, payload })]
    for (const part of parts) this.#take(part)
    await this.#queue.push({ parts, seq: 0, hasSeal: false })
  }

  async append(events: readonly RecordEvent[]): Promise<RecordPosition> {
    if (this.#closing !== null) throw new Error('The record is closed.')
    const entries = this.#entriesOf(events)
    const parts: Buffer[] = []
    const atMs = this.#atMs()
    let hasSeal = false
    for (const { kind, seq, payload } of entries) {
      if (this.#isSegmentFull(entryHeaderBytes + payload.length)) {
        parts.push(this.#seal(false))
        hasSeal = true
      }
      if (kind === 'output') {
        this.#index.note(seq, this.#length)
        this.#seq = seq + payload.length
      }
      const header = encodeEntryHeader({ kind, seq, atMs, payloadBytes: payload.length })
      for (const part of [header, payload]) {
        this.#take(part)
        parts.push(part)
      }
    }
    return this.#queue.push({ parts, seq: this.#seq, hasSeal })
  }

  async readOutput(seq: number, limit: number): Promise<Uint8Array> {
    const written = this.#queue.position
    const from = this.#index.find(seq)
    const to = Math.min(seq + limit, written.seq)
    if (from === null || to <= seq) return new Uint8Array(0)
    const pieces: Buffer[] = []
    for await (const entry of readEntries(this.#file, { from, to: written.length })) {
      if (entry.seq >= to) break
      if (entry.kind !== 'output' || entry.seq + entry.payload.length <= seq) continue
      pieces.push(entry.payload.subarray(Math.max(0, seq - entry.seq), to - entry.seq))
    }
    return Buffer.concat(pieces)
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  async #finish(): Promise<void> {
    const { log } = this.#parts
    const facts = { ptySession: this.#head.ptySessionId }
    try {
      if (!this.#queue.hasFailed) {
        await this.#queue.push({ parts: [this.#seal(true)], seq: this.#seq, hasSeal: true })
        await this.#queue.synced()
      }
    } catch (cause) {
      log.error({ ...facts, err: cause }, 'a record was left without an end')
    }
    this.#cancelSeal?.()
    await this.#queue.close().catch((cause: unknown) => log.error({ ...facts, err: cause }, 'a record was not closed'))
  }

  /** Returns the entries of events without changing anything. */
  #entriesOf(events: readonly RecordEvent[]): Pick<RawEntry, 'kind' | 'seq' | 'payload'>[] {
    const entries: Pick<RawEntry, 'kind' | 'seq' | 'payload'>[] = []
    let nextSeq = this.#seq
    for (const event of events) {
      if (event.kind === 'output') {
        if (event.seq !== nextSeq) throw new Error(`Output ${event.seq} came, but ${nextSeq} is next.`)
        nextSeq += event.bytes.length
      }
      if (event.kind === 'input' && !this.#head.inputIsRecorded) continue
      const payload = payloadOf(event)
      const isLong = payload.length > longestPayload
      // A screen that is too large is not kept; readers then start earlier.
      if (event.kind === 'keyframe' && isLong) continue
      if (event.kind === 'event' && isLong) throw new Error('An event is too long to be recorded.')
      const isCut = event.kind === 'output' || event.kind === 'input'
      for (const at of isCut ? cuts(payload.length) : [0]) {
        const seq = event.kind === 'output' ? event.seq + at : event.seq
        entries.push({ kind: event.kind, seq, payload: isCut ? payload.subarray(at, at + longestPiece) : payload })
      }
    }
    return entries
  }

  #isSegmentFull(nextBytes: number): boolean {
    const { unsealedBytes } = this.#chain
    return unsealedBytes > 0 && unsealedBytes + nextBytes + sealEntryBytes > longestSegmentBytes
  }

  #take(bytes: Uint8Array): void {
    if (this.#chain.unsealedBytes === 0) this.#parts.onSegment?.()
    this.#chain.add(bytes)
    this.#length += bytes.length
    this.#cancelSeal ??= this.#parts.timers.after(oldestUnsealedMs, () => this.#sealByTime())
  }

  #sealByTime(): void {
    this.#cancelSeal = null
    if (this.#closing !== null || this.#queue.hasFailed) return
    const sealed = this.#queue.push({ parts: [this.#seal(false)], seq: this.#seq, hasSeal: true })
    // The next append gets the failure.
    sealed.catch(() => undefined)
  }

  #seal(isFinal: boolean): Buffer {
    this.#cancelSeal?.()
    this.#cancelSeal = null
    const entry = this.#chain.seal({ seq: this.#seq, atMs: this.#atMs(), isFinal })
    this.#length += entry.length
    return entry
  }

  #atMs(): number {
    return this.#parts.clock.monotonicMs() - this.#startedAtMs
  }
}

function cuts(length: number): number[] {
  return Array.from({ length: Math.ceil(length / longestPiece) }, (_, index) => index * longestPiece)
}

function payloadOf(event: RecordEvent): Buffer {
  switch (event.kind) {
    case 'output':
    case 'input':
      return Buffer.from(event.bytes.buffer, event.bytes.byteOffset, event.bytes.length)
    case 'event':
      return Buffer.from(JSON.stringify(event.event))
    case 'size':
      return sizeBytes(event)
    case 'keyframe':
      return Buffer.concat([sizeBytes(event), event.bytes])
  }
}

function sizeBytes({ cols, rows }: { readonly cols: number; readonly rows: number }): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16BE(cols, 0)
  bytes.writeUInt16BE(rows, 2)
  return bytes
}
