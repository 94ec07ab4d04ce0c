/**
 * Terminals: OpenSSH user certificates. Each is for one login of one person, as one OS user, on one server.
 *
 * The layout is OpenSSH's PROTOCOL.certkeys; the content is our choice.
 */
import { Buffer } from 'node:buffer'
import { publicFields, type SigningKey, signBlob } from './keys.ts'
import { string, uint32, uint64 } from './wire.ts'

/** Seconds before now from which a certificate is valid, for servers whose clock is late. */
const secondsBefore = 300

/** Seconds for which a certificate stays valid; sshd checks it only at the login. */
const secondsAfter = 120

/** The type of user certificates, as opposed to host certificates. */
const userKind = 1

/** Most characters of an account's name in a key id. */
const longestName = 128

/** The content of a certificate. */
export type CertificateInput = {
  readonly serverName: string
  readonly osUser: string
  readonly ptySessionId: string
  readonly username: string
  readonly changeId: string | null
  /** The only command that the server may run; null: a shell. */
  readonly command: string | null
  /** Addresses and CIDRs from which it is valid; null: everywhere. */
  readonly sourceAddresses: readonly string[] | null
}

/** What a certificate is made with, besides its content. */
export type CertificateMaking = {
  /** The certified key; its private half signs the login. */
  readonly subject: SigningKey
  readonly authority: SigningKey
  /** Unix milliseconds. */
  readonly nowMs: number
  readonly randomBytes: (length: number) => Uint8Array
}

/** A certificate. */
export type Certificate = {
  readonly algorithm: string
  readonly blob: Buffer
  readonly keyId: string
}

/** Creates a certificate that is valid from five minutes ago for two more minutes, with a terminal and nothing else. */
export function makeCertificate(input: CertificateInput, making: CertificateMaking): Certificate {
  const { subject, authority, randomBytes } = making
  const now = Math.floor(making.nowMs / 1000)
  const keyId = keyIdOf(input)
  const algorithm = `${subject.algorithm}-cert-v01@openssh.com`
  const fields = Buffer.concat([
    string(algorithm),
    string(randomBytes(32)),
    publicFields(subject.privateKey, subject.type),
    uint64(Buffer.from(randomBytes(8)).readBigUInt64BE()),
    uint32(userKind),
    string(keyId),
    string(string(principalOf(input.serverName, input.osUser))),
    uint64(BigInt(now - secondsBefore)),
    uint64(BigInt(now + secondsAfter)),
    string(criticalOptions(input)),
    string(Buffer.concat([string('permit-pty'), string('')])),
    string(''),
    string(authority.publicBlob),
  ])
  return { algorithm, blob: Buffer.concat([fields, string(signBlob(authority, fields))]), keyId }
}

/** Returns the principal that a server lists for an OS user. */
export function principalOf(serverName: string, osUser: string): string {
  return `${serverName}/${osUser}`
}

/** Returns the key id, which sshd writes into its log; only characters that confuse neither a log nor `;` and `=`. */
export function keyIdOf({
  ptySessionId,
  username,
  changeId,
}: Pick<CertificateInput, 'ptySessionId' | 'username' | 'changeId'>): string {
  return `pty=${safe(ptySessionId)};account=${safe(username)};change=${changeId === null ? '-' : safe(changeId)}`
}

/** Critical options and extensions are sorted by name; the value of an option is a string in a string. */
function criticalOptions({ command, sourceAddresses }: CertificateInput): Buffer {
  const option = (name: string, value: string | null): Buffer =>
    value === null ? Buffer.alloc(0) : Buffer.concat([string(name), string(string(value))])
  return Buffer.concat([
    option('force-command', command),
    option('source-address', sourceAddresses === null ? null : sourceAddresses.join(',')),
  ])
}

/** Percent-encodes unsafe bytes; a text that is too long is cut, and ends with `~`. */
function safe(text: string): string {
  const characters = [...text].map((character) =>
    /^[A-Za-z0-9._@+-]$/.test(character)
      ? character
      : [...Buffer.from(character)].map((value) => `%${value.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
  const whole = characters.join('')
  if (whole.length <= longestName) return whole
  let cut = ''
  for (const character of characters) {
    if (cut.length + character.length >= longestName) break
    cut += character
  }
  return `${cut}~`
}
