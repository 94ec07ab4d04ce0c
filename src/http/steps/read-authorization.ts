/** HTTP step: reads the Authorization header. The first line counts, and schemes are case-insensitive (RFC 9110 section 11.1). */
import type { FastifyRequest } from 'fastify'

/** A header of the form `scheme value`, or a bare value. */
export type Authorization = { readonly scheme: string | null; readonly value: string }

/** Returns the scheme in lower case and the value, which one space separates; null if the header is missing or empty. */
export function readAuthorization(request: FastifyRequest): Authorization | null {
  const header = request.headers.authorization
  if (header === undefined || header === '') return null
  const blank = header.indexOf(' ')
  if (blank === -1) return { scheme: null, value: header }
  return { scheme: header.slice(0, blank).toLowerCase(), value: header.slice(blank + 1) }
}

/** Name and password of HTTP Basic (RFC 7617): UTF-8, split at the first colon. */
export type BasicCredentials = { readonly username: string; readonly password: string }

const standardBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the credentials of a Basic header, or null if it is malformed. */
export function readBasic(authorization: Authorization | null): BasicCredentials | null {
  if (authorization?.scheme !== 'basic' || !standardBase64.test(authorization.value)) return null
  const text = decodeUtf8(Buffer.from(authorization.value, 'base64'))
  const colon = text?.indexOf(':') ?? -1
  if (text === null || colon === -1) return null
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Decodes UTF-8; returns null for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    if (cause instanceof TypeError) return null
    throw cause
  }
}
