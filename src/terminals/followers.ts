/** Terminals: those who look on at one PTY session without being attached; they are told its output and its end, and nothing else. */
import { type EndReason, endReasons } from '../core/terminals/ends.ts'
import type { Reader } from './reader.ts'
import type { Sink } from './sink.ts'
import { tooSlow } from './too-slow.ts'
import type { TerminalExit } from './transports/transport.ts'

/** How one of them goes on. */
export type Following = { readonly leave: () => void; readonly drained: () => void }

/** The followers of one PTY session. */
export class Followers {
  readonly #readers = new Map<Sink, Reader>()
  readonly #read: (sink: Sink, onStuck: () => void) => Reader

  /** @param read begins to send output to a sink. */
  constructor(read: (sink: Sink, onStuck: () => void) => Reader) {
    this.#read = read
  }

  /** Lets one in, until it leaves or the session ends. */
  add(sink: Sink): Following {
    const leave = (): void => {
      reader.close()
      this.#readers.delete(sink)
    }
    const reader = this.#read(sink, () => {
      leave()
      sink.close(tooSlow.code, tooSlow.sentence)
    })
    this.#readers.set(sink, reader)
    return { leave, drained: () => reader.drained() }
  }

  readers(): IterableIterator<Reader> {
    return this.#readers.values()
  }

  /** Tells all of them that the session is over. */
  end(reason: EndReason, exit: TerminalExit | null, finalSeq: number): void {
    const { closeCode, sentence } = endReasons[reason]
    for (const sink of [...this.#readers.keys()]) {
      if (exit !== null) sink.send({ type: 'exit', code: exit.code, signal: exit.signal, finalSeq })
      sink.close(closeCode, sentence)
    }
  }
}
