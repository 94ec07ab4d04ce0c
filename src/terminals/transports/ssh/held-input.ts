/** Terminals: input that came before the session began; the terminal of the client program would echo and interpret it until then. */
import type { Terminal } from '../transport.ts'

/** Holds input back until it is released, and hands it through from then on. */
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

  /** Hands input over, or keeps it; returns the bytes that wait. */
  write(bytes: Uint8Array): number {
    if (this.#held === null) return this.#terminal.write(bytes)
    this.#held.push(bytes.slice())
    this.#heldBytes += bytes.byteLength
    return this.#heldBytes
  }

  /** Resolves once no input waits any more. */
  async drained(): Promise<void> {
    if (this.#heldBytes > 0) await this.#released
    return this.#terminal.drained()
  }

  /** Hands over what was held, in order; safe to call again. */
  release(): void {
    const held = this.#held ?? []
    this.#held = null
    this.#heldBytes = 0
    for (const bytes of held) this.#terminal.write(bytes)
    this.#tellReleased()
  }
}
