/** Terminals: the way of one terminal's output; gathered, recorded, kept for those who come back, sent. Nothing is sent before it is recorded. */
import type { TerminalSize } from '../protocol/terminal-frames.ts'
import { GatheredOutput, longestGathered } from './gathered-output.ts'
import { OutputRing } from './output-ring.ts'
import type { RecordEvent, Recorder } from './recording/recorder.ts'
import type { Screen, Snapshot } from './screen/screen.ts'
import { SharedOutput } from './sink.ts'
import { type SizeMark, SizeMarks } from './size-marks.ts'
import type { CancelTimer, Timers } from './timers.ts'

const kib = 1024

/** How output is gathered and what may wait where; bytes and milliseconds. */
const limits = {
  /** While the last window carried at most so much, a piece goes out at once: that is somebody typing. */
  quietBytes: 4 * kib,
  quietMs: 4,
  /** Else pieces are gathered so long, or until they are long enough. */
  gatherMs: 3,
  /** What may wait for the recorder before the program has to. */
  unrecorded: { stop: 1024 * kib, go: 256 * kib },
  /** How far the screen may be behind before the program has to wait for it. */
  unseen: { stop: 64 * 1024 * kib, go: 56 * 1024 * kib },
  /** Between two looks at a screen that the program waits for. */
  screenLookMs: 20,
  /** After so long without output the ring is given back. */
  ringIdleMs: 60_000,
} as const

/** Whoever is told of output in order. */
export type OutputReader = {
  readonly onOutput: (piece: SharedOutput) => void
  readonly onSize: (mark: SizeMark) => void
  /** Whether the program should wait for this reader. */
  readonly wantsPause: () => boolean
}

/** What a path is made of. */
export type OutputPathParts = {
  readonly recorder: Recorder
  readonly screen: Screen
  readonly size: TerminalSize
  readonly timers: Timers
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number
  /** Lets the program wait, or go on; called only when it changes. */
  readonly hold: (isHeld: boolean) => void
  /** Told the size of the record, in bytes, each time that it has grown. */
  readonly onRecorded: (bytes: number) => void
  readonly onRecorderFailed: (cause: unknown) => void
}

/** One terminal's output. */
export class OutputPath {
  readonly readers: Set<OutputReader> = new Set()
  readonly #parts: OutputPathParts
  readonly #ring = new OutputRing()
  /** Changes of size; the first holds from 0 on. */
  readonly sizes: SizeMarks
  readonly #gathered = new GatheredOutput()
  #gatherTimer: CancelTimer | null = null
  /** What came since `sinceMs`; where no pause was before that, what came in the window before counts too. */
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

  /** Takes output from the terminal; it is copied. */
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

  /** Sends what was gathered on its way now. */
  flush(): void {
    this.#gatherTimer?.()
    this.#gatherTimer = null
    const piece = this.#gathered.take(this.#producedSeq)
    if (piece !== null) this.#sendOn(piece)
  }

  /** Says that the kernel was told a new size: it holds for what is put out from now on. */
  resize(size: TerminalSize): void {
    this.flush()
    const mark = { seq: this.#producedSeq, ...size }
    this.record({ kind: 'size', ...mark }, () => {
      this.sizes.add(mark)
      for (const reader of this.readers) reader.onSize(mark)
    })
  }

  /** Records an event where the output stands. */
  note(event: Readonly<Record<string, unknown>>): void {
    this.flush()
    this.record({ kind: 'event', seq: this.#producedSeq, event })
  }

  /** Records input where the output stands. */
  noteInput(bytes: Uint8Array): void {
    this.flush()
    this.record({ kind: 'input', seq: this.#producedSeq, bytes })
  }

  /** Records one thing; `then` runs once the recorder has it, in the order of the calls. */
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

  /** Resolves once all that was taken is recorded and on its way. */
  async settle(): Promise<void> {
    this.flush()
    await this.#lastAppend
  }

  /**
   * Returns output from `seq` on that was delivered, at most `limit` bytes: at once from the ring, else from the record.
   */
  read(seq: number, limit: number): Uint8Array | Promise<Uint8Array> {
    return (
      this.#ring.read(seq, limit) ?? this.#parts.recorder.readOutput(seq, Math.min(limit, this.#deliveredSeq - seq))
    )
  }

  snapshot(): Promise<Snapshot> {
    return this.#parts.screen.snapshot()
  }

  /** Decides anew whether the program has to wait, and for whom. */
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

  /** Gives timers and memory back; what is taken afterwards is lost. */
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
