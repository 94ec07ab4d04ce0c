/** Terminals: the followers of one PTY session. They get its output and its end, and are not attached. */
import { type EndReason, endReasons } from '../core/terminals/ends.ts'
import type { Reader } from './reader.ts'
import type { Sink } from './sink.ts'
import { tooSlow } from './too-slow.ts'
import type { TerminalExit } from './transports/transport.ts'

/** Controls one follower. */
export type Following = { readonly leave: () => void; readonly drained: () => void }

export class Followers {
  readonly #readers = new Map<Sink, Reader>()
  readonly #read: (sink: Sink, onStuck: () => void) => Reader

  /** @param read Starts to send output to a sink. */
  constructor(read: (sink: Sink, onStuck: () => void) => Reader) {
    this.#read = read
  }

  /** Adds a follower, until it leaves or the session ends. */
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

  /** Sends all followers the end of the session. */
  end(reason: EndReason, exit: TerminalExit | null, finalSeq: number): void {
    const { closeCode, sentence } = endReasons[reason]
    for (const sink of [...this.#readers.keys()]) {
      if (exit !== null) sink.send({ type: 'exit', code: exit.code, signal: exit.signal, finalSeq })
      sink.close(closeCode, sentence)
    }
  }
}
