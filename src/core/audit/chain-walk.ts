/** Core: walks an audit chain once from its first event on, hashing every event again, and stops wherever it is asked to. */
import { toHex } from '../revocation/log.ts'
import type { Ports } from '../wiring.ts'
import { type AuditHead, type ChainedEvent, chainInput, chainStart } from './event.ts'

/** Events that are read at once. */
const pageLength = 1_000

/** What a walk reads and hashes with. */
export type WalkPorts = Pick<Ports, 'digests'> & { readonly store: Pick<Ports['store'], 'auditEvents'> }

/** Where a chain does not hold, and how. `seq` is the first number that does not. */
export type WalkFault = {
  readonly chain: string
  readonly seq: number
  readonly kind:
    | 'missing' // an event with this number is not there
    | 'altered' // its hash is not that of the event before it and its text
    | 'unlike-seen' // another event than this one was seen: the trail was rolled back, or replaced
}

/** Who looks at every event on the way. */
export type EventVisitor = (event: ChainedEvent) => void

/** A walk through one chain; what other processes append meanwhile is walked, too. */
export class ChainWalk {
  readonly #ports: WalkPorts
  readonly #seen: readonly AuditHead[]
  readonly #onEvent: EventVisitor
  #page: readonly ChainedEvent[] = []
  #next = 0
  #last: AuditHead
  #fault: WalkFault | null = null

  /** @param seen Heads of this chain that were told earlier. */
  constructor(
    ports: WalkPorts,
    chain: string,
    way: { readonly seen: readonly AuditHead[]; readonly onEvent: EventVisitor },
  ) {
    this.#ports = ports
    this.#seen = way.seen.filter((head) => head.chain === chain)
    this.#onEvent = way.onEvent
    this.#last = { chain, seq: 0, hash: chainStart }
  }

  /** The newest event that was walked; number 0 and the start of every chain before the first one. */
  get last(): AuditHead {
    return this.#last
  }

  /** The first fault that was met; nothing is walked beyond it. */
  get fault(): WalkFault | null {
    return this.#fault
  }

  /** Seen heads that were not met, because the chain ends before them; one at 0 was never told by anybody. */
  get unmet(): readonly AuditHead[] {
    return this.#seen.filter(({ seq }) => seq > this.#last.seq || seq < 1)
  }

  /** Walks on to the event `seq`, to the end of the chain, or to the first fault. */
  async to(seq: number): Promise<void> {
    while (this.#fault === null && this.#last.seq < seq) {
      const event = await this.#take()
      if (event === null) return
      this.#fault = this.#judge(event)
      if (this.#fault !== null) return
      this.#onEvent(event)
      this.#last = { chain: event.chain, seq: event.seq, hash: event.hash }
    }
  }

  async #take(): Promise<ChainedEvent | null> {
    if (this.#next >= this.#page.length) {
      const { chain, seq } = this.#last
      this.#page = await this.#ports.store.auditEvents(chain, { afterSeq: seq, limit: pageLength })
      this.#next = 0
    }
    const event = this.#page[this.#next] ?? null
    this.#next += 1
    return event
  }

  #judge({ chain, seq, text, hash }: ChainedEvent): WalkFault | null {
    const due = this.#last.seq + 1
    if (seq !== due) return { chain, seq: due, kind: 'missing' }
    if (toHex(this.#ports.digests.sha256(chainInput(this.#last.hash, text))) !== hash) {
      return { chain, seq, kind: 'altered' }
    }
    const isUnlike = this.#seen.some((head) => head.seq === seq && head.hash !== hash)
    return isUnlike ? { chain, seq, kind: 'unlike-seen' } : null
  }
}
