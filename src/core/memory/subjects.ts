/** Core: the subjects of revocations in memory. Each has a version that rises when an entry covers it. */

/** One subject in memory: an account, an organization, a membership or an address. */
export type Subject<Value> = {
  readonly key: string
  readonly slot: number
  /** Rises by one with each entry that covers the subject. */
  version: number
  /** How many sessions or tokens use it; it leaves memory with the last one. */
  holders: number
  value: Value
}

/** Keeps subjects by key and by slot while they are used. */
export class Subjects<Value> {
  readonly #byKey = new Map<string, Subject<Value>>()
  readonly #bySlot: (Subject<Value> | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#byKey.size
  }

  /** Returns the subject of a key, or undefined. */
  find(key: string): Subject<Value> | undefined {
    return this.#byKey.get(key)
  }

  /** Returns the subject in a used slot. */
  at(slot: number): Subject<Value> {
    return this.#bySlot[slot] as Subject<Value>
  }

  /** Uses the subject of a key once more; an existing one takes the newer value. */
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

  /** Stops using a subject once. */
  release(slot: number): void {
    const held = this.at(slot)
    held.holders -= 1
    if (held.holders > 0) return
    this.#byKey.delete(held.key)
    this.#bySlot[slot] = undefined
    this.#free.push(slot)
  }

  /** Raises the version of a subject, if it is in memory. */
  cover(key: string): Subject<Value> | undefined {
    const known = this.#byKey.get(key)
    if (known !== undefined) known.version += 1
    return known
  }
}
