/** Terminals: reads a PTY token that this installation signed. Whether it is known and unused is the store's decision. */
import { Refusal } from '../core/errors.ts'
import type { TokenSigner } from '../core/ports.ts'

/** The claims that open a socket. */
export type PtyTokenClaims = {
  readonly accountUuid: string
  readonly ptySessionId: string
  readonly role: 'implementor' | 'observer'
}

/** The type of PTY tokens (RFC 8725 section 3.11). */
const tokenType = 'proxy/ws+jwt'

/**
 * Returns the claims of a token whose signature, type, audience and end are in order.
 *
 * @throws TOKEN_INVALID, TOKEN_EXPIRED.
 */
export async function readPtyToken(
  signer: Pick<TokenSigner, 'read'>,
  token: string,
  gatewayGroup: string,
): Promise<PtyTokenClaims> {
  const found = await signer.read('pty', token, { typ: tokenType, audience: gatewayGroup })
  if (found.kind !== 'read') throw new Refusal(found.kind === 'expired' ? 'TOKEN_EXPIRED' : 'TOKEN_INVALID')
  const { sub, connection } = found.claims as Claims
  const ptySessionId = connection?.pty_session?.id
  const role = connection?.user_session?.start_role
  if (typeof sub !== 'string' || typeof ptySessionId !== 'string') throw new Refusal('TOKEN_INVALID')
  if (role !== 'implementor' && role !== 'observer') throw new Refusal('TOKEN_INVALID')
  return { accountUuid: sub, ptySessionId, role }
}

type Claims = {
  readonly sub?: unknown
  readonly connection?: {
    readonly pty_session?: { readonly id?: unknown }
    readonly user_session?: { readonly start_role?: unknown }
  }
}
