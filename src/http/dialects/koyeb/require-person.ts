/** koyeb: step for calls that need an account. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import { signedIn } from '../../steps/authenticate.ts'

/**
 * Refuses a token that belongs to an organization. The answer is 403, by which clients recognize such a token.
 *
 * @throws CREDENTIAL_DENIED
 */
export async function requirePerson(request: FastifyRequest): Promise<void> {
  if (signedIn(request).account.kind === 'organization') throw new Refusal('CREDENTIAL_DENIED')
}
