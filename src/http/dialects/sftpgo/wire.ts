/** sftpgo: encodes answers as Go's encoder writes them; field order, escapes and the final newline are part of the wire. */
import type { FastifyReply } from 'fastify'
import { sendText } from '../../answer.ts'
import type { Build } from '../../context.ts'

/** The answer without an own body; `error` is left out if it is empty. */
export type ApiResponse = { readonly error?: string; readonly message: string }

/** Characters that Go's `encoding/json` escapes inside strings, beyond those that JSON itself asks for. */
const escaped = /[<>&\u2028\u2029]/g

/** Returns a value as Go's `json.Encoder` writes it: HTML-safe escapes, lone surrogates replaced, a newline at the end. */
export function encodeBody(value: unknown): string {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'string' ? member.toWellFormed() : member,
  )
  return `${text.replace(escaped, escapeCharacter)}\n`
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Sends a value with the media type `application/json` and no charset. */
export function sendBody(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  return sendText(reply, status, { text: encodeBody(value), headers: { 'content-type': 'application/json' } })
}

/** Token; the time has no fraction and a literal `Z`, which clients parse by a fixed format. */
export function encodeToken(accessToken: string, expiresAt: number): Readonly<Record<string, string>> {
  return { access_token: accessToken, expires_at: formatTime(expiresAt) }
}

/** VersionInfo (SFTPGo REST API, version); nothing of what SFTPGo calls features is offered. */
export function encodeVersion(build: Build): Readonly<Record<string, unknown>> {
  return { version: build.version, build_date: build.builtAt, commit_hash: '', features: [] }
}

/** Returns seconds as Go's `time.Duration` is written: `30s`, `1m30s`, `1h0m0s`. */
export function formatDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60)]
  const minutePart = minutes === 0 ? '' : `${minutes % 60}m`
  return `${hours === 0 ? '' : `${hours}h`}${minutePart}${seconds % 60}s`
}

/** Returns Unix seconds as RFC 3339 in UTC without a fraction and with a literal `Z`. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
