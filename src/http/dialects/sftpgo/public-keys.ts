/** sftpgo: tells public keys and certificates from other texts; whether anybody holds the private half is not asked. */
import { X509Certificate } from 'node:crypto'

/** Key types of OpenSSH that SFTPGo takes. */
const keyTypes: ReadonlySet<string> = new Set([
  'ssh-rsa',
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
])

/** Fewest bits of an RSA key that a certificate may carry. */
const fewestRsaBits = 2048

/**
 * Tells whether a text is a line of `authorized_keys`: options, a type, and a blob that names the same type.
 *
 * @see OpenSSH sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253 section 6.6 for the blob.
 */
export function isAuthorizedKey(line: string): boolean {
  const words = line.trim().split(/[ \t]+/)
  return words.some((word, index) => keyTypes.has(word) && typeOfBlob(words[index + 1] ?? '') === word)
}

function typeOfBlob(base64: string): string | null {
  const blob = Buffer.from(base64, 'base64')
  if (blob.length < 4 || blob.toString('base64') !== base64) return null
  const end = 4 + blob.readUInt32BE(0)
  return end < blob.length ? blob.toString('latin1', 4, end) : null
}

/** Tells whether a text is an X.509 certificate in PEM, with a key that is not too weak. */
export function isCertificate(text: string): boolean {
  if (!text.trimStart().startsWith('-----BEGIN CERTIFICATE-----')) return false
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(text).publicKey
    return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= fewestRsaBits
  } catch (cause) {
    // Whatever the parser of OpenSSL says, it says as an Error with a code.
    if (cause instanceof Error && 'code' in cause) return false
    throw cause
  }
}
