/** sftpgo: the operations by which administrators manage accounts; users and administrators differ in their table alone. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import type { Authority } from '../../../core/accounts/permissions.ts'
import {
  type Administration,
  type AdministratorChange,
  addAccount,
  changeAccount,
  removeAccount,
} from '../../../core/administration/administer-accounts.ts'
import { isRefusal, Refusal } from '../../../core/errors.ts'
import type { Sealer } from '../../../core/ports.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { documentAccounts } from './account-shape-documents.ts'
import { readPage } from './account-shape-list.ts'
import type { DecodedAccount, Decoding } from './account-shape-own.ts'
import { checkSelf, keepOwnFlags, keepRole, roleSeenBy, visibleTo } from './account-shape-self.ts'
import { changeAttributes, type JsonObject, keepAttributes, readAttributes } from './attributes.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import { authorityOf } from './authority.ts'
import { readObject } from './bodies.ts'
import type { RouteDocument } from './documents.ts'
import { grantsTheSame, type Permission } from './permissions.ts'
import { adminRealm } from './realms.ts'
import { serve } from './routes.ts'
import { invalidAccount } from './validation-error.ts'
import { sendBody } from './wire.ts'

/** The operations on accounts, each with its permission. */
type Act = 'list' | 'read' | 'add' | 'change' | 'remove' | 'disableFactor'

/** One kind of account, as administrators manage it. */
export type AccountKind = {
  readonly role: Account['role']
  readonly path: '/users' | '/admins'
  readonly noun: 'User' | 'Admin'
  readonly permissions: Readonly<Record<Act, Permission>>
  readonly decode: (body: JsonObject, decoding: Decoding) => DecodedAccount
  readonly encode: (account: Account, sealer: Sealer) => JsonObject
}

/** Registers all operations on accounts of a kind. */
export function registerAccounts(app: App, context: HttpContext, kind: AccountKind): void {
  const documents = documentAccounts(kind.role)
  const step = (act: Act): ReturnType<typeof authenticateRealm> =>
    authenticateRealm(context, adminRealm, { permission: kind.permissions[act] })
  const at = (
    act: Act,
    of: { readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'; readonly below: string; readonly handler: Handler },
  ): void =>
    serve(app, `${kind.path}${of.below}`, {
      method: of.method,
      schema: documents[act] as RouteDocument,
      onRequest: step(act),
      handler: (request, reply) => of.handler({ context, kind, request, reply }),
    })
  at('list', { method: 'GET', below: '', handler: list })
  at('add', { method: 'POST', below: '', handler: add })
  at('read', { method: 'GET', below: '/:username', handler: read })
  at('change', { method: 'PUT', below: '/:username', handler: again(change) })
  at('remove', { method: 'DELETE', below: '/:username', handler: remove })
  at('disableFactor', { method: 'PUT', below: '/:username/2fa/disable', handler: again(disableFactor) })
}

type Call = {
  readonly context: HttpContext
  readonly kind: AccountKind
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Handler = (call: Call) => Promise<FastifyReply>

/** Attributes are written by their accounts too, seldom: a second try hits nothing but a storm of them. */
const tries = 3

/** Returns a handler that is run again from the newest account when its attributes changed meanwhile. */
function again(handler: Handler): Handler {
  return async function handleNewest(call) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await handler(call)
      } catch (cause) {
        if (!isRefusal(cause, 'STATE_CHANGED') || attempt === tries) throw cause
      }
    }
  }
}

async function list({ context: { ports }, kind, request, reply }: Call): Promise<FastifyReply> {
  const page = readPage(request)
  const caller = signedIn(request).account
  const shown = await ports.store.accountsByName({ role: kind.role, sftpgoRole: roleSeenBy(caller) }, page)
  return sendBody(
    reply,
    200,
    shown.map((account) => kind.encode(account, ports.sealer)),
  )
}

async function read(call: Call): Promise<FastifyReply> {
  return sendBody(call.reply, 200, call.kind.encode(await findNamed(call), call.context.ports.sealer))
}

async function add({ context, kind, request, reply }: Call): Promise<FastifyReply> {
  const { ports, settings } = context
  const sent = kind.decode(readObject(request), { sealer: ports.sealer, account: null, before: {} })
  const decoded = keepRole(sent, signedIn(request).account)
  const { username, status, email, expiresAt, kept } = decoded
  const password = decoded.password === '' ? null : decoded.password
  const input = { username, email, role: kind.role, expiresAt, groups: [], password, status }
  const account = await addAccount(
    ports,
    { ...input, attributes: keepAttributes(kind.role, kept), ...authorityFor(kind, null, kept) },
    { ...administration(request), asFirstAdmin: false },
  )
  const { prefix } = settings.dialects.sftpgo
  reply.header('location', `${prefix}/api/v2${kind.path}/${encodeURIComponent(account.username)}`)
  return sendBody(reply, 201, kind.encode(account, ports.sealer))
}

