/** sftpgo: the profile that an account reads and writes of itself; a write replaces every part that it may change. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import { changeOwnAccount, type OwnChange } from '../../../core/accounts/change-own.ts'
import { Refusal } from '../../../core/errors.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { always, type Fields, filled, showFields } from './account-shape-fields.ts'
import { flag, text } from './account-shape-kinds.ts'
import { address } from './account-shape-own.ts'
import { certificates, emails, publicKeys } from './account-shape-rules.ts'
import { changeAttributes, type JsonObject, readAttributes } from './attributes.ts'
import { readBody } from './bodies.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { authenticateSelf, mayStill, selfPath } from './self-service.ts'
import { documentSelf } from './self-service-documents.ts'
import { sendBody } from './wire.ts'

/** A profile as it was sent, with everything in it well formed. */
type Profile = {
  readonly email: string | null
  readonly description: string
  readonly allowApiKeyAuth: boolean
  /** From here on of users only. */
  readonly additionalEmails: readonly string[]
  readonly publicKeys: readonly string[]
  readonly tlsCerts: readonly string[]
}

/** Registers both operations for a realm. */
export function registerProfile(app: App, context: HttpContext, realm: Realm): void {
  const path = `${selfPath(realm)}/profile`
  serve(app, path, {
    schema: documentSelf('read profile', realm),
    onRequest: authenticateSelf(context, realm),
    handler: async (request, reply) => sendBody(reply, 200, encodeProfile(signedIn(request).account)),
  })
  serve(app, path, {
    method: 'PUT',
    schema: documentSelf('write profile', realm),
    onRequest: authenticateSelf(context, realm, { isServedWhileDue: false }),
    handler: async (request, reply) => {
      const { account } = signedIn(request)
      const profile = decodeProfile(request, realm)
      const plan = (current: Account): OwnChange => planProfile(current, profile)
      await changeOwnAccount(context.ports, account, { plan, request: describeRequest(request, 'sftpgo') })
      return sendBody(reply, 200, { message: 'Profile updated' })
    },
  })
}

function encodeProfile(account: Account): JsonObject {
  const { description, allowApiKeyAuth, additionalEmails, publicKeys: keys, tlsCerts } = readAttributes(account)
  const values = { email: account.email, description, allow_api_key_auth: allowApiKeyAuth }
  const lists = { additional_emails: additionalEmails, public_keys: keys, tls_certs: tlsCerts }
  return { ...showFields(general, values), ...(account.role === 'admin' ? {} : showFields(ofUsers, lists)) }
}

/** The profile members of every account, in the order of answers. */
const general = {
  email: filled(address),
  description: filled(text()),
  allow_api_key_auth: always(flag),
} satisfies Fields

/** Further members of users. Administrators have none of them, and the values that they send are ignored. */
const ofUsers = {
  additional_emails: filled(emails),
  public_keys: filled(publicKeys),
  tls_certs: filled(certificates),
} satisfies Fields

/** @throws INPUT_INVALID with a message that begins `Validation error`. */
function decodeProfile(request: FastifyRequest, { role }: Realm): Profile {
  const values = readBody(request, general)
  const lists = readBody({ body: role === 'admin' ? {} : request.body }, ofUsers)
  return {
    email: values.email === '' ? null : values.email,
    description: values.description,
    allowApiKeyAuth: values.allow_api_key_auth,
    additionalEmails: lists.additional_emails,
    publicKeys: lists.public_keys,
    tlsCerts: lists.tls_certs,
  }
}

/** @throws NOTHING_TO_CHANGE when every right to change a part was taken away. */
function planProfile(account: Account, profile: Profile): OwnChange {
  const mayInfo = mayStill(account, 'info-change-disabled')
  const mayApiKeys = mayStill(account, 'api-key-auth-change-disabled')
  const mayKeys = mayStill(account, 'publickey-change-disabled')
  const mayCertificates = mayStill(account, 'tls-cert-change-disabled')
  if (!mayInfo && !mayApiKeys && !mayKeys && !mayCertificates) throw new Refusal('NOTHING_TO_CHANGE')
  const isUser = account.role === 'user'
  const attributes = changeAttributes(account, {
    ...(mayInfo ? { description: profile.description } : {}),
    ...(mayKeys && isUser ? { public_keys: profile.publicKeys } : {}),
    filters: {
      ...(mayApiKeys ? { allow_api_key_auth: profile.allowApiKeyAuth } : {}),
      ...(mayInfo && isUser ? { additional_emails: profile.additionalEmails } : {}),
      ...(mayCertificates && isUser ? { tls_certs: profile.tlsCerts } : {}),
    },
  })
  const change = { attributes, ...(mayInfo ? { email: profile.email } : {}) }
  return { change, keptSessionRow: null, act: { action: 'account-change', detail: { changed: 'profile' } } }
}
