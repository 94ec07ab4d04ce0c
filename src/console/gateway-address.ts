/** Console: the gateway's address as this page can reach it. */
import type { PtyTicket } from '../client/client.ts'

const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/**
 * Returns the ticket with an address that this page can reach. A page that was opened under another name of the same
 * loopback address keeps its own, because the gateway accepts only pages of its own host.
 */
export function withGatewayOf(pageUrl: string, ticket: PtyTicket): PtyTicket {
  const [page, gateway] = [new URL(pageUrl), new URL(ticket.proxyUrl)]
  const isBothLoopback = [page, gateway].every(({ hostname }) => loopbackNames.includes(hostname))
  const isSameListener = page.port === gateway.port && page.protocol === gateway.protocol
  return isBothLoopback && isSameListener ? { ...ticket, proxyUrl: page.origin } : ticket
}
