/** Terminals: the writes of one recording. At most one is under way; everything that waits goes into the next one. */
import type { CancelTimer, Timers } from '../timers.ts'
import type { RecordFile } from './record-file.ts'
import type { RecordPosition } from './recorder.ts'

/** Milliseconds after which a blocked disk is given up. */
const stallMs = 15_000

/** Whole entries, in order, that are written together or not at all. */
export type Entries = {
  readonly parts: readonly Uint8Array[]
  /** Output in the file after them. */
  readonly seq: number
  /** Whether a seal is among them: then its segment is synced to the disk. */
  readonly hasSeal: boolean
}

type Waiter = { readonly resolve: (position: RecordPosition) => void; readonly reject: (cause: unknown) => void }

type Batch = { readonly parts: Uint8Array[]; seq: number; hasSeal: boolean; readonly waiters: Waiter[] }

/** The queue before one file. */
export class WriteQueue {
  readonly #file: RecordFile
  readonly #timers: Timers
  #waiting: Batch
  #isWriting = false
  #position: RecordPosition = { length: 0, seq: 0 }
  #sync: Promise<void> | null = null
  #isSyncDue = false
  #failure: { readonly cause: unknown } | null = null
  /** Operations that were given up and are still under way. */
  readonly #stalled = new Set<Promise<unknown>>()

  constructor(file: RecordFile, timers: Timers) {
    this.#file = file
    this.#timers = timers
    this.#waiting = emptyBatch(0)
  }

  /** The end of the written part. */
  get position(): RecordPosition {
    return this.#position
  }

  get hasFailed(): boolean {
    return this.#failure !== null
  }

  /** Resolves when the operating system has the entries and all before them. @throws the first failure. */
  push({ parts, seq, hasSeal }: Entries): Promise<RecordPosition> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure.cause)
      const batch = this.#waiting
      for (const part of parts) batch.parts.push(part)
      batch.seq = seq
      batch.hasSeal ||= hasSeal
      batch.waiters.push({ resolve, reject })
      if (!this.#isWriting) void this.#drain()
    })
  }

  /** Resolves when sealed segments survive a loss of power. @throws the first failure. */
  async synced(): Promise<void> {
    while (this.#sync !== null) await this.#sync
    if (this.#failure !== null) throw this.#failure.cause
  }

  /** Closes the file; if an operation never returned, when it does. */
  async close(): Promise<void> {
    if (this.#stalled.size === 0) return this.#file.close()
    const close = (): Promise<void> => this.#file.close()
    void Promise.allSettled(this.#stalled)
      .then(close)
      .catch(() => undefined)
  }

  async #drain(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.waiters.length > 0 && this.#failure === null) {
      const batch = this.#waiting
      this.#waiting = emptyBatch(batch.seq)
      await this.#write(batch)
    }
    this.#isWriting = false
  }

  async #write({ parts, seq, hasSeal, waiters }: Batch): Promise<void> {
    try {
      if (parts.length > 0) await this.#guard(this.#file.write(parts))
    } catch (cause) {
      this.#fail(cause)
      for (const { reject } of waiters) reject(cause)
      return
    }
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    this.#position = { length: this.#position.length + bytes, seq }
    for (const { resolve } of waiters) resolve(this.#position)
    if (hasSeal) this.#syncSoon()
  }

  /** This does not hold up writes: they continue, and share the next sync. */
  #syncSoon(): void {
    if (this.#failure !== null) return
    this.#isSyncDue = true
    this.#sync ??= this.#syncWhileDue()
  }

  async #syncWhileDue(): Promise<void> {
    try {
      while (this.#isSyncDue && this.#failure === null) {
        this.#isSyncDue = false
        await this.#guard(this.#file.sync())
      }
    } catch (cause) {
      this.#fail(cause)
    }
    this.#sync = null
  }

  #guard(operation: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      let cancel: CancelTimer = () => undefined
      const settled = operation.then(resolve, reject).finally(() => {
        cancel()
        this.#stalled.delete(settled)
      })
      cancel = this.#timers.after(stallMs, () => {
        this.#stalled.add(settled)
        reject(new Error('The disk has not taken the record for 15 s.'))
      })
    })
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause }
    const { waiters } = this.#waiting
    this.#waiting = emptyBatch(this.#position.seq)
    for (const { reject } of waiters) reject(cause)
  }
}

function emptyBatch(seq: number): Batch {
  return { parts: [], seq, hasSeal: false, waiters: [] }
}
