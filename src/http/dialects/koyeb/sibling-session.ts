/** koyeb: creates a session beside the caller's. */
import type { FastifyRequest } from 'fastify'
import { type CreatedSession, createSession } from '../../../core/sessions/create-session.ts'
import { earlierEnd, endOfBegun } from '../../../core/sessions/session.ts'
import type { HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeClient, describeRequest } from '../../steps/describe-request.ts'
import { mintKoyebToken } from './tokens.ts'

/** What the new session is limited to. */
export type Scope = {
  /** null: no organization. */
  readonly organizationId: string | null
  /** Unix seconds; null: only the dialect's own limits. */
  readonly latestEnd: number | null
}

/**
 * Creates a session with the caller's proof and time of authentication. The caller's session must be live at that moment.
 * Afterwards the two are independent, so that a client can leave an organization, remove it, and go on. The new session
 * ends with the credential of the caller's session, and not after the end that was set for the caller's session.
 *
 * @throws TOKEN_REVOKED, NOT_A_MEMBER
 */
export async function createSiblingSession(
  context: HttpContext,
  request: FastifyRequest,
  scope: Scope,
): Promise<CreatedSession> {
  const { ports } = context
  const { account, session } = signedIn(request)
  return createSession(ports, {
    account,
    dialect: 'koyeb',
    organizationId: scope.organizationId,
    client: describeClient(request, ports.digests),
    request: describeRequest(request, 'koyeb'),
    proof: session.proof,
    authenticatedAt: session.authenticatedAt,
    latestEnd: earlierEnd(scope.latestEnd, endOfBegun(session, ports.settings.life.koyeb)),
    isApplicationPassword: session.isApplicationPassword,
    credentialId: (await ports.store.sessionById(session.id))?.credentialId ?? null,
    parentSessionRow: session.row,
    signIn: null,
    action: 'session-switch',
    mint: mintKoyebToken(context),
  })
}
