/** Terminals: the path of output. It is gathered, recorded, kept for resumes, and sent. Nothing is sent before it is recorded. */
import type { TerminalSize } from '../protocol/terminal-frames.ts'
import { GatheredOutput, longestGathered } from './gathered-output.ts'
import { OutputRing } from './output-ring.ts'
import type { RecordEvent, Recorder } from './recording/recorder.ts'
import type { Screen, Snapshot } from './screen/screen.ts'
import { SharedOutput } from './sink.ts'
import { type SizeMark, SizeMarks } from './size-marks.ts'
import type { CancelTimer, Timers } from './timers.ts'

const kib = 1024

/** How output is gathered, and how much may wait. Bytes and milliseconds. */
const limits = {
  /** If the last window had at most this much, a piece goes out at once: it is probably an echo. */
  quietBytes: 4 * kib,
  quietMs: 4,
  /** Otherwise pieces are gathered for this time, or until they are long enough. */
  gatherMs: 3,
  /** Output that may wait for the recorder before the program is paused. */
  unrecorded: { stop: 1024 * kib, go: 256 * kib },
  /** How far the screen may be behind before the program is paused. */
  unseen: { stop: 64 * 1024 * kib, go: 56 * 1024 * kib },
  /** Between two checks of a screen that the program waits for. */
  screenLookMs: 20,
  /** After this time without output, the ring frees its memory. */
  ringIdleMs: 60_000,
} as const

/** Gets the output in order. */
export type OutputReader = {
  readonly onOutput: (piece: SharedOutput) => void
  readonly onSize: (mark: SizeMark) => void
  /** Returns whether the program should wait for this reader. */
  readonly wantsPause: () => boolean
}

export type OutputPathParts = {
  readonly recorder: Recorder
  readonly screen: Screen
  readonly size: TerminalSize
  readonly timers: Timers
  /** Milliseconds of the monotonic clock. */
  readonly nowMs: () => number
  /** Pauses the program, or resumes it; called only on a change. */
  readonly hold: (isHeld: boolean) => void
  /** Called with the size of the recording in bytes, each time that it has grown. */
  readonly onRecorded: (bytes: number) => void
  readonly onRecorderFailed: (cause: unknown) => void
}

/** The output of one terminal. */
export class OutputPath {
  readonly readers: Set<OutputReader> = new Set()
  readonly #parts: OutputPathParts
  readonly #ring = new OutputRing()
  /** Changes of size; the first holds from offset 0. */
  readonly sizes: SizeMarks
  readonly #gathered = new GatheredOutput()
  #gatherTimer: CancelTimer | null = null
  /** Bytes since `sinceMs`; if there was no pause before it, the bytes of the window before count too. */
  #window = { sinceMs: 0, lastMs: 0, bytes: 0, bytesBefore: 0 }
  #producedSeq = 0
  #deliveredSeq = 0
  #unrecordedBytes = 0
  #isHeld = false
  #waitsFor = { recorder: false, screen: false }
  #screenTimer: CancelTimer | null = null
  #ringTimer: CancelTimer | null = null
  #ringUsedMs = 0
  #lastAppend: Promise<void> = Promise.resolve()
  #hasFailed = false

  constructor(parts: OutputPathParts) {
    this.#parts = parts
    this.sizes = new SizeMarks(parts.size)
  }

  /** Offset after the last byte that was recorded and may be sent. */
  get deliveredSeq(): number {
    return this.#deliveredSeq
  }

  get size(): TerminalSize {
    return this.sizes.newest
  }

