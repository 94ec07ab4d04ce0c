/** Core: IP addresses in one canonical text each, so that equal addresses are equal strings. Pure: no resolver, no socket. */

/** Eight groups of 16 bits; an IPv4 address is its IPv4-mapped one (RFC 4291 section 2.5.5.2). */
type Groups = readonly number[]

/** Groups before the 32 bits of an IPv4-mapped address. */
const mappedPrefix: Groups = [0, 0, 0, 0, 0, 0xffff]

/** Groups of the network part that one IPv6 customer usually has. */
const customerGroups = 4

/**
 * Returns the canonical text of an IP address, or null if the text is none.
 *
 * IPv4 in dotted decimal, IPv4-mapped IPv6 as IPv4, other IPv6 compressed in lower case without its zone.
 *
 * @see RFC 5952 section 4 for IPv6. Octets with leading zeros are refused, because some programs read them as octal.
 */
export function canonicalIp(text: string): string | null {
  const groups = parse(text)
  return groups === null ? null : format(groups)
}

/**
 * Returns what failures and known places are counted on: an IPv4 address itself, of an IPv6 address its /64.
 *
 * @param ip A canonical address; another text is returned unchanged.
 */
export function addressKey(ip: string): string {
  if (!ip.includes(':')) return ip
  const groups = parse(ip)
  if (groups === null) return ip
  if (isMapped(groups)) return format(groups)
  return `${format(groups.map((group, index) => (index < customerGroups ? group : 0)))}/64`
}

/** A parsed network; null: the text was malformed, and no address is in it. */
export type Network = { readonly groups: Groups; readonly bits: number } | null

/**
 * Returns whether an address is in a network of its family.
 *
 * @param cidr As {@link parseNetwork} reads it.
 */
export function inCidr(ip: string, cidr: string): boolean {
  return networkHas(parseNetwork(cidr), ip)
}

/** Returns whether an address is in a parsed network. */
export function networkHas(network: Network, ip: string): boolean {
  const address = parse(ip)
  if (address === null || network === null || isMapped(address) !== isMapped(network.groups)) return false
  return address.every((group, index) => {
    const bits = Math.min(16, Math.max(0, network.bits - index * 16))
    const mask = (0xffff << (16 - bits)) & 0xffff
    return (group & mask) === ((network.groups[index] ?? 0) & mask)
  })
}

/** Returns the network of `10.0.0.0/8`, `2001:db8::/32`, or of a bare address; null if it is malformed. */
export function parseNetwork(cidr: string): Network {
  const [address = '', prefix, ...more] = cidr.split('/')
  const groups = address.includes('%') ? null : parse(address)
  if (groups === null || more.length > 0) return null
  if (prefix === undefined) return { groups, bits: 128 }
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return null
  const bits = address.includes(':') ? Number(prefix) : Number(prefix) + 96
  return bits > 128 || (isMapped(groups) && bits < 96) ? null : { groups, bits }
}

function parse(text: string): Groups | null {
  if (!text.includes(':')) {
    const tail = parseDotted(text)
    return tail === null ? null : [...mappedPrefix, ...tail]
  }
  const [address = '', zone, ...more] = text.split('%')
  if ((zone !== undefined && !/^[0-9a-z.:-]+$/i.test(zone)) || more.length > 0) return null
  const halves = address.split('::')
  if (halves.length > 2) return null
  const [head = '', tail] = halves
  const before = parseGroups(head, tail === undefined)
  const after = parseGroups(tail ?? '', true)
  if (before === null || after === null) return null
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  return [...before, ...Array.from({ length: missing }, () => 0), ...after]
}

function parseGroups(text: string, mayEndDotted: boolean): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const dotted = mayEndDotted && index === parts.length - 1 ? parseDotted(part) : null
    if (dotted === null) return null
    groups.push(...dotted)
  }
  return groups
}

function parseDotted(text: string): [number, number] | null {
  const octets = text.split('.')
  if (octets.length !== 4 || !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255))
    return null
  const [one = 0, two = 0, three = 0, four = 0] = octets.map(Number)
  return [one * 256 + two, three * 256 + four]
}

function isMapped(groups: Groups): boolean {
  return mappedPrefix.every((group, index) => groups[index] === group)
}

function format(groups: Groups): string {
  if (isMapped(groups)) {
    return groups
      .slice(mappedPrefix.length)
      .map((group) => `${group >> 8}.${group & 0xff}`)
      .join('.')
  }
  const { start, length } = longestZeros(groups)
  const hex = (part: Groups): string => part.map((group) => group.toString(16)).join(':')
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

function longestZeros(groups: Groups): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start }
  }
  return longest
}
