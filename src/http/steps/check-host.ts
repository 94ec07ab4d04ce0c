/** HTTP step: accepts only the public host and loopback names, against DNS rebinding. */
import { Refusal } from '../../core/errors.ts'

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

const hostOfUrl = new Map<string, string>()

/**
 * Refuses a Host header that names neither the host of `publicUrl` nor loopback. Ports are ignored.
 *
 * @throws HOST_NOT_SERVED
 */
export function checkHost(hostHeader: string | undefined, publicUrl: string): void {
  if (hostHeader === undefined) return
  const name = hostHeader.replace(/:\d*$/, '').toLowerCase()
  if (!loopbackNames.has(name) && name !== publicHost(publicUrl)) throw new Refusal('HOST_NOT_SERVED')
}

function publicHost(publicUrl: string): string {
  const known = hostOfUrl.get(publicUrl)
  if (known !== undefined) return known
  const host = new URL(publicUrl).hostname.toLowerCase()
  hostOfUrl.set(publicUrl, host)
  return host
}
