/** sftpgo: what accounts do to themselves, the same under `/admin` and `/user`; an API key never does it for them. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import { Refusal } from '../../../core/errors.ts'
import type { HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { asAuthentication } from '../../steps/authentication-steps.ts'
import { readAttributes } from './attributes.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import type { Realm } from './realms.ts'

/** An option of the web client that takes one of these rights away (SFTPGo REST API, WebClientOptions). */
export type TakenRight =
  | 'publickey-change-disabled'
  | 'tls-cert-change-disabled'
  | 'mfa-disabled'
  | 'password-change-disabled'
  | 'api-key-auth-change-disabled'
  | 'info-change-disabled'

/** What one of these operations asks. */
export type SelfRules = {
  /** Throws ROLE_DENIED if this right was taken from the account. */
  readonly unless?: TakenRight
  /** True by default: these are the operations by which an account settles what is due. */
  readonly isServedWhileDue?: boolean
}

/** Returns the path below `/api/v2` under which accounts of a realm find themselves. */
export function selfPath(realm: Realm): string {
  return `/${realm.role}`
}

/** Returns a step that sets `request.principal`. @throws ROLE_DENIED beside all that {@link authenticateRealm} throws. */
export function authenticateSelf(
  context: HttpContext,
  realm: Realm,
  { unless, isServedWhileDue = true }: SelfRules = {},
): (request: FastifyRequest) => Promise<void> {
  const authenticate = authenticateRealm(context, realm, { isServedWhileDue, refusesApiKey: true })
  return asAuthentication(async function authenticateCaller(request) {
    await authenticate(request)
    if (unless !== undefined && !mayStill(signedIn(request).account, unless)) {
      throw new Refusal('ROLE_DENIED', { detail: `the account has ${unless}` })
    }
  })
}

/** Returns whether an account still has a right; administrators keep all. */
export function mayStill(account: Account, right: TakenRight): boolean {
  return !readAttributes(account).webClient.includes(right)
}
