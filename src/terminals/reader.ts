/** Terminals: sends one attachment its output in order, at its own pace. Nothing is sent twice; only a snapshot replaces missed output. */
import type { OutputPath, OutputReader } from './output-path.ts'
import type { Snapshot } from './screen/screen.ts'
import { SharedOutput, type Sink } from './sink.ts'
import type { SizeMark } from './size-marks.ts'
import type { CancelTimer, Timers } from './timers.ts'

const kib = 1024

/** How much may be under way. Bytes and milliseconds. */
const limits = {
  /** If the implementor has not shown this much, the program waits. */
  implementor: { stop: 512 * kib, go: 128 * kib },
  /** The longest that the program waits; then the implementor is treated as an observer. */
  pauseMs: 2_000,
  /** An observer that is further behind gets a snapshot when it has caught up. */
  watcherBytes: 1024 * kib,
  /** What an observer may still have to show when its snapshot is taken. */
  drainedBytes: 128 * kib,
  /** Largest piece that is sent at once while catching up. */
  pieceBytes: 64 * kib,
  /** An observer that shows nothing for this long is disconnected. */
  stuckMs: 30_000,
  /** Between two snapshots of a screen that is itself behind. */
  againMs: 250,
  /** Acknowledgements are recorded with this resolution. */
  lagGrainMs: 250,
  /** Between two snapshots that a client asks for. */
  resyncMs: 1_000,
  /** What this process may buffer for a client that says it has shown it. */
  heldBytes: 2 * 1024 * kib,
} as const

export type ReaderParts = {
  readonly path: OutputPath
  readonly sink: Sink
  readonly timers: Timers
  /** Milliseconds of the monotonic clock. */
  readonly nowMs: () => number
  /** The client showed nothing for too long. */
  readonly onStuck: () => void
  /** Its snapshot could not be taken. */
  readonly onFailed: (cause: unknown) => void
}

/** How a reader starts. */
export type ReaderStart = {
  /** Offset of the next byte to send; null: it starts with a snapshot. */
  readonly from: number | null
  readonly isImplementor: boolean
  /** Whether nothing is sent at first. */
  readonly isHeld: boolean
}

type Mode =
  /** Gets every byte. */
  | 'flowing'
  /** First shows what it was sent, then gets a snapshot. */
  | 'behind'
  /** A snapshot is being taken. */
  | 'snapshot'
  | 'closed'

