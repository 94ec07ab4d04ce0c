/** Core: lets no more sign-ins of one key be under way than failures that the key may still have. */
import { Refusal } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { Store } from '../store.ts'
import { allowance, type ThrottleKey, waitMs } from './throttle.ts'

type Passage = { underWay: number; readers: number; releases: number; waiting: (() => void)[] }

/** What the gate needs. */
export type GatePorts = { readonly clock: Clock; readonly store: Pick<Store, 'throttle'> }

/** Attempts that may wait for another attempt of their key; more are refused at once. */
const longestQueue = 200

/**
 * Guards the time between looking at a counter and counting: 500 parallel guesses evaluate no more than the limit, while
 * a program that signs in 50 times at once with the right password only waits.
 */
export class SignInGate {
  readonly #passages = new Map<string, Passage>()
  #queued = 0

  /**
   * Waits for a place under every key and returns the function that gives it back.
   *
   * @throws SIGN_IN_THROTTLED with the seconds to wait, when a key is blocked.
   * @throws HASH_QUEUE_FULL when too many wait already.
   */
  async enter(ports: GatePorts, keys: readonly ThrottleKey[]): Promise<() => void> {
    const passages = keys.map((key) => this.#open(key))
    try {
      for (;;) {
        const seen = passages.map((passage) => passage.releases)
        const states = await ports.store.throttle(keys)
        const now = ports.clock.wallMs()
        const wait = Math.max(0, ...states.map((state) => waitMs(state, now)))
        if (wait > 0) throw new Refusal('SIGN_IN_THROTTLED', { retryAfterSeconds: Math.ceil(wait / 1000) })
        if (passages.some((passage, index) => passage.releases !== seen[index])) continue
        const full = passages.find((passage, index) => {
          const [key, state] = [keys[index], states[index]]
          return key !== undefined && state !== undefined && passage.underWay >= allowance(state, key.rule, now)
        })
        if (full === undefined) break
        await this.#waitFor(full)
      }
      for (const passage of passages) passage.underWay += 1
    } catch (cause) {
      for (const [index, passage] of passages.entries()) this.#close(keys[index] as ThrottleKey, passage)
      throw cause
    }
    return () => this.#leave(keys, passages)
  }

  async #waitFor(passage: Passage): Promise<void> {
    if (this.#queued >= longestQueue) throw new Refusal('HASH_QUEUE_FULL', { retryAfterSeconds: 1 })
    this.#queued += 1
    await new Promise<void>((resolve) => passage.waiting.push(resolve))
    this.#queued -= 1
  }

  #leave(keys: readonly ThrottleKey[], passages: readonly Passage[]): void {
    for (const [index, passage] of passages.entries()) {
      passage.underWay -= 1
      passage.releases += 1
      for (const wake of passage.waiting.splice(0)) wake()
      this.#close(keys[index] as ThrottleKey, passage)
    }
  }

  #open(key: ThrottleKey): Passage {
    const name = nameOf(key)
    const passage = this.#passages.get(name) ?? { underWay: 0, readers: 0, releases: 0, waiting: [] }
    passage.readers += 1
    this.#passages.set(name, passage)
    return passage
  }

  #close(key: ThrottleKey, passage: Passage): void {
    passage.readers -= 1
    if (passage.readers === 0) this.#passages.delete(nameOf(key))
  }
}

function nameOf(key: ThrottleKey): string {
  return String.fromCharCode(...key.digest)
}
