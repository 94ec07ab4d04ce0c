/** sftpgo: the two token endpoints; HTTP Basic in, one token out (SFTPGo REST API, token and user/token). */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import { signIn } from '../../../core/sign-in.ts'
import { noStore } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { describeClient, describeRequest, oneHeader } from '../../steps/describe-request.ts'
import { type BasicCredentials, readAuthorization, readBasic } from '../../steps/read-authorization.ts'
import { documentToken } from './documents.ts'
import { offersTokens } from './login-methods.ts'
import type { Realm } from './realms.ts'
import { admitSignIn, callerOf } from './restrictions.ts'
import { serve } from './routes.ts'
import { endOf, mintSftpgoToken } from './tokens.ts'
import { encodeToken, sendBody } from './wire.ts'

/** Registers the token endpoint of a realm, unless the operator removed it. */
export function registerSignIn(app: App, context: HttpContext, realm: Realm): void {
  if (!offersTokens(context.settings, realm)) return
  const { ports } = context
  serve(app, `${realm.path}/token`, {
    schema: documentToken(realm),
    handler: async (request, reply) => {
      const { username, password } = readCredentials(request, realm)
      const { grant, minted } = await signIn(ports, {
        dialect: 'sftpgo',
        signInName: { by: 'name', username, role: realm.role },
        password,
        code: oneHeader(request, 'x-sftpgo-otp')?.trim() ?? null,
        client: describeClient(request, ports.digests),
        request: describeRequest(request, 'sftpgo'),
        admit: async (account) => {
          admitSignIn(account, callerOf(request), ports.clock.wallMs())
          return { organizationId: null }
        },
        mint: mintSftpgoToken(context, realm, request.clientIp),
      })
      return sendBody(reply.headers(noStore), 200, encodeToken(minted.accessToken, endOf(grant)))
    },
  })
}

/**
 * Returns name and password. An empty name or a blank password is no credentials to users, and wrong credentials to
 * administrators; blanks alone are never a password.
 *
 * @throws CREDENTIALS_MISSING
 */
function readCredentials(request: FastifyRequest, realm: Realm): BasicCredentials {
  const credentials = readBasic(readAuthorization(request))
  if (credentials === null) throw new Refusal('CREDENTIALS_MISSING')
  const isBlank = credentials.password.trim() === ''
  if (realm.role === 'user' && (isBlank || credentials.username === '')) throw new Refusal('CREDENTIALS_MISSING')
  return isBlank ? { ...credentials, password: '' } : credentials
}
