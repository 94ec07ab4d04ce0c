/** Console: where the gateway is as seen from this page. */
import type { PtyTicket } from '../client/client.ts'

const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/**
 * Returns the ticket with the address that this page can reach the gateway at: a page that was opened under another name
 * of the same loopback address stays with its own, because the gateway lets in pages of its own host alone.
 */
export function withGatewayOf(pageUrl: string, ticket: PtyTicket): PtyTicket {
  const [page, gateway] = [new URL(pageUrl), new URL(ticket.proxyUrl)]
  const isBothLoopback = [page, gateway].every(({ hostname }) => loopbackNames.includes(hostname))
  const isSameListener = page.port === gateway.port && page.protocol === gateway.protocol
  return isBothLoopback && isSameListener ? { ...ticket, proxyUrl: page.origin } : ticket
}
