/** HTTP step: reads the Authorization header; the first line counts, schemes are compared without case (RFC 9110 section 11.1). */
import type { FastifyRequest } from 'fastify'

/** A header of the form `scheme value`, or a value alone. */
export type Authorization = { readonly scheme: string | null; readonly value: string }

/** Returns scheme (lower case) and value, or null where no header came or it is empty. Exactly one blank parts them. */
export function readAuthorization(request: FastifyRequest): Authorization | null {
  const header = request.headers.authorization
  if (header === undefined || header === '') return null
  const blank = header.indexOf(' ')
  if (blank === -1) return { scheme: null, value: header }
  return { scheme: header.slice(0, blank).toLowerCase(), value: header.slice(blank + 1) }
}

/** Name and password of HTTP Basic (RFC 7617): split at the first colon, UTF-8. */
export type BasicCredentials = { readonly username: string; readonly password: string }

const standardBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the credentials of a Basic header, or null for anything malformed. */
export function readBasic(authorization: Authorization | null): BasicCredentials | null {
  if (authorization?.scheme !== 'basic' || !standardBase64.test(authorization.value)) return null
  const text = decodeUtf8(Buffer.from(authorization.value, 'base64'))
  const colon = text?.indexOf(':') ?? -1
  if (text === null || colon === -1) return null
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Returns bytes as text, or null when they are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    if (cause instanceof TypeError) return null
    throw cause
  }
}
