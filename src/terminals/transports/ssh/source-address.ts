/** Terminals: the addresses from which a certificate is valid. */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'

/** `auto`: the address from which this machine reaches the server; `off`: everywhere; else addresses and CIDRs. */
export type SourceAddressRule = 'auto' | 'off' | readonly string[]

/** Returns the rule of a checked option: `auto`, `off`, or addresses and CIDRs with commas between them. */
export function sourceAddressRule(text: string): SourceAddressRule {
  return text === 'auto' || text === 'off' ? text : text.split(',')
}

/**
 * Returns the addresses of a certificate for a server; null: everywhere.
 *
 * @throws Error if there is no route to the server.
 */
export async function sourceAddresses(
  rule: SourceAddressRule,
  target: { readonly address: string; readonly port: number },
): Promise<readonly string[] | null> {
  if (rule === 'off') return null
  return rule === 'auto' ? [await localAddress(target)] : rule
}

/** The kernel chooses the address when a UDP socket is connected; nothing is sent. */
function localAddress({ address, port }: { readonly address: string; readonly port: number }): Promise<string> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.connect(port, address, () => {
      const { address: local } = socket.address()
      socket.close()
      resolve(local)
    })
  })
}
