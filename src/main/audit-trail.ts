/** Main: signs the audit trail. A server signs from its start on, a command before it exits. */
import type { KeyObject } from 'node:crypto'
import { byServer, type RequestFacts } from '../core/audit/act.ts'
import { nextSeal, TrailSigner } from '../core/audit/trail-signer.ts'
import { isRefusal } from '../core/errors.ts'
import type { Job } from '../core/upkeep.ts'
import { sealSigner } from '../platform/audit-key.ts'
import { loadAuthorityKey } from './authority-keys.ts'
import type { StoreAccess } from './store-access.ts'

/** Events per read. */
const pageLength = 1_000

/** The subject of the event about the creation of the key. */
const keySubject = 'authority-key:audit'

/** The chain of the signer's own events, and their request facts. */
export type TrailUse = { readonly chain: 'server' | 'command'; readonly request: RequestFacts }

/**
 * Returns the signer. Creates a missing key, with a first seal over the existing events.
 *
 * If the trail or a seal names a key that is missing, the key was removed: the signer records that in the trail.
 *
 * @throws INTERNAL when the key was sealed with another master key.
 */
export async function openTrailSigner(storeAccess: StoreAccess, { chain, request }: TrailUse): Promise<TrailSigner> {
  const { ports, store } = storeAccess
  const isFirst = (await store.authorityKey('audit')) === null
  const wasRemoved = isFirst && (await hasKeyEvent(storeAccess))
  const firstSeal = async (privateKey: KeyObject) => {
    const [last, heads] = [await store.lastAuditSeal(), await store.auditHeads()]
    return nextSeal(ports, sealSigner(privateKey), { last, heads })
  }
  const { privateKey } = await loadAuthorityKey(ports, 'audit', { request, firstSeal })
  const signer = new TrailSigner({ ...ports, isOwnHead: storeAccess.isOwnHead }, sealSigner(privateKey), chain)
  if (wasRemoved) await signer.report({ kind: 'key-missing' })
  return signer
}

/** Signs for a server: now, and then whenever a signature is due. */
export async function startTrailSigner(storeAccess: StoreAccess): Promise<TrailSigner> {
  const { store, ports } = storeAccess
  const signer = await openTrailSigner(storeAccess, { chain: 'server', request: byServer })
  await logStoreFaults(ports.log, () => signer.start())
  store.onAudited(({ seq, isBroken }) => {
    if (isBroken) ports.log.error({ seq }, 'audit-broken: the head of the chain was not written by this server')
    signer.noteHead(seq)
  })
  return signer
}

/** Returns the job that signs events that are too few for the writer's own count. */
export function trailJob(signer: TrailSigner): Job {
  return { name: 'sign the audit trail', everyMs: 60_000, run: () => signer.sign() }
}

/** Signs before the process ends. A store that is unavailable does not stop the shutdown. */
export async function signTrail({ ports }: StoreAccess, signer: TrailSigner): Promise<void> {
  await logStoreFaults(ports.log, () => signer.sign())
}

async function logStoreFaults(log: StoreAccess['ports']['log'], work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (!isRefusal(cause, 'STORE_UNAVAILABLE')) throw cause
    log.warn({ err: cause }, 'the audit trail could not be signed')
  }
}

async function hasKeyEvent({ store }: StoreAccess): Promise<boolean> {
  if ((await store.lastAuditSeal()) !== null) return true
  for (const { chain } of await store.auditHeads()) {
    let afterSeq = 0
    for (;;) {
      const events = await store.auditEvents(chain, { afterSeq, limit: pageLength })
      if (events.some(({ text }) => text.includes(`"${keySubject}"`))) return true
      afterSeq = events.at(-1)?.seq ?? afterSeq
      if (events.length === 0) break
    }
  }
  return false
}
