/** sftpgo: changes the caller's password; the presented token ends with it, and every other session of the account. */
import type { FastifyRequest } from 'fastify'
import { changeOwnPassword } from '../../../core/accounts/change-password.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { type Fields, filled } from './account-shape-fields.ts'
import { text } from './account-shape-kinds.ts'
import { readBody } from './bodies.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { authenticateSelf, selfPath } from './self-service.ts'
import { documentSelf } from './self-service-documents.ts'
import { invalidAccount } from './validation-error.ts'
import { sendBody } from './wire.ts'

/** Registers changepwd of a realm. */
export function registerChangePassword(app: App, context: HttpContext, realm: Realm): void {
  serve(app, `${selfPath(realm)}/changepwd`, {
    method: 'PUT',
    schema: documentSelf('change password', realm),
    onRequest: authenticateSelf(context, realm, { unless: 'password-change-disabled' }),
    handler: async (request, reply) => {
      const { account } = signedIn(request)
      const { current, next } = decodePasswords(request)
      await changeOwnPassword(context.ports, account, {
        current,
        next,
        keptSessionRow: 0,
        request: describeRequest(request, 'sftpgo'),
      })
      return sendBody(reply, 200, { message: 'Password updated' })
    },
  })
}

const sentPasswords = { current_password: filled(text()), new_password: filled(text()) } satisfies Fields

/** @throws INPUT_INVALID */
function decodePasswords(request: FastifyRequest): { readonly current: string; readonly next: string } {
  const { current_password: current, new_password: next } = readBody(request, sentPasswords)
  if (current === '' || next === '') {
    throw invalidAccount('please provide the current password and the new one two times')
  }
  if (current === next) throw invalidAccount('the new password must be different from the current one')
  return { current, next }
}
