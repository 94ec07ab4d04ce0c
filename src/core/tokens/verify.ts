/** Core: decides whether a presented token is accepted: from memory if possible, without a write and without a wait. */

import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import type { RevocationNode } from '../memory/node.ts'
import { type Clock, type Digests, nowSeconds } from '../ports.ts'
import type { Principal } from '../sessions/principal.ts'

/** The ports of verification. */
export type VerifyPorts = { readonly clock: Clock; readonly digests: Digests; readonly node: RevocationNode }

/** Reads the row number of a token, if it has one; called only if memory does not know the token. */
export type RowReader = (token: string) => number | null

/** Longest accepted token; everything we issue is far shorter. */
const longestToken = 4_096

/** Reads of a token whose account changes, or whose lease ends, between read and answer. */
const readAttempts = 3

/**
 * Returns the holder of a token: at once if memory knows it, else after one read.
 *
 * @throws TOKEN_INVALID if the token is not known.
 * @throws TOKEN_REVOKED if it, its session, its account's epoch, its membership or its organization ended.
 * @throws TOKEN_EXPIRED if it or its session has expired.
 * @throws STORE_UNAVAILABLE if there is no lease and the store cannot be read.
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

/**
 * Returns whether an accepted token may be used at a dialect: at its own, and a user's token also at `control`. An
 * administrator's sftpgo token, an organization's own token, and a token of an application password are valid at their
 * own dialect only.
 */
export function mayBeSpentAt(principal: Principal, dialect: Dialect): boolean {
  const { session, account } = principal
  if (session.dialect === dialect) return true
  if (dialect !== 'control' || session.isApplicationPassword || account.kind === 'organization') return false
  return !(session.dialect === 'sftpgo' && account.role === 'admin')
}