/** The output side of one attachment. */
export class Reader implements OutputReader {
  readonly #parts: ReaderParts
  #mode: Mode = 'flowing'
  #isImplementor: boolean
  #sentSeq: number
  #shownSeq: number
  /** A client that resumes gets every byte up to this offset, however far behind it is. */
  #catchUpTo: number
  #sizeNumber = 0
  #isPumping = false
  #pausedSinceMs: number | null = null
  #isSlow = false
  #isHeld: boolean
  #isPaintDue = false
  /** Since when it lacks output; null: it has everything. */
  #lackingSinceMs: number | null = null
  #stuckSinceMs: number | null = null
  #againTimer: CancelTimer | null = null
  /** Offsets with the time at which everything before them had been sent, oldest first. */
  #sent: { seq: number; readonly atMs: number }[] = []
  /** The newest offset that it has shown; -1: none. */
  #saidSeq = -1
  #isResyncDue = false
  #resyncedAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: ReaderParts, { from, isImplementor, isHeld }: ReaderStart) {
    this.#parts = parts
    this.#isImplementor = isImplementor
    this.#isHeld = isHeld
    this.#sentSeq = from ?? 0
    this.#shownSeq = from ?? 0
    this.#catchUpTo = parts.path.deliveredSeq
    // A size that starts at this offset is sent again: the snapshot may be older than the size.
    this.#sizeNumber = parts.path.sizes.firstFrom(this.#sentSeq)
    parts.path.readers.add(this)
    if (from === null) void this.#paint()
    else void this.#pump()
  }

  get shownSeq(): number {
    return this.#shownSeq
  }

  set isImplementor(isImplementor: boolean) {
    this.#isImplementor = isImplementor
    this.#parts.path.weigh()
  }

  /** Stops sending, or starts again. */
  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld
    if (isHeld) return
    if (this.#isPaintDue) void this.#paint()
    else void this.#pump()
  }

  /** Takes a piece that was just delivered. */
  onOutput(piece: SharedOutput): void {
    const isNext = this.#mode === 'flowing' && !this.#isPumping && this.#sentSeq === piece.seq
    if (!isNext || this.#isHeld || this.#isFull() || this.#nextSize()?.seq === piece.seq) {
      void this.#pump()
      return
    }
    this.#send(piece)
  }

  onSize(_mark: SizeMark): void {
    void this.#pump()
  }

  /** Notes how far the client has shown the output. */
  shown(seq: number): void {
    if (seq > this.#sentSeq) return
    this.#saidSeq = Math.max(this.#saidSeq, seq)
    while (this.#sent[0] !== undefined && this.#sent[0].seq <= seq) this.#sent.shift()
    if (seq <= this.#shownSeq) return
    this.#shownSeq = seq
    // A client that shows a part and then stops is disconnected too.
    this.#stuckSinceMs = this.#mode === 'behind' ? this.#parts.nowMs() : null
    this.#goOn()
  }

  /** Notes that bytes have left this process, for clients that do not acknowledge. */
  drained(): void {
    const { sink } = this.#parts
    if (!sink.acknowledges) this.shown(Math.max(0, this.#sentSeq - sink.bufferedBytes()))
  }

  /** Asks for a snapshot. It comes at most once a second, and not before earlier output has left this process. */
  resync(): void {
    this.#isResyncDue = true
    this.#serveResync()
  }

  wantsPause(): boolean {
    if (!this.#isImplementor || this.#mode !== 'flowing' || this.#isSlow) return false
    const edge = this.#pausedSinceMs === null ? limits.implementor.stop : limits.implementor.go
    const isFull = this.#unshown() > edge
    if (!isFull) this.#pausedSinceMs = null
    else this.#pausedSinceMs ??= this.#parts.nowMs()
    return isFull
  }

  /** Returns whether output that is older than `ms` was not shown, or was not sent. */
  isLagging(ms: number): boolean {
    const sinceMs = Math.min(
      this.#sent[0]?.atMs ?? Number.POSITIVE_INFINITY,
      this.#lackingSinceMs ?? Number.POSITIVE_INFINITY,
    )
    return this.#parts.nowMs() - sinceMs > ms
  }

  /** Handles what only time changes; called about once a second. */
  tick(): void {
    const nowMs = this.#parts.nowMs()
    this.drained()
    this.#serveResync()
    if (this.#mode === 'flowing') void this.#pump()
    if (this.#pausedSinceMs !== null && nowMs - this.#pausedSinceMs >= limits.pauseMs) {
      this.#isSlow = true
      this.#pausedSinceMs = null
      this.#parts.path.weigh()
      void this.#pump()
    }
    if (this.isStuck() && nowMs - (this.#stuckSinceMs ?? nowMs) >= limits.stuckMs) this.#parts.onStuck()
  }

  /** Returns whether the client must show output before more is sent. */
  isStuck(): boolean {
    return this.#stuckSinceMs !== null && this.#mode !== 'snapshot'
  }

  /** Returns whether everything was sent, or can never be. */
  hasSentAll(): boolean {
    return this.#mode !== 'flowing' || this.#isHeld || this.#sentSeq >= this.#parts.path.deliveredSeq
  }

  close(): void {
    this.#mode = 'closed'
    this.#againTimer?.()
    this.#parts.path.readers.delete(this)
    this.#parts.path.weigh()
  }

  #unshown(): number {
    return this.#sentSeq - this.#shownSeq
  }

  /** Whether sending more would exceed the limits. */
  #isFull(): boolean {
    if (this.#parts.sink.bufferedBytes() > limits.heldBytes) return true
    return this.#unshown() > (this.#isServedInFull() ? limits.implementor.stop : limits.watcherBytes)
  }

  /** Whether it gets every byte, however slow it is. */
  #isServedInFull(): boolean {
    return (this.#isImplementor && !this.#isSlow) || this.#sentSeq < this.#catchUpTo
  }

  #send(piece: SharedOutput): void {
    this.#sentSeq = piece.seq + piece.bytes.length
    this.#stuckSinceMs = null
    this.#noteSent()
    this.#parts.sink.output(piece)
  }

  #noteSent(): void {
    const atMs = this.#parts.nowMs()
    const last = this.#sent.at(-1)
    if (last === undefined || atMs - last.atMs >= limits.lagGrainMs) this.#sent.push({ seq: this.#sentSeq, atMs })
    else last.seq = this.#sentSeq
  }

  #serveResync(): void {
    const { nowMs, sink } = this.#parts
    if (!this.#isResyncDue || this.#isHeld || this.#mode !== 'flowing') return
    if (nowMs() - this.#resyncedAtMs < limits.resyncMs || sink.bufferedBytes() > limits.drainedBytes) return
    this.#resyncedAtMs = nowMs()
    void this.#paint()
  }

  /** Sends from its position on until everything is sent or a limit is reached. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#mode === 'flowing' && !this.#isHeld) {
        if (this.#sendSize()) continue
        const { path } = this.#parts
        if (this.#sentSeq >= path.deliveredSeq) return
        if (this.#isFull()) return this.#whenFull()
        const limit = Math.min(limits.pieceBytes, (this.#nextSize()?.seq ?? Number.POSITIVE_INFINITY) - this.#sentSeq)
        const from = this.#sentSeq
        const found = path.read(from, limit)
        const bytes = found instanceof Promise ? await found : found
        if (this.#mode !== 'flowing' || this.#isHeld || this.#sentSeq !== from) continue
        if (bytes.length === 0) throw new Error(`The output at ${from} is neither in the ring nor in the record.`)
        this.#send(new SharedOutput(from, bytes))
      }
    } catch (cause) {
      if (!this.#isClosed()) this.#parts.onFailed(cause)
    } finally {
      this.#isPumping = false
    }
  }

  #sendSize(): boolean {
    const mark = this.#nextSize()
    if (mark === undefined || mark.seq > this.#sentSeq) return false
    this.#sizeNumber = this.#parts.path.sizes.after(this.#sizeNumber)
    this.#parts.sink.send({ type: 'size', ...mark })
    return true
  }

  #nextSize(): SizeMark | undefined {
    return this.#parts.path.sizes.at(this.#sizeNumber)
  }

  #whenFull(): void {
    this.#stuckSinceMs ??= this.#parts.nowMs()
    if (!this.#isServedInFull()) {
      this.#mode = 'behind'
      this.#lackingSinceMs ??= this.#parts.nowMs()
      this.#parts.sink.send({ type: 'flow', state: 'behind', seq: this.#sentSeq })
    }
    this.#parts.path.weigh()
  }

  #goOn(): void {
    if (this.#mode === 'flowing') {
      if (this.#unshown() <= limits.implementor.go) this.#isSlow = false
      this.#parts.path.weigh()
      void this.#pump()
    } else if (this.#mode === 'behind' && this.#againTimer === null && this.#hasDrained()) void this.#paint()
  }

  #hasDrained(): boolean {
    return Math.max(this.#unshown(), this.#parts.sink.bufferedBytes()) <= limits.drainedBytes
  }

  /** Sends the screen and continues from there. While the screen itself is behind, it repeats this. */
  async #paint(): Promise<void> {
    const { path, sink, onFailed } = this.#parts
    this.#mode = 'snapshot'
    this.#lackingSinceMs ??= this.#parts.nowMs()
    this.#isPaintDue = false
    let snapshot: Snapshot
    try {
      snapshot = await path.snapshot()
    } catch (cause) {
      if (!this.#isClosed()) onFailed(cause)
      return
    }
    if (this.#isClosed()) return
    if (this.#isHeld) {
      this.#isPaintDue = true
      return
    }
    sink.send({ type: 'snapshot', ...snapshot })
    this.#sentSeq = snapshot.seq
    this.#shownSeq = snapshot.seq
    this.#sent = snapshot.seq > this.#saidSeq ? [{ seq: snapshot.seq, atMs: this.#parts.nowMs() }] : []
    this.#isResyncDue = false
    this.#stuckSinceMs = null
    this.#isSlow = false
    this.#catchUpTo = 0
    this.#sizeNumber = path.sizes.firstFrom(snapshot.seq)
    if (path.deliveredSeq - snapshot.seq > limits.watcherBytes) {
      this.#mode = 'behind'
      sink.send({ type: 'flow', state: 'behind', seq: snapshot.seq })
      this.#paintLater()
      return
    }
    this.#mode = 'flowing'
    this.#lackingSinceMs = null
    sink.send({ type: 'flow', state: 'live', seq: snapshot.seq })
    await this.#pump()
  }

  /** A screen that is behind is sent repeatedly, but never before the previous one has left this process. */
  #paintLater(): void {
    const { sink, timers, nowMs } = this.#parts
    this.#againTimer = timers.after(limits.againMs, () => {
      this.#againTimer = null
      if (sink.bufferedBytes() <= limits.drainedBytes) {
        void this.#paint()
        return
      }
      this.#stuckSinceMs ??= nowMs()
      this.#paintLater()
    })
  }

  // This is a method, so that the compiler does not reuse a check from before an await.
  #isClosed(): boolean {
    return this.#mode === 'closed'
  }
}
