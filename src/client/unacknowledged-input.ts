/** Client: input that is not yet acknowledged. It can be sent again for five seconds, and never without its start. */
import { encodeClientFrame } from '../protocol/encode-frame.ts'
import { longestInput } from '../protocol/frame-numbers.ts'

/** 5 s: older input was typed for a screen that is gone. */
const keptMs = 5000

type Entry = {
  readonly inputSeq: number
  readonly frame: Uint8Array<ArrayBuffer>
  readonly writtenAtMs: number
}

/** The input to send after a welcome. */
export type InputAgain = {
  readonly frames: readonly Uint8Array<ArrayBuffer>[]
  /** Whether some input that the gateway did not take will not be sent any more. */
  readonly isLost: boolean
}

/** Input by its number, from the oldest unacknowledged one. */
export class UnacknowledgedInput {
  #entries: Entry[] = []
  #last = 0
  /** Number of the newest input that became too old; 0: none. */
  #expired = 0

  /** Number of the newest input; 0: none. */
  get last(): number {
    return this.#last
  }

  /** Numbers input, keeps it, and returns it as frames. */
  add(bytes: Uint8Array, nowMs: number): readonly Uint8Array<ArrayBuffer>[] {
    this.#expire(nowMs)
    const frames: Uint8Array<ArrayBuffer>[] = []
    for (let at = 0; at < bytes.length; at += longestInput) {
      this.#last += 1
      const part = bytes.subarray(at, at + longestInput)
      const frame = encodeClientFrame({ type: 'input', inputSeq: this.#last, bytes: part })
      this.#entries.push({ inputSeq: this.#last, frame, writtenAtMs: nowMs })
      frames.push(frame)
    }
    return frames
  }

  /** Drops everything up to a number. */
  acknowledge(inputSeq: number): void {
    this.#keepFrom((entry) => entry.inputSeq > inputSeq)
    if (this.#expired <= inputSeq) this.#expired = 0
  }

  /**
   * Returns what the gateway had not taken by a welcome.
   *
   * If a part is too old, nothing after it is sent either: a command without its start is another command.
   */
  again(takenInputSeq: number, nowMs: number): InputAgain {
    this.acknowledge(takenInputSeq)
    this.#expire(nowMs)
    const isLost = this.#expired > 0
    if (isLost) this.#entries = []
    this.#expired = 0
    return { frames: this.#entries.map(({ frame }) => frame), isLost }
  }

  #expire(nowMs: number): void {
    const before = this.#entries
    this.#keepFrom(({ writtenAtMs }) => nowMs - writtenAtMs <= keptMs)
    const newest = before[before.length - this.#entries.length - 1]
    if (newest !== undefined) this.#expired = newest.inputSeq
  }

  #keepFrom(isKept: (entry: Entry) => boolean): void {
    const first = this.#entries.findIndex(isKept)
    if (first !== 0) this.#entries = first === -1 ? [] : this.#entries.slice(first)
  }
}
