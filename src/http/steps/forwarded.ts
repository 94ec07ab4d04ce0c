/** HTTP step: reads the addresses that proxies write into a forwarding header, in all usual forms. */
import { canonicalIp } from '../../core/addresses.ts'

/** A port, or an obfuscated one (RFC 7239 section 6). */
const port = String.raw`(?::(?:\d{1,5}|_[A-Za-z0-9._-]+))?`
const bracketed = new RegExp(String.raw`^\[([^\[\]]*:[^\[\]]*)\]${port}$`)
const dotted = new RegExp(String.raw`^([\d.]+)${port}$`)

const quoted = String.raw`"(?:[^"\\]|\\.)*"`
const element = new RegExp(`((?:${quoted}|[^",])*)(?:,|$)`, 'y')
const pair = new RegExp(String.raw`^\s*([!#$%&'*+.^_|~\x60\w-]+)=(${quoted}|[^\s";=,]+)\s*$`)
const pairs = new RegExp(`(?:${quoted}|[^";])+`, 'g')

/**
 * Returns the canonical addresses in a header, the client's first. null stands for an address that cannot be read; if the
 * whole header cannot be read, the list is one null.
 *
 * @param header lower-case name. `forwarded` is read by RFC 7239, and every other header as a list of addresses.
 */
export function readHops(header: string, value: string): readonly (string | null)[] {
  const nodes = header === 'forwarded' ? readForwarded(value) : value.split(',').filter((node) => node.trim() !== '')
  return nodes.length === 0 ? [null] : nodes.map((node) => (node === null ? null : readNode(node)))
}

/** Returns the `for` of every element. After an unclosed quote nothing of the header can be read. */
function readForwarded(value: string): readonly (string | null)[] {
  const nodes: (string | null)[] = []
  element.lastIndex = 0
  while (element.lastIndex < value.length) {
    const found = element.exec(value)
    if (found === null) return [null]
    const [, text = ''] = found
    if (text.trim() !== '') nodes.push(forOf(text))
  }
  return nodes
}

function forOf(text: string): string | null {
  const found: string[] = []
  for (const [one] of text.matchAll(pairs)) {
    if (one.trim() === '') continue
    const [, name = '', value = ''] = pair.exec(one) ?? []
    if (name === '') return null
    if (name.toLowerCase() === 'for') found.push(value)
  }
  return found.length === 1 ? (found[0] ?? null) : null
}

function readNode(text: string): string | null {
  const node = unquote(text.trim())
  const address = bracketed.exec(node)?.[1] ?? dotted.exec(node)?.[1] ?? node
  return canonicalIp(address)
}

function unquote(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/gs, '$1') : text
}
