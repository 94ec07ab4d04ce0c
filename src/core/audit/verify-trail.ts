/** Core: verifies the audit trail. It hashes every event and checks every seal again, in pages, from the first one on. */
import { toHex } from '../revocation/log.ts'
import type { Reads } from '../store.ts'
import type { Ports } from '../wiring.ts'
import { ChainWalk, type WalkFault } from './chain-walk.ts'
import { type AuditHead, type ChainedEvent, chainStart, type KeptHead } from './event.ts'
import { type AuditSeal, readSeal, type SealClaims, type SealVerifier, sealLink } from './seal.ts'

/** Seals of one read. */
const pageLength = 500

/** The source of verification: a store or an export. */
export type TrailSource = Pick<Reads, 'auditEvents' | 'auditHeads' | 'auditSeals'>

/** The ports of verification. */
export type VerifyPorts = Pick<Ports, 'digests'> & {
  readonly store: TrailSource
  /** Returns whether a head was written with the master key; null: not known here. */
  readonly isOwnHead: ((head: KeptHead) => boolean) | null
}

/** The key of the seals; `foreign`: the stored one does not open with the master key; null: there is none. */
export type TrailKey = SealVerifier | 'foreign' | null

/** How a chain fails, and its place: `seq` is the first wrong or unreliable number. */
export type ChainFault =
  | WalkFault
  | {
      readonly chain: string
      readonly seq: number
      readonly kind:
        | 'head-missing' // the chain has events and no head
        | 'head-behind' // the head names an earlier event than the last one
        | 'head-differs' // the head has another hash than its event
        | 'unlike-signed' // the signed chain is different after the event before this one
        | 'gone' // the chain was signed, and is missing
        | 'foreign-head' // from here on it was written without the master key
        | 'signed-anew' // the trail mentions a key from before the first signature
        | 'told-broken' // this event says that the trail was found broken
    }

/** A range of event numbers, both ends included. */
export type EventRange = { readonly from: number; readonly to: number }

/** How the seals fail, and their place: `seal` is the first wrong number. */
export type SealFault =
  | { readonly kind: 'no-key' | 'foreign-key' | 'no-seals' }
  | {
      readonly seal: number
      readonly kind:
        | 'seal-missing' // a seal with this number is missing
        | 'seal-forged' // it was not made with the key
        | 'seal-unlinked' // it names another previous seal
        | 'seal-backwards' // it covers fewer events than the one before it
    }

/** The result for a chain. */
export type ChainReport = {
  readonly chain: string
  /** Its newest event; null: it is empty or broken. */
  readonly head: AuditHead | null
  /** Number of the newest event under a seal. */
  readonly signedSeq: number
  /** Number of the newest event before the first seal. */
  readonly beforeSigningSeq: number
  /** Number of the newest reliable event: under a seal, or under a head of ours after it. */
  readonly provenSeq: number
  /** Events up to this number are unreliable anyway: the trail was found broken after them. */
  readonly doubtful: readonly EventRange[]
  readonly fault: ChainFault | null
}

/** The result for the seals. */
export type SealReport = {
  /** Seals before the first fault. */
  readonly count: number
  /** ISO 8601; null: there is none. */
  readonly lastAt: string | null
  readonly keyId: string | null
  readonly fault: SealFault | null
}

/** The result for a trail. */
export type TrailReport = { readonly chains: readonly ChainReport[]; readonly seals: SealReport }

/** What a trail is checked with: the key, and heads that were stored elsewhere. */
export type TrailTrust = { readonly key: TrailKey; readonly seen: readonly AuditHead[] }

/** The audit chains that processes of this version write. */
const knownChains: readonly string[] = ['command', 'server']

/** Verifies the trail from its first event to its last; other processes may append meanwhile. */
export async function verifyTrail(ports: VerifyPorts, trust: TrailTrust): Promise<TrailReport> {
  const proof = new TrailProof(ports, trust)
  const seals = await proof.checkSeals()
  return { chains: await proof.checkChains(), seals }
}

/** The verification of one chain. */
class ProvenChain {
  readonly walk: ChainWalk
  /** The first fault that the walk itself does not find. */
  fault: ChainFault | null = null
  /** The first event that reports a break. */
  reported: ChainFault | null = null
  readonly doubtful: EventRange[] = []
  /** The newest event under a seal. */
  signed: AuditHead
  beforeSigningSeq = 0

