/** pacerpro: the wire format. Names are camel case; times are in UTC with milliseconds. */
import { Type } from 'typebox'
import { Refusal } from '../../../core/errors.ts'
import type { Grant, Minted } from '../../../core/sessions/create-session.ts'

/** Body of a sign-in. */
export const User: Type.TObject<{ email: Type.TString; password: Type.TString }> = Type.Object(
  { email: Type.String(), password: Type.String() },
  { title: 'User' },
)

/** Answer that carries a token. */
export const Session: Type.TObject<{ jwtToken: Type.TString; expiresAt: Type.TString }> = Type.Object(
  { jwtToken: Type.String(), expiresAt: Type.String({ format: 'date-time' }) },
  { title: 'Session' },
)

/** Answer when all sessions have ended. It has a body, because clients of the original take an empty answer for a failure. */
export const Empty: Type.TObject<Record<never, never>> = Type.Object(
  {},
  { title: 'Empty', additionalProperties: false },
)

/** Encodes the answer to a sign-in or an exchange. @throws INTERNAL for a token without an end, which this dialect never creates. */
export function encodeSession({ expiresAt }: Grant, { accessToken }: Minted): string {
  if (expiresAt === null) throw new Refusal('INTERNAL', { detail: 'a token without an end' })
  return JSON.stringify({ jwtToken: accessToken, expiresAt: new Date(expiresAt * 1000).toISOString() })
}
