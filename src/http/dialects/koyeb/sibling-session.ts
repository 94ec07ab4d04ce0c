/** koyeb: begins a session beside the caller's; what the caller's proved, and what it ends with, goes along. */
import type { FastifyRequest } from 'fastify'
import { type CreatedSession, createSession } from '../../../core/sessions/create-session.ts'
import { earlierEnd, endOfBegun } from '../../../core/sessions/session.ts'
import type { HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeClient, describeRequest } from '../../steps/describe-request.ts'
import { mintKoyebToken } from './tokens.ts'

/** What the new session is for. */
export type Scope = {
  /** null: none. */
  readonly organizationId: string | null
  /** Unix seconds; null: as long as the dialect gives. */
  readonly latestEnd: number | null
}

/**
 * Begins a session. The caller's must live at that moment; afterwards neither needs the other, so that a client can leave
 * an organization, end it, and go on. A credential, and a session that was given a shorter life, bounds what begins from it.
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
