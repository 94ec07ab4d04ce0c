/** Terminals: holds the frames of a socket while the node renews its lease, because no input may pass without one. */
import type { ClientFrame } from '../protocol/terminal-frames.ts'
import type { Sink } from './sink.ts'

/** What a gate needs. */
export type LeaseGateParts = {
  readonly isLeaseHeld: () => boolean
  /** Reads the revocation log and renews the lease. */
  readonly renew: () => Promise<void>
  readonly sink: Pick<Sink, 'pauseInput' | 'resumeInput'>
  readonly pass: (frame: ClientFrame) => void
}

/** The frames of one socket, in order. */
export class LeaseGate {
  readonly #parts: LeaseGateParts
  #held: ClientFrame[] = []

  constructor(parts: LeaseGateParts) {
    this.#parts = parts
  }

  /**
   * Passes a frame on, at once or after the lease was renewed. If the renewal fails, the receiver sees that there is no
   * lease.
   */
  take(frame: ClientFrame): void {
    const { isLeaseHeld, pass } = this.#parts
    if (this.#held.length > 0) this.#held.push(frame)
    else if (!reachesTerminal(frame) || isLeaseHeld()) pass(frame)
    else {
      this.#held.push(frame)
      void this.#renew()
    }
  }

  async #renew(): Promise<void> {
    const { sink, renew, pass } = this.#parts
    sink.pauseInput()
    try {
      await renew()
    } catch {
      // The store cannot be read: the frames are passed on without a lease, and the receiver refuses them.
    }
    for (let frame = this.#held[0]; frame !== undefined; frame = this.#held[0]) {
      pass(frame)
      this.#held.shift()
    }
    sink.resumeInput()
  }
}

function reachesTerminal(frame: ClientFrame): boolean {
  return frame.type === 'input' || (frame.type === 'control' && frame.control.action === 'confirm-paste')
}
