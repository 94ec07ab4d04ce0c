/** giantswarm: accounts, found by their e-mail address; one's own for everybody, others' for those who are permitted the act. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Account, emailKey } from '../../../core/accounts/account.ts'
import { addAccount, changeAccount, removeAccount } from '../../../core/accounts/administer.ts'
import { changeOwnPassword } from '../../../core/accounts/change-password.ts'
import { requireNothingDue } from '../../../core/accounts/due.ts'
import { authorise, holds } from '../../../core/administration/authorise.ts'
import { Refusal } from '../../../core/errors.ts'
import { everyAccount } from '../../../core/every-row.ts'
import type { Store } from '../../../core/store.ts'
import type { Principal } from '../../../core/tokens/live-tokens.ts'
import type { Ports } from '../../../core/wiring.ts'
import { sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { sendRows } from '../../send-rows.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { actorOf, describeRequest } from '../../steps/describe-request.ts'
import { invalidField } from '../../to-refusal.ts'
import { operations } from './documents.ts'
import { isOwnAccount, requireFullSignIn, requirePermission } from './require-permission.ts'
import { giantswarmTokens } from './tokens.ts'
import { CreateUserRequest, decodeExpiry, ModifyPasswordRequest, ModifyUserRequest } from './user-wire.ts'
import { decodePassword, encodeUser } from './wire.ts'

const path = '/v4/users/:email/'

type Named = { Params: { email: string } }

/** Registers the routes. */
export function registerUsers(app: App, context: HttpContext): void {
  const { ports } = context
  const anybody = authenticate(context, giantswarmTokens)
  const whileDue = authenticate(context, { ...giantswarmTokens, isServedWhileDue: true })
  const lists = [anybody, requirePermission('list-accounts')]
  app.get('/v4/users/', { onRequest: lists, schema: { openapi: operations.getUsers } }, async (request, reply) => {
    const judge = async ({ account }: Principal): Promise<void> =>
      void authorise({ ...actorOf(request, 'giantswarm'), by: account }, 'list-accounts')
    const list = { around: ['[', ']'], rows: everyUser(ports.store), judge } as const
    return sendRows({ context, request, reply }, giantswarmTokens, list)
  })
  app.get<Named>(path, { onRequest: anybody, schema: { openapi: operations.getUser } }, async (request, reply) => {
    const found = await byEmail(ports.store, request.params.email)
    if (!isOwnAccount(request, found)) await requirePermission('read-account')(request)
    return sendJson(reply, 200, encodeUser(known(found)))
  })
  app.put<Named & { Body: CreateUserRequest }>(
    path,
    {
      onRequest: [anybody, requirePermission('add-account')],
      schema: { openapi: operations.createUser, body: CreateUserRequest },
    },
    (request, reply) => create(ports, request, reply),
  )
  app.patch<Named & { Body: ModifyUserRequest }>(
    path,
    {
      onRequest: [anybody, requirePermission('change-account')],
      schema: { openapi: operations.modifyUser, body: ModifyUserRequest },
    },
    (request, reply) => modify(ports, request, reply),
  )
  app.delete<Named>(
    path,
    { onRequest: [anybody, requirePermission('remove-account')], schema: { openapi: operations.deleteUser } },
    async (request, reply) => {
      const account = known(await byEmail(ports.store, request.params.email))
      await removeAccount(ports, account, actorOf(request, 'giantswarm'))
      return sendJson(reply, 200, { code: 'RESOURCE_DELETED', message: saying(account.email, 'deleted') })
    },
  )
  app.post<Named & { Body: ModifyPasswordRequest }>(
    `${path}password/`,
    {
      onRequest: [whileDue, requireFullSignIn],
      schema: { openapi: operations.modifyPassword, body: ModifyPasswordRequest },
    },
    (request, reply) => modifyPassword(ports, request, reply),
  )
}

/** The address is the name too: nobody signs in here by anything else. */
async function create(
  ports: Ports,
  request: FastifyRequest<Named & { Body: CreateUserRequest }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { email } = request.params
  const { password, expiry } = request.body
  await addAccount(
    ports,
    {
      username: email,
      email,
      role: 'user',
      expiresAt: decodeExpiry(expiry) ?? null,
      groups: [],
      password: decodePassword(ports.encodings, password, 'password'),
    },
    { ...actorOf(request, 'giantswarm'), asFirstAdmin: false },
  )
  return sendJson(reply, 201, { code: 'RESOURCE_CREATED', message: saying(email, 'created') })
}

async function modify(
  ports: Ports,
  request: FastifyRequest<Named & { Body: ModifyUserRequest }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { email } = request.body
  const expiresAt = decodeExpiry(request.body.expiry)
  const account = known(await byEmail(ports.store, request.params.email))
  const change = {
    ...(email === undefined ? {} : { email: email.trim() }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
  return sendJson(
    reply,
    200,
    encodeUser(await changeAccount(ports, account, { change, how: actorOf(request, 'giantswarm') })),
  )
}

/** Who may set passwords need not know the current one; one that they name for their own account is looked at. */
async function modifyPassword(
  ports: Ports,
  request: FastifyRequest<Named & { Body: ModifyPasswordRequest }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { current_password_base64: currentEncoded, new_password_base64: nextEncoded } = request.body
  const found = await byEmail(ports.store, request.params.email)
  const isCaller = isOwnAccount(request, found)
  if (!isCaller) {
    await requirePermission('set-password')(request)
    requireNothingDue(signedIn(request).account, ports.clock.wallMs())
  }
  const account = known(found)
  const next = decodePassword(ports.encodings, nextEncoded, 'new_password_base64')
  if (isCaller && (!holds(account, 'set-password') || currentEncoded !== undefined)) {
    if (currentEncoded === undefined) throw invalidField('current_password_base64', 'is required')
    await changeOwnPassword(ports, account, {
      current: decodePassword(ports.encodings, currentEncoded, 'current_password_base64'),
      next,
      keptSessionRow: 0,
      request: describeRequest(request, 'giantswarm'),
    })
  } else await changeAccount(ports, account, { change: { password: next }, how: actorOf(request, 'giantswarm') })
  return sendJson(reply, 202, { code: 'RESOURCE_UPDATED', message: 'The password has been updated.' })
}

/** Who has no address is nobody here. */
async function* everyUser(store: Pick<Store, 'accounts'>): AsyncGenerator<object, void, undefined> {
  for await (const account of everyAccount(store)) if (account.email !== null) yield encodeUser(account)
}

function byEmail(store: Pick<Store, 'accountByEmail'>, email: string): Promise<Account | null> {
  return store.accountByEmail(emailKey(email))
}

function known(account: Account | null): Account {
  if (account === null) throw new Refusal('ACCOUNT_NOT_FOUND')
  return account
}

function saying(email: string | null, done: 'created' | 'deleted'): string {
  return `The user with email '${email ?? ''}' has been ${done}.`
}
