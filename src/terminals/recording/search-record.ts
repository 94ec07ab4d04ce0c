/**
 * Terminals: finds text on the screen of a recording; memory holds one screen and a little scrollback.
 *
 * It looks at the screen after every 512 bytes or 100 ms. So it misses text that was overwritten or erased sooner, and
 * text that no single line held, such as text that was drawn letter by letter or scrolled sideways.
 */
import headless from '@xterm/headless'
import { type EntrySource, RecordDamage, readEntries } from './read-record.ts'
import type { RawEntry } from './record-format.ts'
import { parseHead } from './record-head.ts'

/** Recorded time between two looks, in milliseconds. */
const lookMs = 100

/** Output between two looks: it cannot scroll out more lines than are kept. */
const lookBytes = 512

/** Lines kept above the screen. */
const scrollback = 1024

/** Output that is processed at once. */
const longestWrite = 64 * 1024

/** Rows that one line may wrap over; the rest of a longer line counts as another line. */
const mostRows = 200

/** A line of the screen with the text. */
export type ScreenMatch = {
  /** Milliseconds from the start of the recording until the line was seen. */
  readonly atMs: number
  /** The whole line; wrapped rows are joined. */
  readonly line: string
}

/**
 * Yields the lines that contain a text in any case, when they leave the screen; a line that grows or stays is yielded
 * once.
 *
 * @param search `length`: bytes of the file to read.
 */
export async function* searchRecord(
  file: EntrySource,
  search: { readonly text: string; readonly length: number },
): AsyncGenerator<ScreenMatch> {
  const screen = new SearchedScreen(fold(search.text))
  try {
    yield* showAll(readEntries(file, { from: 0, to: search.length }), screen)
    yield* screen.end()
  } finally {
    screen.close()
  }
}

async function* showAll(entries: AsyncIterable<RawEntry>, screen: SearchedScreen): AsyncGenerator<ScreenMatch> {
  try {
    for await (const { kind, atMs, payload } of entries) {
      if (kind === 'head') screen.resize(parseHead({ kind, payload }))
      else if (kind === 'size' && payload.length >= 4) {
        yield* screen.look()
        screen.resize({ cols: payload.readUInt16BE(0), rows: payload.readUInt16BE(2) })
      } else if (kind === 'output') {
        for (let at = 0; at < payload.length; at += longestWrite) {
          yield* await screen.show(payload.subarray(at, at + longestWrite), atMs)
        }
      }
    }
  } catch (error) {
    // An incomplete entry that a crash left at the end.
    if (!(error instanceof RecordDamage)) throw error
  }
}

class SearchedScreen {
  readonly #wanted: string
  readonly #terminal = new headless.Terminal({ cols: 80, rows: 24, scrollback, allowProposedApi: true })
  /** Matching lines that are still there, by the time at which they were first seen. */
  #held = new Map<string, number>()
  /** The first line that has not left the normal buffer for good. */
  #top = this.#terminal.registerMarker(0)
  #bytesSinceLook = 0
  #lookedAtMs = 0
  #atMs = 0

  constructor(wanted: string) {
    this.#wanted = wanted
  }

  resize({ cols, rows }: { readonly cols: number; readonly rows: number }): void {
    this.#terminal.resize(Math.min(Math.max(cols, 2), 1000), Math.min(Math.max(rows, 1), 1000))
  }

  /** Processes output; returns the lines that left meanwhile. */
  async show(bytes: Buffer, atMs: number): Promise<ScreenMatch[]> {
    const found = atMs - this.#lookedAtMs >= lookMs ? this.look() : []
    this.#atMs = atMs
    let at = 0
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + lookBytes - this.#bytesSinceLook)
      at += piece.length
      this.#bytesSinceLook = (this.#bytesSinceLook + piece.length) % lookBytes
      this.#terminal.write(piece, this.#bytesSinceLook === 0 ? () => found.push(...this.look()) : undefined)
    }
    await new Promise<void>((resolve) => this.#terminal.write('', resolve))
    return found
  }

  /**
   * Looks at every line that may have changed; returns matching lines that have left, or changed other than by growing.
   */
  look(): ScreenMatch[] {
    this.#lookedAtMs = this.#atMs
    const before = this.#held
    const now = new Set(this.#lines().filter((line) => fold(line).includes(this.#wanted)))
    this.#held = new Map()
    const left = new Map([...before].filter(([line]) => !now.has(line)))
    for (const line of now) {
      const shorter = [...left.keys()].find((old) => line.startsWith(old))
      this.#held.set(line, before.get(line) ?? (shorter === undefined ? undefined : left.get(shorter)) ?? this.#atMs)
      if (shorter !== undefined) left.delete(shorter)
    }
    return [...left].map(([line, atMs]) => ({ atMs, line }))
  }

  /** Looks a last time; returns the remaining matches. */
  end(): ScreenMatch[] {
    const left = this.look()
    return [...left, ...[...this.#held].map(([line, atMs]) => ({ atMs, line }))]
  }

  close(): void {
    this.#terminal.dispose()
  }

  #lines(): string[] {
    const { active, normal } = this.#terminal.buffer
    const lines = linesOf(normal, this.#top === undefined ? 0 : Math.max(0, this.#top.line))
    if (active.type === 'alternate') return [...lines, ...linesOf(active, active.baseY)]
    this.#top?.dispose()
    this.#top = this.#terminal.registerMarker(-normal.cursorY)
    return lines
  }
}

/** Returns the lines from a row to the end of a buffer; wrapped rows are one line. */
function linesOf(buffer: headless.IBuffer, from: number): string[] {
  let first = from
  while (first > 0 && from - first < mostRows && buffer.getLine(first)?.isWrapped === true) first -= 1
  const lines: string[] = []
  let rows = 0
  for (let index = first; index < buffer.length; index += 1) {
    const row = buffer.getLine(index)
    if (row === undefined) continue
    const isEnd = buffer.getLine(index + 1)?.isWrapped !== true
    const text = row.translateToString(isEnd)
    if (rows > 0 && rows < mostRows && row.isWrapped) lines.push((lines.pop() ?? '') + text)
    else {
      lines.push(text)
      rows = 0
    }
    rows += 1
  }
  return lines
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}