  constructor(ports: VerifyPorts, chain: string, seen: readonly AuditHead[]) {
    this.signed = { chain, seq: 0, hash: chainStart }
    this.walk = new ChainWalk(ports, chain, { seen, onEvent: (event) => this.#look(event) })
  }

  /** The first wrong number of both. */
  get ownFault(): ChainFault | null {
    return earlier(this.fault, this.walk.fault)
  }

  /** Walks to a head that a seal names. */
  async meet(head: AuditHead): Promise<void> {
    await this.walk.to(head.seq)
    const { last, fault } = this.walk
    if (this.ownFault !== null && this.ownFault.kind !== 'signed-anew') return
    if (last.seq === head.seq && last.hash === head.hash) this.signed = head
    else if (fault === null) this.fault = earlier(this.fault, this.#unlike(head))
  }

  #unlike({ chain, seq }: AuditHead): ChainFault {
    const { last } = this.walk
    if (last.seq === 0) return { chain, seq: 1, kind: 'gone' }
    if (last.seq < seq) return { chain, seq: last.seq + 1, kind: 'missing' }
    return { chain, seq: this.signed.seq + 1, kind: 'unlike-signed' }
  }

  #look({ chain, seq, text }: ChainedEvent): void {
    const hasKeyEvent = seq <= this.beforeSigningSeq && text.includes('"authority-key:audit"')
    if (hasKeyEvent && hasAction(text, 'authority-key')) this.fault ??= { chain, seq, kind: 'signed-anew' }
    if (text.includes('"audit-broken"') && hasAction(text, 'audit-broken')) {
      this.reported ??= { chain, seq, kind: 'told-broken' }
      this.doubtful.push({ from: this.signed.seq + 1, to: seq - 1 })
    }
  }
}

class TrailProof {
  readonly #ports: VerifyPorts
  readonly #trust: TrailTrust
  readonly #chains = new Map<string, ProvenChain>()

  constructor(ports: VerifyPorts, trust: TrailTrust) {
    this.#ports = ports
    this.#trust = trust
  }

