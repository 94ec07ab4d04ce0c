/** Terminals: refuses an upgrade before there is a WebSocket. Afterwards a browser could not see the reason. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { httpStatusOf, type Refusal } from '../core/errors.ts'
import { noContentPolicy } from '../protocol/content-security-policy.ts'

/** Answers a refusal in the form of the PTY token API, and closes the connection. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const status = httpStatusOf(refusal.code)
  const body = Buffer.from(JSON.stringify({ error: refusal.message }))
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    'X-Content-Type-Options: nosniff',
    `Content-Security-Policy: ${noContentPolicy}`,
    'Cache-Control: no-store',
    `Content-Length: ${body.length}`,
    ...(refusal.retryAfterSeconds === undefined ? [] : [`Retry-After: ${refusal.retryAfterSeconds}`]),
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(Buffer.concat([Buffer.from(`${headers.join('\r\n')}\r\n\r\n`), body]))
}