async function change(call: Call): Promise<FastifyReply> {
  const { context, kind, request, reply } = call
  if (kind.role === 'user') checkDisconnect(request)
  const account = await findNamed(call)
  const caller = signedIn(request).account
  const isSelf = account.id === caller.id
  const decoding = { sealer: context.ports.sealer, account, before: readAttributes(account).kept }
  const sent = keepRole(kind.decode(readObject(request), decoding), caller)
  const decoded = isSelf ? keepOwnFlags(sent, account) : sent
  if (isSelf) checkSelf(request, account, decoded)
  await changeAccount(context.ports, account, {
    change: { ...differences(account, decoded), ...authorityFor(kind, account.authority, decoded.kept) },
    how: administration(request),
    endsSessions: changesRights(account, decoded),
    isMadeFromAttributes: true,
  })
  return sendBody(reply, 200, { message: `${kind.noun} updated` })
}

/** This server has no file transfers to disconnect. The parameter must be a whole number all the same. */
function checkDisconnect(request: FastifyRequest): void {
  const { disconnect = '0' } = request.query as { readonly disconnect?: string | readonly string[] }
  if (/^[+-]?\d+$/.test([disconnect].flat()[0] ?? '')) return
  throw new Refusal('INPUT_INVALID', { message: 'Invalid disconnect' })
}

async function remove(call: Call): Promise<FastifyReply> {
  const account = await findNamed(call)
  if (account.id === signedIn(call.request).account.id) {
    throw new Refusal('INPUT_INVALID', { message: 'you cannot delete yourself' })
  }
  await removeAccount(call.context.ports, account, administration(call.request))
  return sendBody(call.reply, 200, { message: `${call.kind.noun} deleted` })
}

async function disableFactor(call: Call): Promise<FastifyReply> {
  const account = await findNamed(call)
  if (account.totpSealed === null) {
    return sendBody(call.reply, 400, { message: 'two-factor authentication is not enabled' })
  }
  const isSelf = account.id === signedIn(call.request).account.id
  if (isSelf && readAttributes(account).requireTwoFactor) {
    throw invalidAccount('two-factor authentication must be enabled')
  }
  const attributes = changeAttributes(account, { filters: { totp_config: undefined } })
  await changeAccount(call.context.ports, account, {
    change: { removeSecondFactor: true, attributes },
    how: administration(call.request),
    isMadeFromAttributes: true,
  })
  return sendBody(call.reply, 200, { message: '2FA disabled' })
}

async function findNamed({ context, kind, request }: Call): Promise<Account> {
  const { username } = request.params as { readonly username: string }
  const account = await context.ports.store.accountByName(username.trim(), kind.role)
  if (account === null || account.kind !== 'person' || !visibleTo(signedIn(request).account, account)) {
    throw new Refusal('ACCOUNT_NOT_FOUND')
  }
  return account
}

function administration(request: FastifyRequest): Administration {
  return { by: signedIn(request).account, request: describeRequest(request, 'sftpgo') }
}

/** Users have no authority, and none is kept for them. */
function authorityFor(
  kind: AccountKind,
  before: Authority | null,
  kept: JsonObject,
): { readonly authority?: Authority } {
  if (kind.path !== '/admins') return {}
  const listed = readAttributes({ role: kind.role, authority: null, attributes: JSON.stringify(kept) })
  return { authority: authorityOf(before, listed) }
}

function differences(account: Account, to: DecodedAccount): AdministratorChange {
  return {
    attributes: keepAttributes(account.role, to.kept),
    ...(to.status === account.status ? {} : { status: to.status }),
    ...(to.email === account.email ? {} : { email: to.email }),
    ...(to.expiresAt === account.expiresAt ? {} : { expiresAt: to.expiresAt }),
    ...passwordDifference(account, to),
  }
}

function passwordDifference({ passwordHash }: Account, { password }: DecodedAccount): AdministratorChange {
  if (password === null || (password === '' && passwordHash === null)) return {}
  return { password: password === '' ? null : password }
}

/** Tokens contain permissions and role, so no token may outlive a change of them. */
function changesRights(account: Account, to: DecodedAccount): boolean {
  const before = readAttributes(account)
  const after = readAttributes({ role: account.role, authority: null, attributes: JSON.stringify(to.kept) })
  return before.role !== after.role || !grantsTheSame(before.permissions, after.permissions)
}
