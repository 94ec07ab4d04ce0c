/** Terminals: one screen that follows output. A snapshot is taken only between two sequences and two characters. */
import type { Terminal } from '@xterm/headless'
import { GroundState } from './ground-state.ts'
import { keptLines, newTerminal } from './new-terminal.ts'
import { canPassOver, findPassedOver } from './passed-over.ts'
import type { Snapshot } from './screen.ts'
import { serializeScreen } from './serialize-screen.ts'
import { boundCluster, internalsOf, parseNow, parserGround } from './xterm-internals.ts'

/** Bytes that xterm.js gets at once: it cuts more than 128 KiB by itself, and loses characters there. */
const pieceBytes = 100_000

/**
 * Bytes that wait for the end of what they start. A longer string is processed without its end, because it has no
 * effect before; a longer sequence shows as text to clients that join, but no program writes one.
 */
const longestHeld = { string: 64 * 1024, other: 1024 * 1024 } as const

type Size = { readonly cols: number; readonly rows: number }

/** Output after the last safe place, in order. */
type Held = Uint8Array | Size

/** One screen; calls of `write` and `resize` come in the order of the recording. */
export class FollowedScreen {
  #size: Size
  #terminal: Terminal | null
  /** The snapshot that a terminal without memory is restored from. */
  #resting: Uint8Array = new Uint8Array(0)
  readonly #ground = new GroundState()
  #place = 0
  #seen = 0
  #held: Held[] = []
  #heldBytes = 0
  /** The start of a character. */
  #begun: Uint8Array = new Uint8Array(0)
  #lastSnapshot: Snapshot | null = null

  constructor(size: Size) {
    this.#size = size
    this.#terminal = newTerminal(size.cols, size.rows)
  }

  /** The newest safe place for a snapshot. */
  get place(): number {
    return this.#place
  }

  /** Output that was taken. */
  get seen(): number {
    return this.#seen
  }

  write(bytes: Uint8Array): void {
    const last = this.#ground.scan(bytes)
    this.#seen += bytes.length
    if (last > 0) {
      this.#release()
      this.#feed(bytes.subarray(0, last))
      this.#place = this.#seen - (bytes.length - last)
      this.#lastSnapshot = null
    }
    if (last === bytes.length) return
    this.#held.push(Uint8Array.from(bytes.subarray(last)))
    this.#heldBytes += bytes.length - last
    if (this.#heldBytes > (this.#ground.isInString ? longestHeld.string : longestHeld.other)) this.#goOnWithoutEnd()
  }

  /** Changes the size at the present place of the output. */
  resize(size: Size): void {
    if (this.#held.length > 0) this.#held.push(size)
    else this.#resizeNow(size)
  }

  /**
   * Returns the screen at its safe place.
   *
   * @param keepsLines Whether the lines above it are included, so that a terminal that grows shows them.
   */
  snapshot(keepsLines = true): Snapshot {
    if (keepsLines && this.#lastSnapshot !== null) return this.#lastSnapshot
    const bytes = this.#terminal === null && keepsLines ? this.#resting : serializeScreen(this.#wake(), keepsLines)
    const snapshot = { ...this.#size, seq: this.#place, bytes }
    if (keepsLines) this.#lastSnapshot = snapshot
    return snapshot
  }

  /** Frees most memory until more output comes; does nothing inside a sequence. */
  rest(): void {
    if (this.#terminal === null || this.#begun.length > 0) return
    if (internalsOf(this.#terminal)._inputHandler._parser.currentState !== parserGround) return
    this.#resting = this.snapshot().bytes
    this.#lastSnapshot = null
    this.close()
  }

  close(): void {
    this.#terminal?.dispose()
    this.#terminal = null
  }

  #wake(): Terminal {
    if (this.#terminal !== null) return this.#terminal
    this.#terminal = newTerminal(this.#size.cols, this.#size.rows)
    this.#feed(this.#resting)
    this.#resting = new Uint8Array(0)
    return this.#terminal
  }

  #release(): void {
    for (const held of this.#held) {
      if (held instanceof Uint8Array) this.#feed(held)
      else this.#resizeNow(held)
    }
    this.#held = []
    this.#heldBytes = 0
  }

  #goOnWithoutEnd(): void {
    this.#release()
    this.#lastSnapshot = null
    if (!this.#ground.isInString) this.#place = this.#seen
  }

  #resizeNow(size: Size): void {
    this.#wake().resize(size.cols, size.rows)
    this.#size = size
    this.#lastSnapshot = null
  }

  /** Processes bytes without the lines among them that scroll out of the screen and out of the kept lines. */
  #feed(bytes: Uint8Array): void {
    const passed = findPassedOver(bytes, keptLines + 2 * this.#size.rows)
    if (passed === null) {
      this.#parse(bytes)
      return
    }
    const { from, to, pens } = passed
    this.#parse(bytes.subarray(0, from))
    const passes = this.#begun.length === 0 && canPassOver(this.#wake())
    if (passes) this.#parse(pens)
    this.#parse(bytes.subarray(passes ? to : from))
  }

  /** Whole characters only: xterm.js would lose one that comes in two pieces. */
  #parse(bytes: Uint8Array): void {
    const terminal = this.#wake()
    const all = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes])
    let at = 0
    while (at < all.length) {
      const end = endOfCharacters(all, Math.min(at + pieceBytes, all.length))
      if (end <= at) break
      parseNow(terminal, all.subarray(at, end))
      boundCluster(terminal)
      at = end
    }
    this.#begun = at === all.length ? new Uint8Array(0) : Uint8Array.from(all.subarray(at))
  }
}

/** Returns the last place at or before `end` that is not inside a character. */
function endOfCharacters(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= Math.min(3, end); back += 1) {
    const byte = bytes[end - back] as number
    if (byte < 0x80) return end
    if (byte >= 0xc0) return lengthOf(byte) > back ? end - back : end
  }
  return end
}

function lengthOf(first: number): number {
  if (first >= 0xf8) return 1
  if (first >= 0xf0) return 4
  return first >= 0xe0 ? 3 : 2
}
