/** control: sign-in, refresh, and the list and end of sessions. */
import { Type } from 'typebox'
import type { Account } from '../../../core/accounts/account.ts'
import { Refusal } from '../../../core/errors.ts'
import { endAllSessions, endSession, endSessionById } from '../../../core/sessions/end-session.ts'
import { exchangeRefreshToken } from '../../../core/sessions/exchange.ts'
import { type SignInName, signIn } from '../../../core/sign-in.ts'
import { sendEmpty, sendJson, sendTokens } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { invalidField } from '../../refusals.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { actorOf, describeClient, describeRequest } from '../../steps/describe-request.ts'
import { operations } from './documents.ts'
import { controlTokens, mintControlToken, refreshTokenRow } from './tokens.ts'
import { encodeSession, encodeSessionFacts } from './wire.ts'

const SignIn = Type.Object(
  {
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    email: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
    password: Type.String(),
    otp: Type.Optional(Type.String({ maxLength: 64 })),
    organization_id: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { title: 'SignInRequest' },
)
type SignInBody = Type.Static<typeof SignIn>

const Refresh = Type.Object({ refresh_token: Type.String() }, { title: 'RefreshRequest' })

const SessionId = Type.Object({ id: Type.String() })

/** Registers the routes. */
export function registerSessions(app: App, context: HttpContext): void {
  registerSignIn(app, context)
  registerEnds(app, context)
}

function registerSignIn(app: App, context: HttpContext): void {
  const { ports } = context
  const mint = mintControlToken(context)
  app.post(
    '/api/v1/sessions',
    { schema: { openapi: operations.createSession, body: SignIn } },
    async (request, reply) => {
      const { body } = request
      const { grant, minted } = await signIn(ports, {
        dialect: 'control',
        signInName: readClaimant(body),
        password: body.password,
        code: body.otp ?? null,
        client: describeClient(request, ports.digests),
        request: describeRequest(request, 'control'),
        admit: (account) => admitTo(context, account, body.organization_id),
        mint,
      })
      return sendTokens(reply, 201, encodeSession(grant, minted))
    },
  )
  app.post(
    '/api/v1/sessions/refresh',
    { schema: { openapi: operations.refreshSession, body: Refresh } },
    async (request, reply) => {
      const presented = request.body.refresh_token
      const wanted = { presented, request: describeRequest(request, 'control'), mint, encode: encodeSession }
      return sendTokens(reply, 200, await exchangeRefreshToken(ports, refreshTokenRow(presented), wanted))
    },
  )
}

function registerEnds(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = [authenticate(context, controlTokens)]
  const signOut = [authenticate(context, { ...controlTokens, isSignOut: true })]
  app.get('/api/v1/sessions', { onRequest, schema: { openapi: operations.listSessions } }, async (request, reply) => {
    const { account, session } = signedIn(request)
    const sessions = await ports.store.liveSessions(account.id)
    return sendJson(reply, 200, { items: sessions.map((one) => encodeSessionFacts(one, session.row)), next: null })
  })
  app.delete(
    '/api/v1/sessions',
    { onRequest: signOut, schema: { openapi: operations.endSessions } },
    async (request, reply) => {
      const actor = actorOf(request, 'control')
      await endAllSessions(ports, { accountId: actor.by.id, expectedEpoch: null }, actor)
      return sendEmpty(reply, 204)
    },
  )
  app.delete(
    '/api/v1/sessions/current',
    { onRequest: signOut, schema: { openapi: operations.endCurrentSession } },
    async (request, reply) => {
      await endSession(ports, signedIn(request).session, actorOf(request, 'control'))
      return sendEmpty(reply, 204)
    },
  )
  app.delete(
    '/api/v1/sessions/:id',
    { onRequest, schema: { openapi: operations.endSession, params: SessionId } },
    async (request, reply) => {
      await endSessionById(ports, request.params.id, actorOf(request, 'control'))
      return sendEmpty(reply, 204)
    },
  )
}

/** A username may be `admin:NAME`, if a user and an administrator have the same name. */
function readClaimant(body: SignInBody): SignInName {
  if ((body.username === undefined) === (body.email === undefined)) {
    throw invalidField('username', 'exactly one of username and email is needed')
  }
  if (body.email !== undefined) return { by: 'email', email: body.email }
  const username = body.username ?? ''
  const asAdmin = /^admin:(.+)$/s.exec(username)?.[1]
  return asAdmin === undefined ? { by: 'name', username, role: null } : { by: 'name', username: asAdmin, role: 'admin' }
}

async function admitTo(
  { ports }: HttpContext,
  account: Account,
  organizationId: string | undefined,
): Promise<{ organizationId: string | null }> {
  if (organizationId === undefined) return { organizationId: null }
  const memberships = await ports.store.memberships(account.id)
  if (memberships.some((membership) => membership.organization.id === organizationId)) return { organizationId }
  throw new Refusal('NOT_A_MEMBER')
}
