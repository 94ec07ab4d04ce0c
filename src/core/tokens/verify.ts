/** Core: decides whether a presented token is accepted; from memory where it can, without a write and without a wait. */

import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import type { Clock, Digests } from '../ports.ts'
import type { RevocationNode } from '../revocation/node.ts'
import type { Principal } from './live-tokens.ts'

/** What verification needs. */
export type VerifyPorts = { readonly clock: Clock; readonly digests: Digests; readonly node: RevocationNode }

/** Reads the row number that a token carries, where it carries one; asked only when memory does not know the token. */
export type RowReader = (token: string) => number | null

/** Longest token that is looked at; everything we issue is far shorter. */
const longestToken = 4_096

/** A token whose account changes, or whose lease ends, between read and answer is read again so often. */
const readAttempts = 3

/**
 * Returns who holds a token, at once when memory knows it, else after one read.
 *
 * @throws TOKEN_INVALID when no such token is known.
 * @throws TOKEN_REVOKED when it, its session, its account's epoch, its membership or its organization ended.
 * @throws TOKEN_EXPIRED when its time, or its session's, is over.
 * @throws STORE_UNAVAILABLE when memory may not be asked and the store cannot be.
 */
export function verifyToken(ports: VerifyPorts, token: string, readRow: RowReader): Principal | Promise<Principal> {
  if (token.length > longestToken) throw new Refusal('TOKEN_INVALID', { detail: 'longer than any token' })
  const digest = ports.digests.sha256(token)
  return findInMemory(ports, digest) ?? findInStore(ports, digest, readRow(token))
}

async function findInStore(ports: VerifyPorts, digest: Uint8Array, row: number | null): Promise<Principal> {
  for (let attempt = 0; attempt < readAttempts; attempt += 1) {
    if (!ports.node.isReady()) await ports.node.renew()
    const found = findInMemory(ports, digest)
    if (found !== null) return found
    const record = await ports.node.fill({ digest, row })
    if (record === null) throw new Refusal('TOKEN_INVALID', { detail: 'no such token is known' })
  }
  const found = findInMemory(ports, digest)
  if (found !== null) return found
  throw new Refusal('STORE_UNAVAILABLE', {
    detail: 'the account changed, or the lease ended, at every read',
    retryAfterSeconds: 1,
  })
}

function findInMemory({ node, clock }: VerifyPorts, digest: Uint8Array): Principal | null {
  if (!node.isReady()) return null
  const found = node.memory.find(digest, nowSeconds(clock))
  if (found === 'unknown' || found === 'stale') return null
  if (found === 'revoked') throw new Refusal('TOKEN_REVOKED')
  if (found === 'expired') throw new Refusal('TOKEN_EXPIRED')
  return found
}

/** Returns the wall clock in whole Unix seconds. */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.wallMs() / 1000)
}

/**
 * Tells whether an accepted token may be spent at a dialect: at its own, and a user's token also at `control`. Never: an
 * administrator's sftpgo token, an organization's own token, anything got with an application password, elsewhere.
 */
export function mayBeSpentAt(principal: Principal, dialect: Dialect): boolean {
  const { session, account } = principal
  if (session.dialect === dialect) return true
  if (dialect !== 'control' || session.isApplicationPassword || account.kind === 'organization') return false
  return !(session.dialect === 'sftpgo' && account.role === 'admin')
}
