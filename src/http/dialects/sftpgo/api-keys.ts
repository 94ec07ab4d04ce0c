/** sftpgo: administration of API keys; a key is shown once, and only the digest of its secret is kept (SFTPGo REST API, apikeys). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account, Role } from '../../../core/accounts/account.ts'
import { permissions } from '../../../core/accounts/permissions.ts'
import { authorise } from '../../../core/administration/authorise.ts'
import {
  addCredential,
  type CredentialActor,
  changeCredential,
  removeCredential,
} from '../../../core/credentials/administer.ts'
import type { Credential } from '../../../core/credentials/credential.ts'
import { Refusal } from '../../../core/errors.ts'
import type { Ports } from '../../../core/wiring.ts'
import { noStore } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { type Fields, filled } from './account-shape-fields.ts'
import { integer, text } from './account-shape-kinds.ts'
import { readPage } from './account-shape-list.ts'
import { expiration } from './account-shape-own.ts'
import { trimmed } from './account-shape-rules.ts'
import { apiKeyDocuments } from './api-keys-documents.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import { readBody } from './bodies.ts'
import { adminRealm } from './realms.ts'
import { type Operation, serve } from './routes.ts'
import { invalidAccount } from './validation-error.ts'
import { sendBody } from './wire.ts'

/** Bytes of an id and of a secret: 22 characters each in base64url, which has no dot. */
const partBytes = 16

/** Registers list, add, read, change and removal of API keys, for tokens with all permissions. */
export function registerApiKeys(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = authenticateRealm(context, adminRealm, {
    permission: '*',
    isServedWhileDue: true,
    refusesApiKey: true,
  })
  const at = (method: Operation['method'] & string, path: string, of: Pick<Operation, 'schema' | 'handler'>): void =>
    serve(app, path, { method, onRequest, ...of })
  at('GET', '/apikeys', {
    schema: apiKeyDocuments.list,
    handler: async (request, reply) => {
      const keys = await ports.store.apiKeys('sftpgo', readPage(request))
      return sendBody(reply, 200, await Promise.all(keys.map((key) => encode(ports, key))))
    },
  })
  at('POST', '/apikeys', {
    schema: apiKeyDocuments.add,
    handler: (request, reply) => add(context, request, reply),
  })
  at('GET', '/apikeys/:id', {
    schema: apiKeyDocuments.read,
    handler: async (request, reply) => sendBody(reply, 200, await encode(ports, await find(ports, request))),
  })
  at('PUT', '/apikeys/:id', {
    schema: apiKeyDocuments.change,
    handler: async (request, reply) => {
      const key = await find(ports, request)
      await authoriseKey(ports, request, key)
      const change = await decode(ports, request)
      await authoriseKey(ports, request, change)
      await changeCredential(ports, { id: key.id, change }, actor(request))
      return sendBody(reply, 200, { message: 'API key updated' })
    },
  })
  at('DELETE', '/apikeys/:id', {
    schema: apiKeyDocuments.remove,
    handler: async (request, reply) => {
      const key = await find(ports, request)
      await authoriseKey(ports, request, key)
      await removeCredential(ports, key.id, actor(request))
      return sendBody(reply, 200, { message: 'API key deleted' })
    },
  })
}

async function add(
  { ports, settings }: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const input = await decode(ports, request)
  await authoriseKey(ports, request, input)
  const [id, secret] = [newPart(ports), newPart(ports)]
  await addCredential(
    ports,
    {
      ...input,
      id,
      kind: 'api-key',
      dialect: 'sftpgo',
      organizationId: null,
      secretDigest: ports.digests.sha256(secret),
      sessionRow: null,
      bearer: null,
      seen: null,
    },
    actor(request),
  )
  reply.headers({
    ...noStore,
    location: `${settings.dialects.sftpgo.prefix}/api/v2/apikeys/${id}`,
    'x-object-id': id,
  })
  const message = 'API key created. This is the only time the API key is visible, please save it.'
  return sendBody(reply, 201, { key: `${id}.${secret}`, message })
}

function newPart({ random, encodings }: Pick<Ports, 'random' | 'encodings'>): string {
  return encodings.toBase64url(random.bytes(partBytes))
}

type DecodedKey = Pick<Credential, 'name' | 'description' | 'accountId' | 'expiresAtMs'> & { readonly role: Role }

/** The request's members of a key. */
const sentKey = {
  name: filled(text(trimmed)),
  scope: filled(integer()),
  expires_at: filled(expiration),
  description: filled(text()),
  user: filled(text(trimmed)),
  admin: filled(text(trimmed)),
} satisfies Fields

async function decode(ports: Ports, request: FastifyRequest): Promise<DecodedKey> {
  const { name, scope, description, expires_at: expiresAtMs, ...holders } = readBody(request, sentKey)
  if (name === '') throw invalidAccount('name is mandatory')
  if (scope !== 1 && scope !== 2) throw invalidAccount(`invalid scope: ${scope}`)
  const role: Role = scope === 1 ? 'admin' : 'user'
  const other = scope === 1 ? 'user' : 'admin'
  if (holders[other] !== '') throw invalidAccount(`an API key of scope ${scope} takes no ${other}`)
  return {
    name,
    description,
    role,
    accountId: await findHolder(ports, holders[role], role),
    expiresAtMs: expiresAtMs === 0 ? null : expiresAtMs,
  }
}

async function findHolder({ store }: Ports, username: string, role: Role): Promise<number | null> {
  if (username === '') return null
  const account = await store.accountByName(username, role)
  if (account === null) throw invalidAccount(`there is no ${role} ${JSON.stringify(username)}`)
  return account.id
}

async function encode({ store }: Ports, key: Credential): Promise<Readonly<Record<string, unknown>>> {
  const holder = key.accountId === null ? null : await store.accountById(key.accountId)
  return {
    id: key.id,
    name: key.name,
    scope: key.role === 'admin' ? 1 : 2,
    created_at: key.createdAtMs,
    updated_at: key.updatedAtMs,
    ...(key.lastUsedAtMs === null ? {} : { last_use_at: key.lastUsedAtMs }),
    ...(key.expiresAtMs === null ? {} : { expires_at: key.expiresAtMs }),
    ...(key.description === '' ? {} : { description: key.description }),
    ...(holder === null ? {} : { [holder.role]: holder.username }),
  }
}

async function find({ store }: Ports, request: FastifyRequest): Promise<Credential> {
  const { id } = request.params as { readonly id: string }
  const key = await store.credentialById(id)
  if (key === null || !isOurs(key)) throw new Refusal('CREDENTIAL_NOT_FOUND')
  return key
}

/** A key acts as its holder. A key of scope 1 without a holder acts as any administrator, so it gives every permission. */
async function authoriseKey(
  { store }: Ports,
  request: FastifyRequest,
  { accountId, role }: Pick<Credential, 'accountId' | 'role'>,
): Promise<void> {
  const holder = accountId === null ? null : await store.accountById(accountId)
  const target = holder === null ? {} : { account: holder }
  authorise(actor(request), 'write-credential', isForAnyAdmin({ accountId, role }) ? { gives: permissions } : target)
}

function isForAnyAdmin({ accountId, role }: Pick<Credential, 'accountId' | 'role'>): boolean {
  return accountId === null && role === adminRealm.role
}

function isOurs({ kind, dialect }: Credential): boolean {
  return kind === 'api-key' && dialect === 'sftpgo'
}

function actor(request: FastifyRequest): CredentialActor & { readonly by: Account } {
  return { by: signedIn(request).account, request: describeRequest(request, 'sftpgo') }
}
