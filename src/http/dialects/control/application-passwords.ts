/** control: the caller's application passwords, for dialects that cannot carry a code of the second factor. */
import { Type } from 'typebox'
import { provePassword } from '../../../core/accounts/change-password.ts'
import {
  addApplicationPassword,
  applicationPasswords,
  removeApplicationPassword,
} from '../../../core/credentials/application-passwords.ts'
import type { Credential } from '../../../core/credentials/credential.ts'
import { noStore, sendEmpty, sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { actorOf } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { requireSecondFactor } from './require-second-factor.ts'
import { controlTokens } from './tokens.ts'

const NewApplicationPassword = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    dialect: Type.Union([Type.Literal('pacerpro'), Type.Literal('giantswarm'), Type.Literal('koyeb')]),
    password: Type.String(),
  },
  { title: 'ApplicationPasswordWish' },
)

const CredentialId = Type.Object({ id: Type.String() })

/** Registers the routes. */
export function registerApplicationPasswords(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = [authenticate(context, controlTokens), requireSecondFactor]
  const path = '/api/v1/account/application_passwords'
  app.get(path, { onRequest, schema: { openapi: operations.listApplicationPasswords } }, async (request, reply) => {
    const held = await applicationPasswords(ports, signedIn(request).account)
    return sendJson(reply, 200, { items: held.map(encode), next: null })
  })
  app.post(
    path,
    { onRequest, schema: { openapi: operations.addApplicationPassword, body: NewApplicationPassword } },
    async (request, reply) => {
      const actor = actorOf(request, 'control')
      const { password, ...credentialRequest } = request.body
      await provePassword(ports, actor.by, { password, request: actor.request })
      const { credential, secret } = await addApplicationPassword(ports, credentialRequest, actor)
      return sendJson(reply.headers(noStore), 201, { ...encode(credential), secret })
    },
  )
  app.delete(
    `${path}/:id`,
    { onRequest, schema: { openapi: operations.removeApplicationPassword, params: CredentialId } },
    async (request, reply) => {
      await removeApplicationPassword(ports, request.params.id, actorOf(request, 'control'))
      return sendEmpty(reply, 204)
    },
  )
}

function encode(credential: Credential): Readonly<Record<string, unknown>> {
  return {
    id: credential.id,
    name: credential.name,
    dialect: credential.dialect,
    created_at: new Date(credential.createdAtMs).toISOString(),
    last_used_at: credential.lastUsedAtMs === null ? null : new Date(credential.lastUsedAtMs).toISOString(),
  }
}
