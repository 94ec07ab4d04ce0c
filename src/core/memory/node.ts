/** Core: one node's view of the revocation log; it answers from memory only under a lease, and applies entries in order, once. */
import { Refusal } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import { holdsLease, type Lease, readClocks } from '../revocation/lease.ts'
import { type LogPosition, logStart, type RevocationEntry } from '../revocation/log.ts'
import type { Store, TokenKey } from '../store.ts'
import { LiveTokens, type TokenRecord } from './live-tokens.ts'

/** The ports of a node. `leaseMs`: how long one read of the log allows answers from memory. */
export type NodePorts = {
  readonly clock: Clock
  readonly store: Pick<Store, 'token' | 'log' | 'logHead'>
  readonly log: Log
  readonly leaseMs: number
  readonly maxTokens: number
}

/** The newest entries, kept for fills. A fill that began before the oldest of them reads again. */
const rememberedEntries = 4_096

/** A read of a token gives up after this many attempts, and refuses, if revocations keep covering it. */
const fillAttempts = 5

/** The state machine of one node: its memory, its place in the log, its lease. */
export class RevocationNode {
  readonly #ports: NodePorts
  #memory: LiveTokens
  #position: LogPosition = logStart
  #recent: RevocationEntry[] = []
  #lease: Lease | null = null
  /** Changes when memory is dropped: fills that began before are void. */
  #generation = 0
  #work: Promise<void> = Promise.resolve()
  #onApply: (entry: RevocationEntry | null) => void = () => undefined

  constructor(ports: NodePorts) {
    this.#ports = ports
    this.#memory = new LiveTokens(ports.maxTokens)
  }

  /** The memory that may be asked while `isReady` is true, and not after an await. */
  get memory(): LiveTokens {
    return this.#memory
  }

  get position(): LogPosition {
    return this.#position
  }

  /** Returns whether the node holds a lease right now. */
  isReady(): boolean {
    return this.#lease !== null && holdsLease(this.#lease, this.#ports.clock)
  }

  /**
   * Sets the function that gets every entry as it is applied, before the writer of the entry is answered. It gets null
   * if the log was replaced by another one; then everything that was accepted has to be checked again. It must not
   * throw.
   */
  onApply(listener: (entry: RevocationEntry | null) => void): void {
    this.#onApply = listener
  }

  /** Begins at the head of the log with an empty memory. */
  async join(): Promise<void> {
    this.#position = await this.#ports.store.logHead()
    await this.renew()
  }

  /**
   * Reads the entries after this node's position and applies them. The new lease counts from before that read.
   *
   * @throws STORE_UNAVAILABLE when the log cannot be read; the old lease runs out by itself.
   */
  renew(): Promise<void> {
    return this.#inOrder(() => this.#readOn())
  }

  /** Applies entries that this process appended; those of others in between are read first. */
  receive(entries: readonly RevocationEntry[]): Promise<void> {
    return this.#inOrder(async () => {
      for (const entry of entries) {
        if (entry.seq <= this.#position.seq) continue
        if (entry.seq > this.#position.seq + 1) await this.#readOn()
        if (entry.seq === this.#position.seq + 1) this.#apply(entry)
      }
    })
  }

  /**
   * Reads a token from the store into memory. If an entry that came during the read covers the token, it reads again.
   *
   * @throws STORE_UNAVAILABLE when the store cannot be read, or changes faster than it can be read.
   */
  async fill(key: TokenKey): Promise<TokenRecord | null> {
    for (let attempt = 0; attempt < fillAttempts; attempt += 1) {
      const began = { generation: this.#generation, seq: this.#position.seq }
      const record = await this.#ports.store.token(key)
      if (record === null) return null
      if (this.#isCurrent(record, began)) {
        this.#memory.add(record)
        return record
      }
    }
    throw new Refusal('STORE_UNAVAILABLE', { detail: 'a token was covered at every read', retryAfterSeconds: 1 })
  }

  #isCurrent(record: TokenRecord, began: { generation: number; seq: number }): boolean {
    if (began.generation !== this.#generation) return false
    const since = this.#position.seq - began.seq
    if (since === 0) return true
    if (since > this.#recent.length) return false
    return !this.#recent.slice(-since).some((entry) => LiveTokens.isCovered(record, entry))
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const since = readClocks(this.#ports.clock)
      const range = await this.#ports.store.log(this.#position)
      if (range.kind === 'history-changed') {
        await this.#startOver()
        continue
      }
      for (const entry of range.entries) this.#apply(entry)
      this.#lease = { since, lengthMs: this.#ports.leaseMs }
      if (range.entries.length === 0) return
    }
  }

  async #startOver(): Promise<void> {
    this.#lease = null
    this.#generation += 1
    this.#memory = new LiveTokens(this.#ports.maxTokens)
    this.#recent = []
    this.#position = await this.#ports.store.logHead()
    this.#onApply(null)
    this.#ports.log.warn(
      { seq: this.#position.seq },
      'the revocation log is another one than before; memory was dropped',
    )
  }

  #apply(entry: RevocationEntry): void {
    this.#memory.apply(entry)
    this.#onApply(entry)
    this.#position = { seq: entry.seq, tag: entry.tag }
    this.#recent.push(entry)
    if (this.#recent.length > rememberedEntries * 2) this.#recent = this.#recent.slice(-rememberedEntries)
  }

  #inOrder(step: () => Promise<void>): Promise<void> {
    const done = this.#work.then(step)
    this.#work = done.catch(() => undefined)
    return done
  }
}
