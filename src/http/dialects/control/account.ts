/** control: the caller's account, its password and its second factor. */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { changeOwnPassword } from '../../../core/accounts/change-password.ts'
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  type SecondFactorRequest,
} from '../../../core/accounts/second-factor.ts'
import { sessionThatGoesOn } from '../../../core/sessions/session.ts'
import { noStore, sendEmpty, sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { requireSecondFactor } from './require-second-factor.ts'
import { controlTokens } from './tokens.ts'
import { encodeAccount } from './wire.ts'

const NewPassword = Type.Object(
  { current_password: Type.String(), new_password: Type.String() },
  { title: 'PasswordChange' },
)
const Proof = Type.Object({ password: Type.String() }, { title: 'PasswordProof' })
const Code = Type.Object({ code: Type.String({ maxLength: 64 }) }, { title: 'Code' })

/** Registers the routes. */
export function registerAccount(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = [authenticate(context, controlTokens), requireSecondFactor]
  const whileDue = [authenticate(context, { ...controlTokens, isServedWhileDue: true }), requireSecondFactor]
  app.get(
    '/api/v1/account',
    { onRequest: whileDue, schema: { openapi: operations.getAccount } },
    async (request, reply) => {
      const { account } = signedIn(request)
      return sendJson(reply.headers(noStore), 200, encodeAccount(account, await ports.store.memberships(account.id)))
    },
  )
  app.put(
    '/api/v1/account/password',
    { onRequest: whileDue, schema: { openapi: operations.changePassword, body: NewPassword } },
    async (request, reply) => {
      const { account, session } = signedIn(request)
      await changeOwnPassword(ports, account, {
        current: request.body.current_password,
        next: request.body.new_password,
        keptSessionRow: sessionThatGoesOn(session),
        request: describeRequest(request, 'control'),
      })
      return sendEmpty(reply, 204)
    },
  )
  app.post(
    '/api/v1/account/totp',
    { onRequest: whileDue, schema: { openapi: operations.beginSecondFactor, body: Proof } },
    async (request, reply) => {
      const enrolment = await beginSecondFactor(ports, secondFactorRequest(request), request.body.password)
      const body = { ...enrolment, qr_code: await context.qrCode(enrolment.uri) }
      return sendJson(reply, 201, body)
    },
  )
  app.post(
    '/api/v1/account/totp/confirm',
    { onRequest: whileDue, schema: { openapi: operations.confirmSecondFactor, body: Code } },
    async (request, reply) => {
      await confirmSecondFactor(ports, secondFactorRequest(request), request.body.code)
      return sendEmpty(reply, 204)
    },
  )
  app.delete(
    '/api/v1/account/totp',
    { onRequest, schema: { openapi: operations.removeSecondFactor, body: Proof } },
    async (request, reply) => {
      await removeSecondFactor(ports, secondFactorRequest(request), request.body.password)
      return sendEmpty(reply, 204)
    },
  )
  app.post(
    '/api/v1/account/recovery_codes',
    { onRequest, schema: { openapi: operations.renewRecoveryCodes, body: Proof } },
    async (request, reply) => {
      const codes = await renewRecoveryCodes(ports, secondFactorRequest(request), request.body.password)
      return sendJson(reply.headers(noStore), 201, { codes })
    },
  )
  app.get('/api/v1/metadata', { onRequest, schema: { openapi: operations.getMetadata } }, async (request, reply) => {
    const { account } = signedIn(request)
    const body = { user_id: account.uuid, implementor_groups: account.groups, ou_group: '', roles: [account.role] }
    return sendJson(reply, 200, body)
  })
}

function secondFactorRequest(request: FastifyRequest): SecondFactorRequest {
  const { account, session } = signedIn(request)
  return { account, sessionRow: sessionThatGoesOn(session), request: describeRequest(request, 'control') }
}
