/** sftpgo: turns an API key into a principal for one request; no session is begun, so nothing of it is there to be ended. */

import type { FastifyRequest } from 'fastify'
import { type Account, isAccountLive } from '../../../core/accounts/account.ts'
import { type Credential, isCredentialLive } from '../../../core/credentials/credential.ts'
import { touchCredential } from '../../../core/credentials/touch.ts'
import { Refusal } from '../../../core/errors.ts'
import { nowSeconds } from '../../../core/ports.ts'
import type { Principal } from '../../../core/sessions/principal.ts'
import type { Ports } from '../../../core/wiring.ts'
import { oneHeader } from '../../steps/describe-request.ts'
import type { Realm } from './realms.ts'
import { admitsApiKey, callerOf } from './restrictions.ts'

/** Requests that came with an API key. */
const keyed = new WeakSet<FastifyRequest>()

/** Returns whether a request was authenticated by an API key. */
export function cameByApiKey(request: FastifyRequest): boolean {
  return keyed.has(request)
}

/** Returns the API key of a request; null if there is none, or an empty one. */
export function readApiKey(request: FastifyRequest): string | null {
  return oneHeader(request, 'x-sftpgo-api-key') || null
}

/** An API key as it is sent: `<id>.<secret>[.<username>]`; the name may hold dots. */
type PresentedKey = { readonly id: string; readonly secret: string; readonly username: string }

/**
 * Returns the principal that an API key stands for.
 *
 * @throws API_KEY_INVALID for a malformed or unknown key; API_KEY_WRONG_SCOPE for one of the other realm.
 * @throws API_KEY_REFUSED for a wrong secret, an expired key, or an account that may not be used this way.
 */
export async function principalOfApiKey(
  ports: Ports,
  { key, realm, request }: { readonly key: string; readonly realm: Realm; readonly request: FastifyRequest },
): Promise<Principal> {
  const presented = parseKey(key)
  const credential = await ports.store.credentialById(presented.id)
  if (credential === null || credential.kind !== 'api-key' || credential.dialect !== 'sftpgo') throw invalidKey()
  if (credential.role !== realm.role) {
    throw new Refusal('API_KEY_WRONG_SCOPE', { message: 'the provided api key is invalid for this request' })
  }
  const isRight = ports.digests.equal(ports.digests.sha256(presented.secret), credential.secretDigest)
  if (!isRight || !isCredentialLive(credential, ports.clock.wallMs())) {
    throw new Refusal('API_KEY_REFUSED', { message: 'the provided api key cannot be authenticated' })
  }
  const account = await findHolder(ports, { credential, username: presented.username, realm })
  const nowMs = ports.clock.wallMs()
  const isReachable =
    account !== null &&
    isAccountLive(account, nowSeconds(ports.clock)) &&
    admitsApiKey(account, callerOf(request), nowMs)
  if (!isReachable) {
    throw new Refusal('API_KEY_REFUSED', {
      message: `the ${realm.role} associated with the provided api key cannot be authenticated`,
    })
  }
  await touchCredential(ports, credential, account.id)
  keyed.add(request)
  return stateless(account, nowSeconds(ports.clock))
}

function parseKey(key: string): PresentedKey {
  const [id = '', secret, ...name] = key.split('.')
  if (secret === undefined) throw invalidKey()
  return { id, secret, username: name.join('.').trim() }
}

function invalidKey(): Refusal {
  return new Refusal('API_KEY_INVALID', { message: 'the provided api key is not valid' })
}

function findHolder(
  ports: Ports,
  of: { readonly credential: Credential; readonly username: string; readonly realm: Realm },
): Promise<Account | null> {
  const { accountId } = of.credential
  return accountId === null ? ports.store.accountByName(of.username, of.realm.role) : ports.store.accountById(accountId)
}

/** Row 0 is no session's and no token's. */
function stateless(account: Account, now: number): Principal {
  return {
    account,
    session: {
      row: 0,
      id: '',
      dialect: 'sftpgo',
      createdAt: now,
      expiresAt: null,
      proof: 'password',
      authenticatedAt: now,
      isApplicationPassword: true,
      isByCredential: true,
    },
    organizationId: null,
    tokenRow: 0,
    tokenExpiresAt: null,
    boundIp: null,
  }
}
