/** koyeb: credentials, bearer tokens of 64 characters that live until they are removed (Credentials API). */

import type { FastifyReply, FastifyRequest } from 'fastify'
import { changeCredential, removeCredential } from '../../../core/credentials/administer.ts'
import { addBearerCredential } from '../../../core/credentials/bearer.ts'
import type { Credential } from '../../../core/credentials/credential.ts'
import { Refusal } from '../../../core/errors.ts'
import type { Principal } from '../../../core/sessions/principal.ts'
import type { Store } from '../../../core/store.ts'
import type { Ports } from '../../../core/wiring.ts'
import { noStore, sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { invalidField } from '../../refusals.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { actorOf, describeClient, describeRequest } from '../../steps/describe-request.ts'
import { collectFaults } from './body.ts'
import {
  decodeCredential,
  decodeCredentialChange,
  decodeCredentialFilter,
  encodeCredential,
  userIdOf,
} from './credential-wire.ts'
import { operations } from './documents.ts'
import { decodePage, pageOf, type Query } from './page.ts'
import { requirePerson } from './require-person.ts'
import { koyebTokens } from './tokens.ts'

const path = '/v1/credentials'

/** Random bytes of a secret; in base64url they give more than the 63 characters that follow the first one. */
const secretBytes = 48
const secretLength = 64

type Named = { Params: { id: string }; Querystring: Query }

/** Registers the routes. */
export function registerCredentials(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = [authenticate(context, koyebTokens), requirePerson]
  app.get<{ Querystring: Query }>(
    path,
    { onRequest, schema: { openapi: operations.ListCredentials } },
    (request, reply) => listCredentials(ports.store, request, reply),
  )
  app.post(path, { onRequest, schema: { openapi: operations.CreateCredential } }, (request, reply) =>
    create(ports, request, reply),
  )
  app.get<Named>(
    `${path}/:id`,
    { onRequest, schema: { openapi: operations.GetCredential } },
    async (request, reply) => {
      const credential = await findVisible(ports.store, signedIn(request), request.params.id)
      return sendCredential(request, reply, credential)
    },
  )
  const change = (method: 'PUT' | 'PATCH') => async (request: FastifyRequest<Named>, reply: FastifyReply) => {
    const { id } = await findVisible(ports.store, signedIn(request), request.params.id)
    const wanted = decodeCredentialChange(method, request.body, request.query)
    return sendCredential(
      request,
      reply,
      await changeCredential(ports, { id, change: wanted }, actorOf(request, 'koyeb')),
    )
  }
  app.put<Named>(`${path}/:id`, { onRequest, schema: { openapi: operations.UpdateCredential } }, change('PUT'))
  app.patch<Named>(`${path}/:id`, { onRequest, schema: { openapi: operations.UpdateCredential2 } }, change('PATCH'))
  app.delete<Named>(
    `${path}/:id`,
    { onRequest, schema: { openapi: operations.DeleteCredential } },
    async (request, reply) => {
      const { id } = await findVisible(ports.store, signedIn(request), request.params.id)
      await removeCredential(ports, id, actorOf(request, 'koyeb'))
      return sendJson(reply, 200, {})
    },
  )
}

async function create(ports: Ports, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const principal = signedIn(request)
  const { organizationId: named, ...said } = decodeCredential(request.body)
  const organizationId = named === '' ? (principal.organizationId ?? '') : named
  if (organizationId === '') throw invalidField('organization_id', 'cannot be blank')
  const secret = newSecret(ports)
  const credential = await addBearerCredential(
    ports,
    { ...said, dialect: 'koyeb', organizationId, secret },
    { principal, request: describeRequest(request, 'koyeb'), client: describeClient(request, ports.digests) },
  )
  const encoded = encodeCredential(credential, { userId: userIdOf(credential, principal.account), token: secret })
  return sendJson(reply.headers(noStore), 200, { credential: encoded })
}

/** The first character is a letter, and every character may stand in a WebSocket subprotocol (RFC 6455 section 4.1). */
function newSecret({ encodings, random }: Pick<Ports, 'encodings' | 'random'>): string {
  return `k${encodings.toBase64url(random.bytes(secretBytes))}`.slice(0, secretLength)
}

function sendCredential(request: FastifyRequest, reply: FastifyReply, credential: Credential): FastifyReply {
  const userId = userIdOf(credential, signedIn(request).account)
  return sendJson(reply, 200, { credential: encodeCredential(credential, { userId, token: '' }) })
}

async function listCredentials(
  store: Store,
  request: FastifyRequest<{ Querystring: Query }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { account } = signedIn(request)
  const { page, wanted } = collectFaults((faults) => ({
    page: decodePage(request.query, faults),
    wanted: decodeCredentialFilter(request.query, faults),
  }))
  const found = (await visibleCredentials(store, account.id)).filter(
    (credential) =>
      (wanted.kind === null || credential.kind === wanted.kind) &&
      credential.name.toLowerCase().includes(wanted.name) &&
      (wanted.organizationId === '' || credential.organizationId === wanted.organizationId) &&
      (wanted.userId === '' || userIdOf(credential, account) === wanted.userId),
  )
  const credentials = pageOf(found, page).map((item) =>
    encodeCredential(item, { userId: userIdOf(item, account), token: '' }),
  )
  return sendJson(reply, 200, { credentials, ...page, count: found.length })
}

/** The account's own credentials and those of its organizations, oldest first. */
async function visibleCredentials(store: Store, accountId: number): Promise<readonly Credential[]> {
  const memberships = await store.memberships(accountId)
  const lists = await Promise.all([
    store.credentials({ kind: 'access-token', accountId }),
    ...memberships.map(({ organization }) =>
      store.credentials({ kind: 'organization-token', organizationId: organization.id }),
    ),
  ])
  return lists
    .flat()
    .filter(({ dialect }) => dialect === 'koyeb')
    .sort((one, other) => one.createdAtMs - other.createdAtMs || (one.id < other.id ? -1 : 1))
}

async function findVisible(store: Store, { account }: Principal, id: string): Promise<Credential> {
  const found = (await visibleCredentials(store, account.id)).find((credential) => credential.id === id)
  if (found === undefined) throw new Refusal('CREDENTIAL_NOT_FOUND')
  return found
}