  /** Takes output of the terminal; it is copied. */
  take(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#hasFailed) return
    const isQuiet = this.#isQuiet(bytes.length)
    if (!this.#gathered.hasRoomFor(bytes.length)) this.flush()
    if (bytes.length >= longestGathered || (isQuiet && this.#gathered.isEmpty)) {
      this.#sendOn(SharedOutput.copyOf(this.#producedSeq, bytes))
      return
    }
    this.#gathered.add(bytes)
    if (isQuiet || this.#gathered.isFull) this.flush()
    else this.#gatherTimer ??= this.#parts.timers.after(limits.gatherMs, () => this.flush())
  }

  /** Sends the gathered output now. */
  flush(): void {
    this.#gatherTimer?.()
    this.#gatherTimer = null
    const piece = this.#gathered.take(this.#producedSeq)
    if (piece !== null) this.#sendOn(piece)
  }

  /** Notes that the kernel got a new size: it holds for output from now on. */
  resize(size: TerminalSize): void {
    this.flush()
    const mark = { seq: this.#producedSeq, ...size }
    this.record({ kind: 'size', ...mark }, () => {
      this.sizes.add(mark)
      for (const reader of this.readers) reader.onSize(mark)
    })
  }

  /** Records an event at the current offset. */
  note(event: Readonly<Record<string, unknown>>): void {
    this.flush()
    this.record({ kind: 'event', seq: this.#producedSeq, event })
  }

  /** Records input at the current offset. */
  noteInput(bytes: Uint8Array): void {
    this.flush()
    this.record({ kind: 'input', seq: this.#producedSeq, bytes })
  }

  /** Records one entry. `then` runs when the recorder has it, in the order of the calls. */
  record(event: RecordEvent, then?: () => void): void {
    if (this.#hasFailed) return
    const { recorder, screen } = this.#parts
    this.#lastAppend = recorder.append([event]).then(
      (position) => {
        screen.advance(position)
        then?.()
        this.#parts.onRecorded(position.length)
      },
      (cause: unknown) => {
        if (this.#hasFailed) return
        this.#hasFailed = true
        this.#parts.onRecorderFailed(cause)
      },
    )
  }

  /** Resolves when all output that was taken is recorded and sent. */
  async settle(): Promise<void> {
    this.flush()
    await this.#lastAppend
  }

  /**
   * Returns delivered output from `seq` on, at most `limit` bytes: from the ring at once, otherwise from the recording.
   */
  read(seq: number, limit: number): Uint8Array | Promise<Uint8Array> {
    return (
      this.#ring.read(seq, limit) ?? this.#parts.recorder.readOutput(seq, Math.min(limit, this.#deliveredSeq - seq))
    )
  }

  snapshot(): Promise<Snapshot> {
    return this.#parts.screen.snapshot()
  }

  /** Decides again whether the program has to wait. */
  weigh(): void {
    const { screen, hold } = this.#parts
    const wait = this.#waitsFor
    wait.recorder = beyond(this.#unrecordedBytes, limits.unrecorded, wait.recorder)
    wait.screen = beyond(this.#producedSeq - screen.parsedSeq(), limits.unseen, wait.screen)
    if (wait.screen) this.#lookAgainAtScreen()
    const isHeld = wait.recorder || wait.screen || this.#isReaderFull()
    if (isHeld === this.#isHeld) return
    this.#isHeld = isHeld
    hold(isHeld)
  }

  /** Frees timers and memory; later output is lost. */
  close(): void {
    this.#hasFailed = true
    for (const cancel of [this.#gatherTimer, this.#screenTimer, this.#ringTimer]) cancel?.()
    this.#ring.clear()
    this.readers.clear()
  }

  #deliver(piece: SharedOutput): void {
    if (this.#hasFailed) return
    this.#ring.push(piece.seq, piece.bytes)
    this.#ringUsedMs = this.#parts.nowMs()
    this.#ringTimer ??= this.#parts.timers.after(limits.ringIdleMs, () => this.#giveRingBack())
    this.#deliveredSeq = piece.seq + piece.bytes.length
    for (const reader of this.readers) reader.onOutput(piece)
    this.weigh()
  }

  #giveRingBack(): void {
    const idleMs = this.#parts.nowMs() - this.#ringUsedMs
    if (idleMs >= limits.ringIdleMs) {
      this.#ring.clear()
      this.#gathered.rest()
      this.#ringTimer = null
      return
    }
    this.#ringTimer = this.#parts.timers.after(limits.ringIdleMs - idleMs, () => this.#giveRingBack())
  }

  #isReaderFull(): boolean {
    for (const reader of this.readers) if (reader.wantsPause()) return true
    return false
  }

  #sendOn(piece: SharedOutput): void {
    const { seq, bytes } = piece
    this.#producedSeq = seq + bytes.length
    this.#unrecordedBytes += bytes.length
    this.record({ kind: 'output', seq, bytes }, () => {
      this.#unrecordedBytes -= bytes.length
      this.#deliver(piece)
    })
    this.weigh()
  }

  #isQuiet(bytes: number): boolean {
    const nowMs = this.#parts.nowMs()
    if (nowMs - this.#window.sinceMs > limits.quietMs) {
      const bytesBefore = nowMs - this.#window.lastMs <= limits.quietMs ? this.#window.bytes : 0
      this.#window = { sinceMs: nowMs, lastMs: nowMs, bytes: 0, bytesBefore }
    }
    this.#window.lastMs = nowMs
    this.#window.bytes += bytes
    return this.#window.bytesBefore + this.#window.bytes <= limits.quietBytes
  }

  #lookAgainAtScreen(): void {
    this.#screenTimer ??= this.#parts.timers.after(limits.screenLookMs, () => {
      this.#screenTimer = null
      this.weigh()
    })
  }
}

function beyond(value: number, edge: { readonly stop: number; readonly go: number }, isBeyond: boolean): boolean {
  return value > (isBeyond ? edge.go : edge.stop)
}
