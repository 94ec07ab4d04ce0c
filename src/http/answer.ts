/** HTTP: sends bodies with their exact media type. Bodies are Buffers, because Fastify adds a charset to strings. */
import type { FastifyReply } from 'fastify'

/** Header of an answer that no cache may store, because it carries a token (RFC 9111 section 5.2.2.5). */
export const noStore: Readonly<Record<string, string>> = { 'cache-control': 'no-store' }

/** Sends a value as JSON. The media type is the one set before, by default `application/json`. */
export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/json')
  return reply.code(status).send(Buffer.from(JSON.stringify(body)))
}

/** Sends a text unchanged. */
export function sendText(
  reply: FastifyReply,
  status: number,
  answer: { readonly text: string; readonly headers: Readonly<Record<string, string>> },
): FastifyReply {
  return reply.code(status).headers(answer.headers).send(Buffer.from(answer.text))
}

/** Sends the text of a JSON answer that carries tokens, which no cache may store. */
export function sendTokens(reply: FastifyReply, status: number, text: string): FastifyReply {
  return sendText(reply, status, { text, headers: { 'content-type': 'application/json', ...noStore } })
}

/** Sends a status without a body. */
export function sendEmpty(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  return reply.code(status).headers(headers).send()
}
