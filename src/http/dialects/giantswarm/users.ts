/** giantswarm: accounts, found by their e-mail address. An account may use its own; any other needs the permission of the act. */

import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Account, emailKey } from '../../../core/accounts/account.ts'
import { changeOwnPassword } from '../../../core/accounts/change-password.ts'
import { requireNothingDue } from '../../../core/accounts/due.ts'
import { addAccount, changeAccount, removeAccount } from '../../../core/administration/administer-accounts.ts'
import { authorise, holds } from '../../../core/administration/authorise.ts'
import { Refusal } from '../../../core/errors.ts'
import { everyAccount } from '../../../core/every-row.ts'
import type { Principal } from '../../../core/sessions/principal.ts'
import type { Store } from '../../../core/store.ts'
import type { Ports } from '../../../core/wiring.ts'
import { sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { invalidField } from '../../refusals.ts'
import { sendRows } from '../../send-rows.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { actorOf, describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { isOwnAccount, requireFullSignIn, requirePermission } from './require-permission.ts'
import { giantswarmTokens } from './tokens.ts'
import { decodeExpiry, decodePassword, encodeUser } from './wire.ts'

const path = '/v4/users/:email/'

type Named = { Params: { email: string } }

const expiry = Type.Optional(Type.Union([Type.String(), Type.Null()]))
const CreateUser = Type.Object({ password: Type.String(), expiry }, { title: 'V4CreateUserRequest' })
const ModifyUser = Type.Object({ email: Type.Optional(Type.String()), expiry }, { title: 'V4ModifyUserRequest' })
const ModifyPassword = Type.Object(
  { current_password_base64: Type.Optional(Type.String()), new_password_base64: Type.String() },
  { title: 'V4ModifyUserPasswordRequest' },
)

type Create = Named & { Body: Static<typeof CreateUser> }
type Modify = Named & { Body: Static<typeof ModifyUser> }
type SetPassword = Named & { Body: Static<typeof ModifyPassword> }

/** Registers the routes. */
export function registerUsers(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = authenticate(context, giantswarmTokens)
  const whileDue = authenticate(context, { ...giantswarmTokens, isServedWhileDue: true })
  const lists = [onRequest, requirePermission('list-accounts')]
  app.get('/v4/users/', { onRequest: lists, schema: { openapi: operations.getUsers } }, async (request, reply) => {
    const judge = async ({ account }: Principal): Promise<void> =>
      void authorise({ ...actorOf(request, 'giantswarm'), by: account }, 'list-accounts')
    const list = { around: ['[', ']'], rows: everyUser(ports.store), judge } as const
    return sendRows({ context, request, reply }, giantswarmTokens, list)
  })
  app.get<Named>(path, { onRequest, schema: { openapi: operations.getUser } }, async (request, reply) => {
    const found = await byEmail(ports.store, request.params.email)
    if (!isOwnAccount(request, found)) await requirePermission('read-account')(request)
    return sendJson(reply, 200, encodeUser(known(found)))
  })
  app.put<Create>(
    path,
    {
      onRequest: [onRequest, requirePermission('add-account')],
      schema: { openapi: operations.createUser, body: CreateUser },
    },
    (request, reply) => create(ports, request, reply),
  )
  app.patch<Modify>(
    path,
    {
      onRequest: [onRequest, requirePermission('change-account')],
      schema: { openapi: operations.modifyUser, body: ModifyUser },
    },
    (request, reply) => modify(ports, request, reply),
  )
  app.delete<Named>(
    path,
    { onRequest: [onRequest, requirePermission('remove-account')], schema: { openapi: operations.deleteUser } },
    async (request, reply) => {
      const account = known(await byEmail(ports.store, request.params.email))
      await removeAccount(ports, account, actorOf(request, 'giantswarm'))
      return sendJson(reply, 200, { code: 'RESOURCE_DELETED', message: doneSentence(account.email, 'deleted') })
    },
  )
  app.post<SetPassword>(
    `${path}password/`,
    {
      onRequest: [whileDue, requireFullSignIn],
      schema: { openapi: operations.modifyPassword, body: ModifyPassword },
    },
    (request, reply) => modifyPassword(ports, request, reply),
  )
}

/** The address is also the name, because an account signs in here by its address only. */
async function create(ports: Ports, request: FastifyRequest<Create>, reply: FastifyReply): Promise<FastifyReply> {
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
  return sendJson(reply, 201, { code: 'RESOURCE_CREATED', message: doneSentence(email, 'created') })
}

async function modify(ports: Ports, request: FastifyRequest<Modify>, reply: FastifyReply): Promise<FastifyReply> {
  const { email } = request.body
  const expiresAt = decodeExpiry(request.body.expiry)
  const account = known(await byEmail(ports.store, request.params.email))
  const change = {
    ...(email === undefined ? {} : { email: email.trim() }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
  const changed = await changeAccount(ports, account, { change, how: actorOf(request, 'giantswarm') })
  return sendJson(reply, 200, encodeUser(changed))
}

/** An account that may set passwords may leave out the current one. If it sends one for its own account, it is checked. */
async function modifyPassword(
  ports: Ports,
  request: FastifyRequest<SetPassword>,
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

/** Leaves out accounts without an address, which this dialect cannot name. */
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

function doneSentence(email: string | null, done: 'created' | 'deleted'): string {
  return `The user with email '${email ?? ''}' has been ${done}.`
}
