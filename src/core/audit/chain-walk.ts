/** Core: walks an audit chain once from its first event on, hashes every event again, and stops at each requested event. */
import { toHex } from '../revocation/log.ts'
import type { Ports } from '../wiring.ts'
import { type AuditHead, type ChainedEvent, chainInput, chainStart } from './event.ts'

/** Events of one read. */
const pageLength = 1_000

/** The ports of a walk. */
export type WalkPorts = Pick<Ports, 'digests'> & { readonly store: Pick<Ports['store'], 'auditEvents'> }

/** The kind of break in a chain, and its place: `seq` is the first wrong number. */
export type WalkFault = {
  readonly chain: string
  readonly seq: number
  readonly kind:
    | 'missing' // an event with this number is missing
    | 'altered' // its hash does not follow from the event before it and its text
    | 'unlike-seen' // another event than this one was seen: the trail was rolled back or replaced
}

/** Called with every event. */
export type EventVisitor = (event: ChainedEvent) => void

/** A walk through one chain, including events that other processes append meanwhile. */
export class ChainWalk {
  readonly #ports: WalkPorts
  readonly #seen: readonly AuditHead[]
  readonly #onEvent: EventVisitor
  #page: readonly ChainedEvent[] = []
  #next = 0
  #last: AuditHead
  #fault: WalkFault | null = null

  /** @param seen Heads of this chain that were stored elsewhere. */
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

  /** The last event of the walk; before the first one, number 0 and the start of every chain. */
  get last(): AuditHead {
    return this.#last
  }

  /** The first fault; the walk ends there. */
  get fault(): WalkFault | null {
    return this.#fault
  }

  /** Seen heads that the walk did not reach, because the chain ends before them; no head is at 0. */
  get unmet(): readonly AuditHead[] {
    return this.#seen.filter(({ seq }) => seq > this.#last.seq || seq < 1)
  }

  /** Walks to the event `seq`, to the end of the chain, or to the first fault. */
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