  async checkSeals(): Promise<SealReport> {
    const { key } = this.#trust
    const none = { count: 0, lastAt: null, keyId: null }
    if (key === null) return { ...none, fault: (await this.#isEmpty()) ? null : { kind: 'no-key' } }
    if (key === 'foreign') return { ...none, fault: { kind: 'foreign-key' } }
    let last: CheckedSeal | null = null
    for await (const seal of everySeal(this.#ports.store)) {
      const checked: CheckedSeal | SealFault = this.#checkSeal(seal, { last, key })
      if ('kind' in checked) return { ...reportOf(last, key), fault: checked }
      if (last === null) for (const { chain, seq } of checked.claims.heads) this.#chain(chain).beforeSigningSeq = seq
      for (const head of checked.claims.heads) await this.#chain(head.chain).meet(head)
      last = checked
    }
    return { ...reportOf(last, key), fault: last === null ? { kind: 'no-seals' } : null }
  }

  async checkChains(): Promise<readonly ChainReport[]> {
    const heads = await this.#ports.store.auditHeads()
    const names = [knownChains, heads.map(({ chain }) => chain), this.#trust.seen.map(({ chain }) => chain)].flat()
    for (const chain of names) this.#chain(chain)
    const reports: ChainReport[] = []
    for (const chain of [...this.#chains.keys()].sort()) reports.push(await this.#finish(chain))
    return reports
  }

  #checkSeal(
    seal: AuditSeal,
    { last, key }: { readonly last: CheckedSeal | null; readonly key: SealVerifier },
  ): CheckedSeal | SealFault {
    const due = (last?.seal.seq ?? 0) + 1
    if (seal.seq !== due) return { seal: due, kind: 'seal-missing' }
    const claims = readSeal(seal.text)
    if (claims?.seq !== due || claims.keyId !== key.keyId || !key.verify(seal.text, seal.signature)) {
      return { seal: due, kind: 'seal-forged' }
    }
    const before = last === null ? chainStart : toHex(this.#ports.digests.sha256(sealLink(last.seal)))
    if (claims.previous !== before) return { seal: due, kind: 'seal-unlinked' }
    const names = last?.claims.heads ?? []
    const isForward = names.every(({ chain, seq }) => claims.heads.some((one) => one.chain === chain && one.seq >= seq))
    return isForward ? { seal, claims } : { seal: due, kind: 'seal-backwards' }
  }

  async #finish(chain: string): Promise<ChainReport> {
    const proven = this.#chain(chain)
    const head = await this.#walkToEnd(proven, chain)
    const { last } = proven.walk
    const { signed, beforeSigningSeq, ownFault, reported, doubtful } = proven
    const isOwn = head !== null && last.seq > signed.seq && this.#ports.isOwnHead?.(head) === true
    const isForeign = last.seq > signed.seq && this.#ports.isOwnHead !== null && !isOwn
    const hasSeals = this.#trust.key !== null && this.#trust.key !== 'foreign'
    const foreign: ChainFault | null =
      isForeign && hasSeals ? { chain, seq: signed.seq + 1, kind: 'foreign-head' } : null
    const fault = ownFault ?? foreign
    return {
      chain,
      head: fault === null && last.seq > 0 ? last : null,
      signedSeq: signed.seq,
      beforeSigningSeq,
      provenSeq: fault === null ? (isOwn ? last.seq : signed.seq) : Math.min(signed.seq, fault.seq - 1),
      doubtful,
      fault: earlier(reported, fault),
    }
  }

  /** Returns the row of the head at the end of the chain. */
  async #walkToEnd(proven: ProvenChain, chain: string): Promise<KeptHead | null> {
    let dueSeq = 0
    for (;;) {
      await proven.walk.to(Number.POSITIVE_INFINITY)
      const { last, fault, unmet } = proven.walk
      if (fault !== null) return null
      if (last.seq < dueSeq) {
        proven.fault ??= { chain, seq: last.seq + 1, kind: 'missing' }
        return null
      }
      const head = (await this.#ports.store.auditHeads()).find((one) => one.chain === chain) ?? null
      if (head === null || head.seq <= last.seq) {
        proven.fault ??= judgeHead(last, head) ?? judgeUnmet(last, unmet)
        return head
      }
      // The head may have moved after the events were read; its events must exist now.
      dueSeq = head.seq
    }
  }

  #chain(name: string): ProvenChain {
    const known = this.#chains.get(name)
    if (known !== undefined) return known
    const chain = new ProvenChain(this.#ports, name, this.#trust.seen)
    this.#chains.set(name, chain)
    return chain
  }

  async #isEmpty(): Promise<boolean> {
    const { store } = this.#ports
    return (await store.auditHeads()).length === 0 && (await store.auditSeals({ afterSeq: 0, limit: 1 })).length === 0
  }
}

function earlier(one: ChainFault | null, other: ChainFault | null): ChainFault | null {
  if (one === null || other === null) return one ?? other
  return other.seq < one.seq ? other : one
}

type CheckedSeal = { readonly seal: AuditSeal; readonly claims: SealClaims }

function reportOf(last: CheckedSeal | null, key: SealVerifier): Omit<SealReport, 'fault'> {
  return { count: last?.seal.seq ?? 0, lastAt: last?.claims.at ?? null, keyId: key.keyId }
}

async function* everySeal(store: TrailSource): AsyncGenerator<AuditSeal> {
  let afterSeq = 0
  for (;;) {
    const seals = await store.auditSeals({ afterSeq, limit: pageLength })
    yield* seals
    const last = seals.at(-1)
    if (last === undefined) return
    afterSeq = last.seq
  }
}

function judgeHead(last: AuditHead, head: AuditHead | null): ChainFault | null {
  const { chain, seq } = last
  if (head === null) return seq === 0 ? null : { chain, seq, kind: 'head-missing' }
  if (head.seq < seq) return { chain, seq: head.seq + 1, kind: 'head-behind' }
  return head.hash === last.hash ? null : { chain, seq, kind: 'head-differs' }
}

function judgeUnmet({ chain, seq }: AuditHead, unmet: readonly AuditHead[]): ChainFault | null {
  const [lost] = unmet
  return lost === undefined ? null : { chain, seq: lost.seq > seq ? lost.seq : seq, kind: 'unlike-seen' }
}

function hasAction(text: string, action: string): boolean {
  try {
    const event: unknown = JSON.parse(text)
    return typeof event === 'object' && event !== null && 'action' in event && event.action === action
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
