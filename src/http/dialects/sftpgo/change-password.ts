/** sftpgo: changes the caller's password; the presented token ends with it, and every other session of the account. */
import { changeOwnPassword } from '../../../core/accounts/change-password.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { invalidAccount, readObject, readText } from './account-shape-fields.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { authenticateSelf, selfPath } from './self-service.ts'
import { documentSelf } from './self-service-documents.ts'
import { sendBody } from './wire.ts'

/** Registers changepwd of a realm. */
export function registerChangePassword(app: App, context: HttpContext, realm: Realm): void {
  serve(app, `${selfPath(realm)}/changepwd`, {
    method: 'PUT',
    schema: documentSelf('change password', realm),
    onRequest: authenticateSelf(context, realm, { unless: 'password-change-disabled' }),
    handler: async (request, reply) => {
      const { account } = signedIn(request)
      const { current, next } = decodePasswords(request.body)
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

/** @throws INPUT_INVALID */
function decodePasswords(from: unknown): { readonly current: string; readonly next: string } {
  const body = readObject(from)
  const [current, next] = [readText(body, 'current_password'), readText(body, 'new_password')]
  if (current === '' || next === '') {
    throw invalidAccount('please provide the current password and the new one two times')
  }
  if (current === next) throw invalidAccount('the new password must be different from the current one')
  return { current, next }
}
