/** Core: bearer credentials. Each is a session without an end of its own; it ends with its account, organization or membership. */

import type { Account } from '../accounts/account.ts'
import type { RequestFacts } from '../audit/act.ts'
import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import { nowSeconds } from '../ports.ts'
import type { NewSession } from '../sessions/commands.ts'
import type { Principal } from '../sessions/principal.ts'
import { type ClientFacts, endOfBegun } from '../sessions/session.ts'
import type { TokenRow } from '../sessions/token.ts'
import type { Ports } from '../wiring.ts'
import { addCredential } from './administer.ts'
import type { Credential } from './credential.ts'

/** Most bearer credentials of one account, and of one organization. */
const mostPerHolder = 100

/** The input for a bearer credential. */
export type BearerInput = {
  readonly kind: 'access-token' | 'organization-token'
  readonly dialect: Dialect
  readonly name: string
  readonly description: string
  /** Its scope; an organization's token belongs to the organization. */
  readonly organizationId: string
  /** In the form of the dialect; only its digest is stored. */
  readonly secret: string
}

/** The creator and the request. */
export type BearerMaker = {
  readonly principal: Principal
  readonly request: RequestFacts
  readonly client: ClientFacts
}

/**
 * Creates a bearer credential without an end of its own.
 *
 * It never counts as proof of a second factor, and only a person who signed in can create one. Otherwise a credential
 * could live on in another one after it was revoked (our choice).
 *
 * @throws CREDENTIAL_DENIED for a session that a credential started, and for one with a shorter life.
 * @throws NOT_A_MEMBER if the creator is not in the organization, or it is gone.
 * @throws STATE_CHANGED if something changed meanwhile, or the limit is reached.
 */
export async function addBearerCredential(ports: Ports, input: BearerInput, maker: BearerMaker): Promise<Credential> {
  const { account, session } = maker.principal
  await refuseProgram(ports, maker.principal)
  const memberships = await ports.store.memberships(account.id)
  if (!memberships.some(({ organization }) => organization.id === input.organizationId))
    throw new Refusal('NOT_A_MEMBER')
  const holder = input.kind === 'access-token' ? account : await organizationAccount(ports, input.organizationId)
  const held = await ports.store.credentials({ kind: input.kind, accountId: holder.id })
  if (held.length >= mostPerHolder) {
    throw new Refusal('STATE_CHANGED', { message: `There are ${mostPerHolder} credentials already; remove one first.` })
  }
  const { secret, ...said } = input
  const id = ports.random.uuid()
  const rows = bearerRows(ports, { id, holder, input, maker })
  return addCredential(
    ports,
    {
      ...said,
      id,
      accountId: holder.id,
      role: null,
      secretDigest: ports.digests.sha256(secret),
      sessionRow: rows.session.row,
      expiresAtMs: null,
      bearer: { ...rows, creator: { accountId: account.id, sessionRow: session.row } },
      seen: { epoch: holder.epoch, passwordHash: holder.passwordHash },
    },
    { by: account, request: maker.request },
  )
}

async function refuseProgram(ports: Ports, { account, session }: Principal): Promise<void> {
  const isShort = endOfBegun(session, ports.settings.life[session.dialect]) !== null
  const kept = await ports.store.sessionById(session.id)
  const isByCredential = session.isApplicationPassword || (kept !== null && kept.credentialId !== null)
  if (account.kind === 'organization' || isShort || isByCredential) throw new Refusal('CREDENTIAL_DENIED')
}

async function organizationAccount(ports: Ports, organizationId: string): Promise<Account> {
  const opened = await ports.store.execute('openOrganizationAccount', {
    organizationId,
    uuid: ports.random.uuid(),
    epoch: ports.random.uuid(),
    nowMs: ports.clock.wallMs(),
  })
  const account = opened.kind === 'opened' ? await ports.store.accountById(opened.accountId) : null
  if (account === null) throw new Refusal('NOT_A_MEMBER', { detail: 'the organization was removed meanwhile' })
  return account
}

type BearerParts = {
  readonly id: string
  readonly holder: Account
  readonly input: BearerInput
  readonly maker: BearerMaker
}

function bearerRows(
  ports: Pick<Ports, 'clock' | 'digests' | 'random' | 'store'>,
  { id, holder, input, maker }: BearerParts,
): { readonly session: NewSession; readonly token: TokenRow } {
  const now = nowSeconds(ports.clock)
  const session: NewSession = {
    row: ports.store.nextRow('session'),
    id: ports.random.uuid(),
    accountId: holder.id,
    epoch: holder.epoch,
    dialect: input.dialect,
    organizationId: input.organizationId,
    ...maker.client,
    createdAt: now,
    idleSeconds: null,
    expiresAt: null,
    proof: 'password',
    authenticatedAt: maker.principal.session.authenticatedAt,
    isApplicationPassword: false,
    credentialId: id,
  }
  const token: TokenRow = {
    row: ports.store.nextRow('token'),
    sessionRow: session.row,
    accessDigest: ports.digests.sha256(input.secret),
    isIndexed: true,
    issuedAt: now,
    expiresAt: null,
    boundIp: null,
    refreshDigest: null,
    refreshExpiresAt: null,
  }
  return { session, token }
}
