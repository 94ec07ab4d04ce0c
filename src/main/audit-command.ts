/** Main: the audit trail for the command line. The stored public key is never trusted by itself. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AuditHead } from '../core/audit/event.ts'
import { type TrailKey, type TrailReport, verifyTrail } from '../core/audit/verify-trail.ts'
import { isRefusal } from '../core/errors.ts'
import { sealVerifier } from '../platform/audit-key.ts'
import { publicKeyOf } from './authority-keys.ts'
import type { StoreAccess } from './store-access.ts'

export type { AuditHead, TrailReport }

/** Most characters of a public key file; a PEM has 113. */
const mostKeyCharacters = 10_000

/** Verifies the trail of a store. @param key `of the store`: its own key, opened with the master key. */
export async function proveTrail(
  { ports, isOwnHead }: Pick<StoreAccess, 'ports' | 'isOwnHead'>,
  { seen, key }: { readonly seen: readonly AuditHead[]; readonly key: TrailKey | 'of the store' },
): Promise<TrailReport> {
  const trusted = key === 'of the store' ? await storedTrailKey(ports) : key
  return verifyTrail({ digests: ports.digests, store: ports.store, isOwnHead }, { key: trusted, seen })
}

/** Verifies a chain of a store, and returns which events are proven; none if the key is not that of the store. */
export async function provenEvents(
  storeAccess: Pick<StoreAccess, 'ports' | 'isOwnHead'>,
  chain: string,
): Promise<(seq: number) => boolean> {
  const { chains } = await proveTrail(storeAccess, { seen: [], key: 'of the store' })
  const report = chains.find((one) => one.chain === chain)
  const doubtful = report?.doubtful ?? []
  return (seq) => seq <= (report?.provenSeq ?? 0) && !doubtful.some(({ from, to }) => from <= seq && seq <= to)
}

/** Returns the key of a store, derived from the sealed private key: the stored public key may be forged. */
export async function storedTrailKey(ports: StoreAccess['ports']): Promise<TrailKey> {
  try {
    const pem = await publicKeyOf(ports, 'audit')
    return pem === null ? null : sealVerifier(createPublicKey(pem))
  } catch (cause) {
    if (isRefusal(cause, 'INTERNAL')) return 'foreign'
    throw cause
  }
}

/** Returns the public key of a store; null: nothing was signed yet. @throws INTERNAL when the master key does not open it. */
export async function auditKey(
  ports: StoreAccess['ports'],
): Promise<{ readonly fingerprint: string; readonly publicKeyPem: string } | null> {
  const pem = await publicKeyOf(ports, 'audit')
  return pem === null ? null : { publicKeyPem: pem, fingerprint: sealVerifier(createPublicKey(pem)).keyId }
}

/** Reads a public key: PEM, base64 of its DER, or the path of a file with either; null: it is none of these. */
export async function readAuditKey(text: string): Promise<TrailKey> {
  const key = parseKey(text) ?? parseKey(await readIfExists(text))
  return key === null ? null : sealVerifier(key)
}

function parseKey(text: string): KeyObject | null {
  const trimmed = text.trim()
  const isPem = trimmed.startsWith('-----BEGIN PUBLIC KEY-----')
  try {
    const key = isPem
      ? createPublicKey(trimmed)
      : createPublicKey({ key: Buffer.from(trimmed, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    // Any error of the parser means that it is no key.
    return null
  }
}

async function readIfExists(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).slice(0, mostKeyCharacters)
  } catch {
    return ''
  }
}
