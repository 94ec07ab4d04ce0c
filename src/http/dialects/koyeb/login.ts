/** koyeb: Login. The token is scoped to one organization, or to none if the account has none. */
import type { Account } from '../../../core/accounts/account.ts'
import { chooseOrganization } from '../../../core/organizations/organization.ts'
import { signIn } from '../../../core/sign-in.ts'
import type { Store } from '../../../core/store.ts'
import { sendTokens } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { describeClient, describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { mintKoyebToken } from './tokens.ts'
import { decodeLogin, encodeLoginReply } from './wire.ts'

/** Registers the route. */
export function registerLogin(app: App, context: HttpContext): void {
  const { ports } = context
  const mint = mintKoyebToken(context)
  app.post('/v1/account/login', { schema: { openapi: operations.Login } }, async (request, reply) => {
    const { email, password, organizationId } = decodeLogin(request.body)
    const { grant, minted } = await signIn(ports, {
      dialect: 'koyeb',
      signInName: { by: 'email', email },
      password,
      code: 'unsupported',
      client: describeClient(request, ports.digests),
      request: describeRequest(request, 'koyeb'),
      admit: (account) => scopeSignIn(ports.store, account, organizationId),
      mint,
    })
    return sendTokens(reply, 200, encodeLoginReply(grant, minted))
  })
}

/** Does not check a named organization: creating the session refuses an account that is not its member. */
async function scopeSignIn(
  store: Store,
  account: Account,
  wantedId: string | null,
): Promise<{ organizationId: string | null }> {
  if (wantedId !== null) return { organizationId: wantedId }
  const memberships = await store.memberships(account.id)
  return { organizationId: chooseOrganization(memberships, account.lastOrganizationId)?.id ?? null }
}
