/** sftpgo: shows and renews the caller's recovery codes. An account without a second factor has none. */
import type { Account } from '../../../core/accounts/account.ts'
import { changeOwnAccount, type OwnChange } from '../../../core/accounts/change-own.ts'
import { newRecoveryCodes, openRecoveryCodes } from '../../../core/accounts/recovery-codes.ts'
import { Refusal } from '../../../core/errors.ts'
import { noStore } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { authenticateSelf, selfPath } from './self-service.ts'
import { documentSelf } from './self-service-documents.ts'
import { sendBody } from './wire.ts'

/** Registers both operations for a realm. */
export function registerRecoveryCodes(app: App, context: HttpContext, realm: Realm): void {
  const { ports } = context
  const path = `${selfPath(realm)}/2fa/recoverycodes`
  const onRequest = authenticateSelf(context, realm, { unless: 'mfa-disabled' })
  serve(app, path, {
    schema: documentSelf('read recovery codes', realm),
    onRequest,
    handler: async (request, reply) => {
      const { account } = signedIn(request)
      requireSecondFactor(account)
      const codes = openRecoveryCodes(ports.sealer, account.recoverySealed)
      const body = codes.map(({ code, used }) => ({ code, used }))
      return sendBody(reply.headers(noStore), 200, body)
    },
  })
  serve(app, path, {
    method: 'POST',
    schema: documentSelf('generate recovery codes', realm),
    onRequest,
    handler: async (request, reply) => {
      const { codes, sealed } = newRecoveryCodes(ports)
      await changeOwnAccount(ports, signedIn(request).account, {
        plan: (current) => planRenewal(current, sealed),
        request: describeRequest(request, 'sftpgo'),
      })
      const body = codes.map(({ code }) => code)
      return sendBody(reply.headers(noStore), 200, body)
    },
  })
}

function planRenewal(account: Account, recoverySealed: Uint8Array): OwnChange {
  requireSecondFactor(account)
  const act = { action: 'second-factor', detail: { step: 'recovery codes renewed' } } as const
  return { change: { recoverySealed }, keptSessionRow: null, act }
}

/** @throws SECOND_FACTOR_MISSING */
function requireSecondFactor(account: Account): void {
  if (account.totpSealed !== null) return
  throw new Refusal('SECOND_FACTOR_MISSING', {
    message: 'recovery codes are not available with two-factor authentication disabled',
  })
}
