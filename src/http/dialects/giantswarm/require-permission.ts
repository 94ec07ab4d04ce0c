/** giantswarm: steps that check who may administer accounts and organizations. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import type { AdministrativeAct } from '../../../core/administration/acts.ts'
import { authorise } from '../../../core/administration/authorise.ts'
import { Refusal } from '../../../core/errors.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { actorOf } from '../../steps/describe-request.ts'

/**
 * Returns a step that refuses an account without the permission of an act, and every session that
 * {@link requireFullSignIn} refuses. It runs before any lookup, so that a refusal reveals nothing about other accounts.
 *
 * The step throws ROLE_DENIED.
 */
export function requirePermission(act: AdministrativeAct): (request: FastifyRequest) => Promise<void> {
  return async function requireActPermission(request) {
    authorise(actorOf(request, 'giantswarm'), act)
    await requireFullSignIn(request)
  }
}

/**
 * Refuses a session that an application password created, or that did not prove the second factor of its account. A
 * program must not be able to give its own or another account to a different person (our choice).
 *
 * @throws CREDENTIAL_DENIED, SECOND_FACTOR_NOT_PROVEN
 */
export async function requireFullSignIn(request: FastifyRequest): Promise<void> {
  const { account, session } = signedIn(request)
  if (session.isApplicationPassword) throw new Refusal('CREDENTIAL_DENIED')
  if (account.totpSealed !== null && session.proof !== 'password+otp') throw new Refusal('SECOND_FACTOR_NOT_PROVEN')
}

/** Returns whether an account is the caller's own. */
export function isOwnAccount(request: FastifyRequest, account: Account | null): boolean {
  return account !== null && account.id === signedIn(request).account.id
}
