/** Terminals: buffers input that came before the session began; until then the client program's terminal would echo and interpret it. */
import type { Terminal } from '../transport.ts'

/** Buffers input until it is released, and passes it through from then on. */
export class HeldInput {
  readonly #terminal: Pick<Terminal, 'write' | 'drained'>
  #held: Uint8Array[] | null = []
  #heldBytes = 0
  readonly #released: Promise<void>
  readonly #tellReleased: () => void

  constructor(terminal: Pick<Terminal, 'write' | 'drained'>) {
    this.#terminal = terminal
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#released = promise
    this.#tellReleased = resolve
  }

  /** Passes input on, or buffers it; returns the bytes that wait. */
  write(bytes: Uint8Array): number {
    if (this.#held === null) return this.#terminal.write(bytes)
    this.#held.push(bytes.slice())
    this.#heldBytes += bytes.byteLength
    return this.#heldBytes
  }

  /** Resolves when no input waits any more. */
  async drained(): Promise<void> {
    if (this.#heldBytes > 0) await this.#released
    return this.#terminal.drained()
  }

  /** Passes the buffered input on, in order; may be called again. */
  release(): void {
    const held = this.#held ?? []
    this.#held = null
    this.#heldBytes = 0
    for (const bytes of held) this.#terminal.write(bytes)
    this.#tellReleased()
  }
}
