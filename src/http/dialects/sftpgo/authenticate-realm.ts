/** sftpgo: step that turns a Bearer token or an API key into a principal of one realm; each way to fail has its sentence, in a fixed order. */

import type { FastifyRequest } from 'fastify'
import { isRefusal, Refusal } from '../../../core/errors.ts'
import type { SigningKeyName, TokenSigner } from '../../../core/ports.ts'
import { signOut } from '../../../core/sessions/end-session.ts'
import type { Principal } from '../../../core/sessions/principal.ts'
import { verifyToken } from '../../../core/tokens/verify.ts'
import type { HttpContext } from '../../context.ts'
import { noRow } from '../../steps/authenticate.ts'
import { asAuthentication } from '../../steps/authentication-steps.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { cameByApiKey, principalOfApiKey, readApiKey } from './api-keys-authenticate.ts'
import { requireNothingDue } from './due.ts'
import { takesApiKeys } from './login-methods.ts'
import type { Permission } from './permissions.ts'
import type { Realm } from './realms.ts'
import { requirePermission } from './require-permission.ts'
import { callerOf, requireAllowed } from './restrictions.ts'
import { readBearer, subjectOf } from './tokens.ts'

/** Keys of tokens that memory and store do not find by digest, and that still are no rubbish. */
const keysOfOthers: readonly SigningKeyName[] = ['control', 'pty']

/** The demands of an operation on its caller. */
export type RouteRules = {
  /** Administrators need it; left out: none is needed. */
  readonly permission?: Permission
  /** Served although a second factor or a new password is due. */
  readonly isServedWhileDue?: boolean
  /** Served although a rule of the account denies it: a session can be ended from anywhere, at any time. */
  readonly isSignOut?: boolean
  /** An API key will not do. */
  readonly refusesApiKey?: boolean
}

/**
 * Returns a step that sets `request.principal`.
 *
 * The step throws TOKEN_MISSING, TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_REVOKED, TOKEN_WRONG_AUDIENCE and TOKEN_WRONG_ADDRESS,
 * the audience before the address, or what an API key is refused for; then API_KEY_NOT_ALLOWED, SECOND_FACTOR_DUE,
 * PASSWORD_CHANGE_DUE and ROLE_DENIED (SFTPGo REST API, checks of a Bearer token).
 */
export function authenticateRealm(
  context: HttpContext,
  realm: Realm,
  rules: RouteRules = {},
): (request: FastifyRequest) => Promise<void> {
  return asAuthentication(async function authenticateRequest(request) {
    const key = takesApiKeys(context.settings, realm) ? readApiKey(request) : null
    const principal =
      key === null
        ? await principalOfBearer(context, { realm, request, isSignOut: rules.isSignOut === true })
        : await principalOfApiKey(context.ports, { key, realm, request })
    applyRules(principal, rules, { isByApiKey: cameByApiKey(request), nowMs: context.ports.clock.wallMs() })
    request.principal = principal
  })
}

/** A caller with an API key is not asked for what is due. */
function applyRules(
  { account }: Principal,
  { permission, isServedWhileDue, refusesApiKey }: RouteRules,
  how: { readonly isByApiKey: boolean; readonly nowMs: number },
): void {
  if (refusesApiKey && how.isByApiKey) throw new Refusal('API_KEY_NOT_ALLOWED')
  if (!isServedWhileDue && !how.isByApiKey) requireNothingDue(account, how.nowMs)
  if (permission !== undefined) requirePermission(account, permission)
}

type BearerUse = { readonly realm: Realm; readonly request: FastifyRequest; readonly isSignOut: boolean }

async function principalOfBearer(context: HttpContext, { realm, request, isSignOut }: BearerUse): Promise<Principal> {
  const token = readBearer(request)
  const principal = await principalOfToken(context, token)
  const { account, session, boundIp } = principal
  if (session.dialect !== 'sftpgo' || account.role !== realm.role) throw new Refusal('TOKEN_WRONG_AUDIENCE')
  if (boundIp !== null && boundIp !== request.clientIp) throw new Refusal('TOKEN_WRONG_ADDRESS')
  if (!isSignOut) requireAllowed(account, callerOf(request), context.ports.clock.wallMs())
  if (context.settings.sftpgo.endsTokensOnAnyChange && subjectOf(token) !== String(account.updatedAtMs)) {
    await signOut(context.ports, principal, describeRequest(request, 'sftpgo'))
    throw new Refusal('TOKEN_REVOKED', { detail: 'the account changed since the token was issued' })
  }
  return principal
}

async function principalOfToken({ ports }: HttpContext, token: string): Promise<Principal> {
  try {
    return await verifyToken(ports, token, noRow)
  } catch (cause) {
    if (isRefusal(cause, 'TOKEN_INVALID') || isRefusal(cause, 'TOKEN_REVOKED')) {
      throw await chooseRefusal(ports.signer, token, cause)
    }
    throw cause
  }
}

/** A signature is looked at only here: the token is refused in any case. */
async function chooseRefusal(signer: TokenSigner, token: string, refusal: Refusal): Promise<Refusal> {
  if ((await signer.inspect('sftpgo', token)) === 'expired') return new Refusal('TOKEN_EXPIRED', { cause: refusal })
  if (refusal.code === 'TOKEN_REVOKED') return refusal
  for (const key of keysOfOthers) {
    if ((await signer.inspect(key, token)) === 'ours') return new Refusal('TOKEN_WRONG_AUDIENCE', { cause: refusal })
  }
  return refusal
}
