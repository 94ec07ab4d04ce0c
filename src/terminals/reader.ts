/** Terminals: sends one attachment its output in order, at its own pace; nothing twice, nothing left out but what a snapshot stands for. */
import type { OutputPath, OutputReader } from './output-path.ts'
import type { Snapshot } from './screen/screen.ts'
import type { SharedOutput, Sink } from './sink.ts'
import { SharedOutput as Piece } from './sink.ts'
import type { SizeMark } from './size-marks.ts'
import type { CancelTimer, Timers } from './timers.ts'

const kib = 1024

/** What may be under way; bytes and milliseconds. */
const limits = {
  /** So much that the implementor has not shown yet makes the program wait. */
  implementor: { stop: 512 * kib, go: 128 * kib },
  /** For so long at most; then the implementor is served as a watcher is. */
  pauseMs: 2_000,
  /** A watcher that is further behind gets a snapshot once it has caught up. */
  watcherBytes: 1024 * kib,
  /** What may be left for it to show when the snapshot is made. */
  drainedBytes: 128 * kib,
  /** Largest piece that is sent at once while catching up. */
  pieceBytes: 64 * kib,
  /** A watcher that shows nothing of what was sent for so long is let go. */
  stuckMs: 30_000,
  /** Between two snapshots of a screen that is itself behind. */
  againMs: 250,
  /** Acknowledgements are looked at with this grain. */
  lagGrainMs: 250,
  /** Between two snapshots that somebody asks for. */
  resyncMs: 1_000,
  /** What this process may hold for an end that says it has shown it. */
  heldBytes: 2 * 1024 * kib,
} as const

/** What a reader is made of. */
export type ReaderParts = {
  readonly path: OutputPath
  readonly sink: Sink
  readonly timers: Timers
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number
  /** It showed nothing of what was sent for too long. */
  readonly onStuck: () => void
  /** Its snapshot could not be made. */
  readonly onFailed: (cause: unknown) => void
}

/** How a reader begins. */
export type ReaderStart = {
  /** Offset of the next byte that it is sent; null: it begins with a snapshot. */
  readonly from: number | null
  readonly isImplementor: boolean
  /** Whether everything is held back at first. */
  readonly isHeld: boolean
}

type Mode =
  /** Gets every byte. */
  | 'flowing'
  /** Shows first what it was sent, then gets a snapshot. */
  | 'behind'
  /** A snapshot is being made. */
  | 'snapshot'
  | 'closed'

/** The output side of one attachment. */
export class Reader implements OutputReader {
  readonly #parts: ReaderParts
  #mode: Mode = 'flowing'
  #isImplementor: boolean
  #sentSeq: number
  #shownSeq: number
  /** A resume gets every byte up to here, however far behind it is. */
  #catchUpTo: number
  #sizeNumber = 0
  #isPumping = false
  #pausedSinceMs: number | null = null
  #isSlow = false
  #isHeld: boolean
  #isPaintDue = false
  /** Since when it lacks output that others have; null: it is sent everything. */
  #lackingSinceMs: number | null = null
  #stuckSinceMs: number | null = null
  #againTimer: CancelTimer | null = null
  /** Offsets with the time from which on what is before them was sent, oldest first. */
  #sent: { seq: number; readonly atMs: number }[] = []
  /** The newest offset that it said to have shown; -1: none. */
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
    // A size that begins to hold just there is sent once more: a snapshot may have been made before it.
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

  /** Holds everything back, or lets it go on. */
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

  /** Says how far the other end has shown what it was sent. */
  shown(seq: number): void {
    if (seq > this.#sentSeq) return
    this.#saidSeq = Math.max(this.#saidSeq, seq)
    while (this.#sent[0] !== undefined && this.#sent[0].seq <= seq) this.#sent.shift()
    if (seq <= this.#shownSeq) return
    this.#shownSeq = seq
    // Whoever shows a part and stops is let go as well.
    this.#stuckSinceMs = this.#mode === 'behind' ? this.#parts.nowMs() : null
    this.#goOn()
  }

  /** Says that bytes have left this process, for ends that do not acknowledge. */
  drained(): void {
    const { sink } = this.#parts
    if (!sink.acknowledges) this.shown(Math.max(0, this.#sentSeq - sink.bufferedBytes()))
  }

  /** Asks for the screen anew; it comes at most once a second, and not before what was sent has left this process. */
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

  /** Tells whether something that was sent more than `ms` ago is not shown yet, or was not sent for so long. */
  isLagging(ms: number): boolean {
    const sinceMs = Math.min(
      this.#sent[0]?.atMs ?? Number.POSITIVE_INFINITY,
      this.#lackingSinceMs ?? Number.POSITIVE_INFINITY,
    )
    return this.#parts.nowMs() - sinceMs > ms
  }

  /** Looks at what only time changes; about once a second. */
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

  /** Tells whether it is waited for: nothing more is sent before it shows what was. */
  isStuck(): boolean {
    return this.#stuckSinceMs !== null && this.#mode !== 'snapshot'
  }

  /** Tells whether all that was delivered was sent, or never will be in full. */
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

  /** Whether more would be more than may be under way. */
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

  /** Sends on from where it stands until it has everything, or may not be sent more. */
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
        this.#send(new Piece(from, bytes))
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

  /** Sends the screen, and goes on from there; while the screen itself is behind, again and again. */
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

  /** A screen that is behind is sent again and again, but never onto what has not left this process. */
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

  // A method, so that the compiler does not take an earlier look at the mode for the one after an await.
  #isClosed(): boolean {
    return this.#mode === 'closed'
  }
}
