/** Core: what revocations act on while it is in memory; each subject has a version that moves when it is covered. */

/** One remembered subject: an account, an organization, a membership or an address. */
export type Subject<Value> = {
  readonly key: string
  readonly slot: number
  /** Moves by one whenever an entry of the log covers the subject. */
  version: number
  /** How many sessions or tokens point here; the subject leaves memory with the last. */
  holders: number
  value: Value
}

/** Keeps subjects by key and by slot while somebody holds them. */
export class Subjects<Value> {
  readonly #byKey = new Map<string, Subject<Value>>()
  readonly #bySlot: (Subject<Value> | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#byKey.size
  }

  /** Returns the subject of a key, or undefined when nobody holds it. */
  find(key: string): Subject<Value> | undefined {
    return this.#byKey.get(key)
  }

  /** Returns the subject in a slot that is held. */
  at(slot: number): Subject<Value> {
    return this.#bySlot[slot] as Subject<Value>
  }

  /** Holds the subject of a key once more; one that was held already takes the newer value. */
  hold(key: string, value: Value): Subject<Value> {
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.holders += 1
      known.value = value
      return known
    }
    const slot = this.#free.pop() ?? this.#bySlot.length
    const added: Subject<Value> = { key, slot, version: 0, holders: 1, value }
    this.#byKey.set(key, added)
    this.#bySlot[slot] = added
    return added
  }

  /** Lets go of a subject once. */
  release(slot: number): void {
    const held = this.at(slot)
    held.holders -= 1
    if (held.holders > 0) return
    this.#byKey.delete(held.key)
    this.#bySlot[slot] = undefined
    this.#free.push(slot)
  }

  /** Moves the version of a subject, where it is in memory. */
  cover(key: string): Subject<Value> | undefined {
    const known = this.#byKey.get(key)
    if (known !== undefined) known.version += 1
    return known
  }
}
