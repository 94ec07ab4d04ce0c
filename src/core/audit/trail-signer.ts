/** Core: signs the heads of all audit chains. Before each signature it checks that the trail continues from the last one. */
import { toHex } from '../revocation/log.ts'
import type { Ports } from '../wiring.ts'
import { brokenTrail, type TrailBreak } from './broken-trail.ts'
import { type AuditHead, chainInput, chainStart, type KeptHead } from './event.ts'
import { type AuditSeal, readSeal, type SealClaims, type SealSigner, sealLink, sealText } from './seal.ts'

/** Events after which a signature is due at once. */
const mostUnsigned = 1_000

/** Events of one read. */
const pageLength = 500

/** Tries while other processes sign; then the next call continues. */
const mostTries = 10

/** The ports of signing. */
export type TrailPorts = Pick<Ports, 'clock' | 'digests' | 'log'> & {
  readonly store: Pick<Ports['store'], 'auditEvents' | 'auditHeads' | 'lastAuditSeal' | 'execute'>
  /** Returns whether a head was written with the master key. */
  readonly isOwnHead: (head: KeptHead) => boolean
}

/** Returns the seal after `last` over these heads. */
export function nextSeal(
  ports: Pick<TrailPorts, 'clock' | 'digests'>,
  signer: SealSigner,
  what: { readonly last: AuditSeal | null; readonly heads: readonly AuditHead[] },
): AuditSeal {
  const { last, heads } = what
  const seq = (last?.seq ?? 0) + 1
  const previous = last === null ? chainStart : toHex(ports.digests.sha256(sealLink(last)))
  const at = new Date(ports.clock.wallMs()).toISOString()
  const text = sealText({ seq, at, keyId: signer.keyId, previous, heads })
  return { seq, text, signature: signer.sign(text) }
}

/** Signs for one process. At most one signature is under way, and one more waits. */
export class TrailSigner {
  readonly #ports: TrailPorts
  readonly #signer: SealSigner
  /** Number of the newest signed event of our own chain. */
  #signedSeq = 0
  readonly #chain: string
  #running: Promise<void> | null = null
  #waiting: Promise<void> | null = null

  /** @param chain The chain of this process. */
  constructor(ports: TrailPorts, signer: SealSigner, chain: string) {
    this.#ports = ports
    this.#signer = signer
    this.#chain = chain
  }

  /** SHA-256 of the public key (SubjectPublicKeyInfo, DER), hex. */
  get keyId(): string {
    return this.#signer.keyId
  }

  /** Signs if a head has moved since the newest seal. */
  sign(): Promise<void> {
    if (this.#running === null) return this.#run('newest seal')
    this.#waiting ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#waiting = null
        return this.#run('newest seal')
      })
    return this.#waiting
  }

  /** Signs for the first time in this process, after it hashed all events that no seal covers. */
  start(): Promise<void> {
    return this.#run('newest seal and later events')
  }

  /** Notes the head of our chain; a due signature is made in the background. */
  noteHead(seq: number): void {
    if (seq - this.#signedSeq < mostUnsigned || this.#running !== null) return
    this.sign().catch((err: unknown) => this.#ports.log.error({ err }, 'the audit trail could not be signed'))
  }

  #run(checked: Checked): Promise<void> {
    const run = this.#sign(checked).finally(() => {
      if (this.#running === run) this.#running = null
    })
    this.#running = run
    return run
  }

  async #sign(checked: Checked): Promise<void> {
    const { store, log } = this.#ports
    for (let tries = 0; tries < mostTries; tries += 1) {
      const last = await store.lastAuditSeal()
      const found = await findBreak(this.#ports, this.#signer, { last, checked })
      if (found !== null) await this.report(found)
      const heads = await store.auditHeads()
      const claims = last === null ? null : readSeal(last.text)
      const isUnmoved = found === null && claims !== null && !hasMoved(claims, heads)
      const signed = isUnmoved ? null : await store.execute('appendAuditSeal', { seal: this.#next(last, heads) })
      if (signed?.kind === 'raced') continue
      this.#signedSeq = heads.find(({ chain }) => chain === this.#chain)?.seq ?? 0
      return
    }
    log.warn({ tries: mostTries }, 'the audit trail could not be signed, because other processes signed it meanwhile')
  }

  /** Writes to the trail and to the log that the trail is broken. */
  async report(found: TrailBreak): Promise<void> {
    const { store, clock, log } = this.#ports
    log.error(found, 'audit-broken: the audit trail does not continue from its newest seal')
    await store.execute('appendAudit', { events: [brokenTrail(found, clock.wallMs())] })
  }

  #next(last: AuditSeal | null, heads: readonly AuditHead[]): AuditSeal {
    return nextSeal(this.#ports, this.#signer, { last, heads })
  }
}

type Checked = 'newest seal' | 'newest seal and later events'

async function findBreak(
  ports: TrailPorts,
  signer: SealSigner,
  { last, checked }: { readonly last: AuditSeal | null; readonly checked: Checked },
): Promise<TrailBreak | null> {
  if (last === null) return { kind: 'seals-missing' }
  const claims = readSeal(last.text)
  if (claims?.seq !== last.seq || !signer.verify(last.text, last.signature)) {
    return { kind: 'seal-forged', seal: last.seq }
  }
  for (const signed of claims.heads) {
    const [event] = await ports.store.auditEvents(signed.chain, { afterSeq: signed.seq - 1, limit: 1 })
    if (event?.seq !== signed.seq || event.hash !== signed.hash) {
      return { kind: 'unlike-signed', chain: signed.chain, seq: signed.seq }
    }
  }
  return findForeign(ports, claims, checked)
}

/** Events that no seal covers yet must at least have been written with the master key. */
async function findForeign(ports: TrailPorts, claims: SealClaims, checked: Checked): Promise<TrailBreak | null> {
  for (const head of await ports.store.auditHeads()) {
    const { chain, seq } = head
    const signed = claims.heads.find((one) => one.chain === chain) ?? { chain, seq: 0, hash: chainStart }
    const isSigned = seq === signed.seq && head.hash === signed.hash
    if (!isSigned && (seq <= signed.seq || !ports.isOwnHead(head))) return { kind: 'foreign-head', chain, seq }
    const altered = checked === 'newest seal' ? null : await findAltered(ports, { from: signed, to: head })
    if (altered !== null) return { kind: 'altered', chain, seq: altered }
  }
  return null
}

async function findAltered(
  ports: TrailPorts,
  { from, to }: { readonly from: AuditHead; readonly to: AuditHead },
): Promise<number | null> {
  let last = from
  while (last.seq < to.seq) {
    const limit = Math.min(pageLength, to.seq - last.seq)
    const events = await ports.store.auditEvents(to.chain, { afterSeq: last.seq, limit })
    for (const { seq, text, hash } of events) {
      const isNext = seq === last.seq + 1 && hash === toHex(ports.digests.sha256(chainInput(last.hash, text)))
      if (!isNext) return last.seq + 1
      last = { chain: to.chain, seq, hash }
    }
    if (events.length === 0) return last.seq + 1
  }
  return last.hash === to.hash ? null : to.seq
}

function hasMoved(claims: SealClaims, heads: readonly AuditHead[]): boolean {
  if (claims.heads.length !== heads.length) return true
  return heads.some(({ chain, hash }) => claims.heads.find((signed) => signed.chain === chain)?.hash !== hash)
}
