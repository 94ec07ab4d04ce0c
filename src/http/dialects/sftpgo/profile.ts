/** sftpgo: the profile that an account reads and writes of itself; a write replaces every part that it may change. */
import type { Account } from '../../../core/accounts/account.ts'
import { changeOwnAccount, type OwnChange } from '../../../core/accounts/change-own.ts'
import { isEmail } from '../../../core/accounts/names.ts'
import { Refusal } from '../../../core/errors.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { checkFlag, invalidAccount, readEmail, readObject, readText, readTexts } from './account-shape-fields.ts'
import { changeAttributes, type JsonObject, readAttributes } from './attributes.ts'
import { isAuthorizedKey, isCertificate } from './public-keys.ts'
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
      const profile = decodeProfile(request.body, realm)
      const plan = (current: Account): OwnChange => planProfile(current, profile)
      await changeOwnAccount(context.ports, account, { plan, request: describeRequest(request, 'sftpgo') })
      return sendBody(reply, 200, { message: 'Profile updated' })
    },
  })
}

function encodeProfile(account: Account): JsonObject {
  const { description, allowApiKeyAuth, additionalEmails, publicKeys, tlsCerts } = readAttributes(account)
  return {
    ...(account.email === null ? {} : { email: account.email }),
    ...(description === '' ? {} : { description }),
    allow_api_key_auth: allowApiKeyAuth,
    ...(account.role === 'admin' ? {} : lists({ additionalEmails, publicKeys, tlsCerts })),
  }
}

function lists(of: Pick<Profile, 'additionalEmails' | 'publicKeys' | 'tlsCerts'>): JsonObject {
  const named = { additional_emails: of.additionalEmails, public_keys: of.publicKeys, tls_certs: of.tlsCerts }
  return Object.fromEntries(Object.entries(named).filter(([, members]) => members.length > 0))
}

/** @throws INPUT_INVALID with a message that begins `Validation error`. */
function decodeProfile(from: unknown, { role }: Realm): Profile {
  const sent = readObject(from)
  const body = role === 'admin' ? withoutLists(sent) : sent
  checkFlag(body, 'allow_api_key_auth')
  return {
    email: readEmail(body),
    description: readText(body, 'description'),
    allowApiKeyAuth: body.allow_api_key_auth === true,
    additionalEmails: decodeEmails(body),
    publicKeys: decodeKeys(body),
    tlsCerts: decodeCertificates(body),
  }
}

/** Administrators have none of these, and what they send of them is not looked at. */
function withoutLists({
  additional_emails: _emails,
  public_keys: _keys,
  tls_certs: _certs,
  ...rest
}: JsonObject): JsonObject {
  return rest
}

function decodeEmails(body: JsonObject): readonly string[] {
  const emails = filled(body, 'additional_emails')
  const wrong = emails.find((email) => !isEmail(email))
  if (wrong !== undefined) throw invalidAccount(`email ${JSON.stringify(wrong)} is not valid`)
  return emails
}

function decodeKeys(body: JsonObject): readonly string[] {
  const keys = readTexts(body, 'public_keys')
  const wrong = keys.findIndex((key) => key !== '' && !isAuthorizedKey(key))
  if (wrong !== -1) throw invalidAccount(`could not parse key nr. ${wrong + 1}: ssh: no key found`)
  return filled(body, 'public_keys')
}

function decodeCertificates(body: JsonObject): readonly string[] {
  const certificates = readTexts(body, 'tls_certs')
  const wrong = certificates.findIndex((certificate) => certificate !== '' && !isCertificate(certificate))
  if (wrong !== -1) throw invalidAccount(`invalid TLS certificate ${wrong}`)
  return filled(body, 'tls_certs')
}

/** Returns the members of a list that are not empty, each once. */
function filled(body: JsonObject, name: string): readonly string[] {
  return [...new Set(readTexts(body, name).filter((member) => member !== ''))]
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
