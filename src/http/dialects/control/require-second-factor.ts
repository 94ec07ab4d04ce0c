/** control: step that requires proof of the second factor, if the account has one. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import { signedIn } from '../../steps/authenticate.ts'

/**
 * Refuses a session that did not prove the second factor of its account.
 *
 * @throws SECOND_FACTOR_NOT_PROVEN
 */
export async function requireSecondFactor(request: FastifyRequest): Promise<void> {
  const { account, session } = signedIn(request)
  if (account.totpSealed !== null && session.proof !== 'password+otp') throw new Refusal('SECOND_FACTOR_NOT_PROVEN')
}
