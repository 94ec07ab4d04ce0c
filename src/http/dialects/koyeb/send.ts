/** koyeb: sends answers that carry a token; always 200, because the Python client reads nothing else. */
import type { FastifyReply } from 'fastify'
import { noStore, sendText } from '../../answer.ts'

/** Sends an encoded LoginReply that nobody may keep. */
export function sendLoginReply(reply: FastifyReply, text: string): FastifyReply {
  return sendText(reply, 200, { text, headers: { 'content-type': 'application/json', ...noStore } })
}
