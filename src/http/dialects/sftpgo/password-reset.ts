/** sftpgo: resets of forgotten passwords; this server sends no mail, so that no code was ever handed out, and says so alike for every name. */
import type { App } from '../../context.ts'
import { invalidAccount, readObject, readText } from './account-shape-fields.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { documentSelf } from './self-service-documents.ts'
import { sendBody } from './wire.ts'

/** Registers forgot-password and reset-password for accounts of a realm; no token is needed. */
export function registerPasswordReset(app: App, realm: Realm): void {
  const path = `/${realm.role}s/:username`
  serve(app, `${path}/forgot-password`, {
    method: 'POST',
    schema: documentSelf('forgot password', realm),
    handler: async (_request, reply) => sendBody(reply, 400, { message: 'No SMTP configuration' }),
  })
  serve(app, `${path}/reset-password`, {
    method: 'POST',
    schema: documentSelf('reset password', realm),
    handler: async (request) => {
      const body = readObject(request.body)
      if (readText(body, 'password') === '') throw invalidAccount('please set a password')
      if (readText(body, 'code') === '') throw invalidAccount('please set a confirmation code')
      throw invalidAccount('confirmation code not found')
    },
  })
}
