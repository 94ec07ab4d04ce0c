/** Main: opens what signs the audit trail, for a server from its start, for a command before it exits. */
import type { KeyObject } from 'node:crypto'
import type { RequestFacts } from '../core/audit/act.ts'
import { nextSeal, TrailSigner } from '../core/audit/trail-signer.ts'
import { isRefusal } from '../core/errors.ts'
import type { Job } from '../core/upkeep.ts'
import { sealSigner } from '../platform/audit-key.ts'
import { loadAuthorityKey } from './authority-keys.ts'
import type { StoreAccess } from './store-access.ts'

/** Events that are read at once. */
const pageLength = 1_000

/** The subject of the event that tells that the key was made. */
const keySubject = 'authority-key:audit'

/** Whose the trail is that is signed. */
export type TrailUse = { readonly chain: 'server' | 'command'; readonly request: RequestFacts }

/**
 * Returns what signs; the key is made where there is none, with a first seal over what was there before it.
 *
 * A key that the trail or a seal tells of and that is gone was taken away: the trail says so from then on.
 *
 * @throws INTERNAL when the key was sealed with another master key.
 */
export async function openTrailSigner(storeAccess: StoreAccess, { chain, request }: TrailUse): Promise<TrailSigner> {
  const { ports, store } = storeAccess
  const isFirst = (await store.authorityKey('audit')) === null
  const wasTaken = isFirst && (await hasKeyEvent(storeAccess))
  const firstSeal = async (privateKey: KeyObject) => {
    const [last, heads] = [await store.lastAuditSeal(), await store.auditHeads()]
    return nextSeal(ports, sealSigner(privateKey), { last, heads })
  }
  const { privateKey } = await loadAuthorityKey(ports, 'audit', { request, firstSeal })
  const signer = new TrailSigner({ ...ports, isOwnHead: storeAccess.isOwnHead }, sealSigner(privateKey), chain)
  if (wasTaken) await signer.tell({ kind: 'key-missing' })
  return signer
}

/** Starts to sign for a server: at once, then whenever it is due; the returned signer is closed with the server. */
export async function startTrailSigner(storeAccess: StoreAccess): Promise<TrailSigner> {
  const request: RequestFacts = { by: 'server', ip: null, requestId: null, activity: null, commandLine: null }
  const { store, ports } = storeAccess
  const signer = await openTrailSigner(storeAccess, { chain: 'server', request })
  await logStoreFaults(ports.log, () => signer.start())
  store.onAudited(({ seq, isBroken }) => {
    if (isBroken) ports.log.error({ seq }, 'audit-broken: the head of the chain was written by somebody else')
    signer.noteHead(seq)
  })
  return signer
}

/** Returns the job that signs what the writer's own count does not make due. */
export function trailJob(signer: TrailSigner): Job {
  return { name: 'sign the audit trail', everyMs: 60_000, run: () => signer.sign() }
}

/** Signs for the last time; a store that takes nothing any more keeps no process from ending. */
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
