/** Core: proves an audit chain; every event is hashed again from the first one on, in pages, and held against the head's row. */

import { toHex } from '../revocation/log.ts'
import type { AuditHead } from '../store.ts'
import type { Ports } from '../wiring.ts'
import { chainInput, chainStart } from './event.ts'

/** Events that are read at once. */
const pageLength = 1_000

/** Where a chain fails, and how. `seq` is the first number that does not hold. */
export type ChainFault = {
  readonly chain: string
  readonly seq: number
  readonly kind:
    | 'missing' // an event with this number is not there
    | 'altered' // its hash is not that of the event before it and its text
    | 'head-missing' // the chain has events and no head
    | 'head-behind' // the head names an event before this one, which is there
    | 'head-differs' // the head has another hash than the event it names
    | 'unlike-seen' // a head that was seen is not in the chain: it was rolled back, or replaced
}

/** A chain that was read to its end. */
export type ChainReport = { readonly chain: string; readonly head: AuditHead | null; readonly fault: ChainFault | null }

type ChainPorts = Pick<Ports, 'digests'> & { readonly store: Pick<Ports['store'], 'auditEvents' | 'auditHeads'> }

/**
 * Reads a chain from its first event to its last and returns what it proves; other processes may append meanwhile.
 *
 * @param seen Heads that were told earlier; those of other chains are left alone.
 */
export async function verifyChain(ports: ChainPorts, chain: string, seen: readonly AuditHead[]): Promise<ChainReport> {
  const ours = seen.filter((head) => head.chain === chain)
  let last: AuditHead = { chain, seq: 0, hash: chainStart }
  let dueSeq = 0
  for (;;) {
    const walked = await walk(ports, last, ours)
    if (walked.kind === 'fault') return { chain, head: null, fault: walked.fault }
    last = walked.last
    if (last.seq < dueSeq) return { chain, head: null, fault: { chain, seq: last.seq + 1, kind: 'missing' } }
    const head = await headOf(ports, chain)
    if (head === null || head.seq <= last.seq) {
      const fault = judgeHead(last, head) ?? unseen(last, ours)
      return { chain, head: fault === null && last.seq > 0 ? last : null, fault }
    }
    // The head may have moved on after the events were read; those up to it must be there now.
    dueSeq = head.seq
  }
}

type Walk = { readonly kind: 'end'; readonly last: AuditHead } | { readonly kind: 'fault'; readonly fault: ChainFault }

async function walk(ports: ChainPorts, from: AuditHead, seen: readonly AuditHead[]): Promise<Walk> {
  const { chain } = from
  let last = from
  for (;;) {
    const events = await ports.store.auditEvents(chain, { afterSeq: last.seq, limit: pageLength })
    for (const { seq, text, hash } of events) {
      const due = last.seq + 1
      if (seq !== due) return { kind: 'fault', fault: { chain, seq: due, kind: 'missing' } }
      if (toHex(ports.digests.sha256(chainInput(last.hash, text))) !== hash) {
        return { kind: 'fault', fault: { chain, seq, kind: 'altered' } }
      }
      if (seen.some((head) => head.seq === seq && head.hash !== hash)) {
        return { kind: 'fault', fault: { chain, seq, kind: 'unlike-seen' } }
      }
      last = { chain, seq, hash }
    }
    if (events.length === 0) return { kind: 'end', last }
  }
}

async function headOf(ports: ChainPorts, chain: string): Promise<AuditHead | null> {
  const heads = await ports.store.auditHeads()
  return heads.find((head) => head.chain === chain) ?? null
}

function judgeHead(last: AuditHead, head: AuditHead | null): ChainFault | null {
  const { chain, seq } = last
  if (head === null) return seq === 0 ? null : { chain, seq, kind: 'head-missing' }
  if (head.seq < seq) return { chain, seq: head.seq + 1, kind: 'head-behind' }
  return head.hash === last.hash ? null : { chain, seq, kind: 'head-differs' }
}

/** A seen head beyond the end was rolled back; one at 0 was never told by anybody. */
function unseen(last: AuditHead, seen: readonly AuditHead[]): ChainFault | null {
  const lost = seen.find((head) => head.seq > last.seq || head.seq < 1)
  return lost === undefined ? null : { chain: last.chain, seq: lost.seq, kind: 'unlike-seen' }
}
