/** sftpgo: resets of forgotten passwords by a mailed code. No answer reveals whether an account exists, or whether it can get mail. */
import { mailResetCode, resetPassword } from '../../../core/accounts/reset-password.ts'
import { isRefusal } from '../../../core/errors.ts'
import type { App, HttpContext } from '../../context.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { type Fields, filled } from './account-shape-fields.ts'
import { text } from './account-shape-kinds.ts'
import { readAttributes } from './attributes.ts'
import { readBody } from './bodies.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { documentSelf } from './self-service-documents.ts'
import { invalidAccount } from './validation-error.ts'
import { sendBody } from './wire.ts'

const sentReset = { code: filled(text()), password: filled(text()) } satisfies Fields

/** Registers forgot-password and reset-password for accounts of a realm; no token is needed. */
export function registerPasswordReset(app: App, context: HttpContext, realm: Realm): void {
  const { ports } = context
  const path = `/${realm.role}s/:username`
  serve(app, `${path}/forgot-password`, {
    method: 'POST',
    schema: documentSelf('forgot password', realm),
    handler: async (request, reply) => {
      const { mailer } = ports
      if (mailer === null) return sendBody(reply, 400, { message: 'No SMTP configuration' })
      mailResetCode({ ...ports, mailer }, await ports.store.accountByName(usernameOf(request), realm.role))
      return sendBody(reply, 200, { message: 'Check your email for the confirmation code' })
    },
  })
  serve(app, `${path}/reset-password`, {
    method: 'POST',
    schema: documentSelf('reset password', realm),
    handler: async (request, reply) => {
      const { code, password } = readBody(request, sentReset)
      if (password === '') throw invalidAccount('please set a password')
      if (code === '') throw invalidAccount('please set a confirmation code')
      const input = { username: usernameOf(request), role: realm.role, code, password }
      const how = {
        request: describeRequest(request, 'sftpgo'),
        mayReset: (account: Parameters<typeof readAttributes>[0]) =>
          !readAttributes(account).webClient.includes('password-reset-disabled'),
      }
      try {
        await resetPassword(ports, input, how)
      } catch (cause) {
        if (isRefusal(cause, 'RESET_CODE_WRONG')) throw invalidAccount('confirmation code not found')
        throw cause
      }
      return sendBody(reply, 200, { message: 'Password reset successful' })
    },
  })
}

function usernameOf(request: { readonly params: unknown }): string {
  return (request.params as { readonly username: string }).username
}
