/** Core: bounds the sign-ins of one key that are under way by the failures that the key has left. */
import { Refusal } from '../errors.ts'
import type { Store } from '../store.ts'
import { allowance, type ThrottleKey, type ThrottleState, waitMs } from './throttle.ts'
import type { ThrottleTime } from './throttle-time.ts'

type Passage = {
  readonly key: ThrottleKey
  underWay: number
  readers: number
  releases: number
  waiting: (() => void)[]
}

/** What the gate needs. */
export type GatePorts = { readonly throttleTime: ThrottleTime; readonly store: Pick<Store, 'throttle'> }

/** The throttle keys of one attempt. */
export type GateKeys = {
  /** If one of these is blocked, the client gets that answer. */
  readonly disclosed: readonly ThrottleKey[]
  /** If one of these is blocked, the attempt continues as one with a wrong password. */
  readonly undisclosed: readonly ThrottleKey[]
}

/** A place at the gate. */
export type GatePlace = {
  /** Whether a key is blocked that the client may not learn of. */
  readonly isBarred: boolean
  /** The keys that a failure counts on: all but blocked ones that the client may not learn of. */
  readonly keys: readonly ThrottleKey[]
  readonly leave: () => void
}

/** Most attempts that wait for another attempt of their key; more are refused at once. */
const longestQueue = 200

/**
 * Guards the time between reading a counter and counting: of 500 parallel guesses only as many are evaluated as the
 * limit allows, while a program that signs in 50 times at once with the right password only waits.
 */
export class SignInGate {
  readonly #passages = new Map<string, Passage>()
  #queued = 0

  /**
   * Waits for a place under every key.
   *
   * @throws SIGN_IN_THROTTLED with the seconds to wait, if a key of the first kind is blocked.
   * @throws HASH_QUEUE_FULL if too many wait already.
   */
  async enter(ports: GatePorts, { disclosed, undisclosed }: GateKeys): Promise<GatePlace> {
    const keys = [...disclosed, ...undisclosed]
    const passages = keys.map((key) => this.#open(key))
    try {
      for (;;) {
        const seen = passages.map((passage) => passage.releases)
        const states = await ports.store.throttle(keys)
        const now = ports.throttleTime.nowMs()
        const waits = keys.map((key, index) => waitMs(states[index] as ThrottleState, key.rule, now))
        const wait = Math.max(0, ...waits.slice(0, disclosed.length))
        if (wait > 0) throw new Refusal('SIGN_IN_THROTTLED', { retryAfterSeconds: Math.ceil(wait / 1000) })
        if (passages.some((passage, index) => passage.releases !== seen[index])) continue
        const open = passages.filter((_passage, index) => waits[index] === 0)
        const full = open.find((passage) => {
          const state = states[passages.indexOf(passage)] as ThrottleState
          return passage.underWay >= allowance(state, passage.key.rule, now)
        })
        if (full === undefined) return this.#admit(passages, open)
        await this.#waitFor(full)
      }
    } catch (cause) {
      for (const passage of passages) this.#close(passage)
      throw cause
    }
  }

  #admit(passages: readonly Passage[], open: readonly Passage[]): GatePlace {
    for (const passage of open) passage.underWay += 1
    return {
      isBarred: open.length < passages.length,
      keys: open.map(({ key }) => key),
      leave: () => {
        for (const passage of open) this.#release(passage)
        for (const passage of passages) this.#close(passage)
      },
    }
  }

  async #waitFor(passage: Passage): Promise<void> {
    if (this.#queued >= longestQueue) throw new Refusal('HASH_QUEUE_FULL', { retryAfterSeconds: 1 })
    this.#queued += 1
    await new Promise<void>((resolve) => passage.waiting.push(resolve))
    this.#queued -= 1
  }

  #release(passage: Passage): void {
    passage.underWay -= 1
    passage.releases += 1
    for (const wake of passage.waiting.splice(0)) wake()
  }

  #open(key: ThrottleKey): Passage {
    const name = nameOf(key)
    const passage = this.#passages.get(name) ?? { key, underWay: 0, readers: 0, releases: 0, waiting: [] }
    passage.readers += 1
    this.#passages.set(name, passage)
    return passage
  }

  #close(passage: Passage): void {
    passage.readers -= 1
    if (passage.readers === 0) this.#passages.delete(nameOf(passage.key))
  }
}

function nameOf(key: ThrottleKey): string {
  return String.fromCharCode(...key.digest)
}
