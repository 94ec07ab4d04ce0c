/** koyeb: step that refuses tokens of an organization alone where an account has to stand behind the call. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import { signedIn } from '../../steps/authenticate.ts'

/**
 * Refuses a token that no person holds; 403, because clients tell an organization's token from a user's by it.
 *
 * @throws CREDENTIAL_DENIED
 */
export async function requirePerson(request: FastifyRequest): Promise<void> {
  if (signedIn(request).account.kind === 'organization') throw new Refusal('CREDENTIAL_DENIED')
}
