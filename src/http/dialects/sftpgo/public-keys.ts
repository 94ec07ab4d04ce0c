/** sftpgo: recognises public keys and certificates. It does not ask for a proof of the private key. */
import { createPublicKey, type webcrypto, X509Certificate } from 'node:crypto'

/** Fewest bits of an RSA key. */
const fewestRsaBits = 2048

const ed25519Bytes = 32

/** A curve and the bytes of one coordinate (RFC 5656 section 10.1). */
const curves = { nistp256: ['P-256', 32], nistp384: ['P-384', 48], nistp521: ['P-521', 66] } as const

/** Returns whether the parts of a blob, without its type, hold a key. */
type KeyCheck = (parts: readonly Buffer[]) => boolean

/** Key types of OpenSSH that are taken (RFC 4253 section 6.6, RFC 5656, RFC 8709; OpenSSH PROTOCOL.u2f for `sk-`). */
const keyTypes: Readonly<Record<string, KeyCheck>> = {
  'ssh-rsa': ([e, n, ...more]) => more.length === 0 && isRsaKey(e, n),
  'ssh-ed25519': ([key, ...more]) => more.length === 0 && key?.length === ed25519Bytes,
  'ecdsa-sha2-nistp256': (parts) => isPoint('nistp256', parts, 2),
  'ecdsa-sha2-nistp384': (parts) => isPoint('nistp384', parts, 2),
  'ecdsa-sha2-nistp521': (parts) => isPoint('nistp521', parts, 2),
  'sk-ssh-ed25519@openssh.com': (parts) => parts.length === 2 && parts[0]?.length === ed25519Bytes,
  'sk-ecdsa-sha2-nistp256@openssh.com': (parts) => isPoint('nistp256', parts, 3),
}

/** Options before a key may hold blanks in quotes. */
const keyLine = /^(?:(?:[^\s"]|"(?:[^"\\]|\\.)*")+[ \t]+)?(\S+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]|$)/

/**
 * Returns whether a text has a line of `authorized_keys`: options, a type, and a blob that holds a whole key of that
 * type.
 *
 * @see OpenSSH sshd(8), AUTHORIZED_KEYS FILE FORMAT.
 */
export function isAuthorizedKey(text: string): boolean {
  return text.split('\n').some((line) => {
    const [, type = '', base64 = ''] = keyLine.exec(line.trim()) ?? []
    const check = Object.hasOwn(keyTypes, type) ? keyTypes[type] : undefined
    const [named, ...parts] = partsOf(Buffer.from(base64, 'base64')) ?? []
    return !line.trim().startsWith('#') && check !== undefined && named?.toString('latin1') === type && check(parts)
  })
}

/** Returns the strings of a blob (RFC 4251 section 5), or null if bytes follow the last of them. */
function partsOf(blob: Buffer): readonly Buffer[] | null {
  const parts: Buffer[] = []
  let at = 0
  while (at < blob.length) {
    if (at + 4 > blob.length) return null
    const end = at + 4 + blob.readUInt32BE(at)
    if (end > blob.length) return null
    parts.push(blob.subarray(at + 4, end))
    at = end
  }
  return parts
}

function isRsaKey(e: Buffer | undefined, n: Buffer | undefined): boolean {
  if (e === undefined || n === undefined) return false
  return bitsOf({ kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') }) >= fewestRsaBits
}

function isPoint(name: keyof typeof curves, parts: readonly Buffer[], count: number): boolean {
  const [crv, bytes] = curves[name]
  const [named, point] = parts
  if (parts.length !== count || named?.toString('latin1') !== name || point?.length !== 2 * bytes + 1) return false
  const [x, y] = [point.subarray(1, bytes + 1), point.subarray(bytes + 1)].map((part) => part.toString('base64url'))
  return point[0] === 4 && bitsOf({ kty: 'EC', crv, x: x ?? '', y: y ?? '' }) !== 0
}

/** Returns the bits of an RSA key's modulus, -1 for a key of another kind, and 0 if it is no key. */
function bitsOf(key: webcrypto.JsonWebKey): number {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' })
    return asymmetricKeyDetails?.modulusLength ?? -1
  } catch (cause) {
    // OpenSSL's parser reports every failure as an Error with a code.
    if (cause instanceof Error && 'code' in cause) return 0
    throw cause
  }
}

/** Returns whether a text is an X.509 certificate in PEM with a strong key. */
export function isCertificate(text: string): boolean {
  if (!text.trimStart().startsWith('-----BEGIN CERTIFICATE-----')) return false
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(text).publicKey
    return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= fewestRsaBits
  } catch (cause) {
    // OpenSSL's parser reports every failure as an Error with a code.
    if (cause instanceof Error && 'code' in cause) return false
    throw cause
  }
}
