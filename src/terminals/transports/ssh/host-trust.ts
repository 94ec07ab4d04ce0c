/** Terminals: which host keys are a server's: the one pinned in the inventory, or one that its host authority signed. */
import type { TerminalTarget } from '../transport.ts'
import { parsePublicLine } from './keys.ts'
import { MalformedBytes, string, WireReader } from './wire.ts'

/** The type of host certificates, as opposed to user certificates. */
const hostKind = 2

const certificateSuffix = '-cert-v01@openssh.com'

/** Number of strings of the public key between nonce and serial, by the certificate's name without its suffix (PROTOCOL.certkeys). */
const keyFields: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519': 2,
  'sk-ecdsa-sha2-nistp256': 3,
}

/**
 * Returns a function that checks whether a host key's blob is the server's.
 *
 * The client program checks signatures, names and times by the known-hosts file. This is a second, coarser check by the
 * agent, so that its signature cannot be for another host.
 */
export function hostTrust({
  hostKey,
  hostCa,
}: Pick<TerminalTarget, 'hostKey' | 'hostCa'>): (blob: Uint8Array) => boolean {
  const pinned = hostKey === null ? null : (parsePublicLine(hostKey)?.blob ?? null)
  const authority = hostCa === null ? null : (parsePublicLine(hostCa)?.blob ?? null)
  return (blob) => {
    const certificate = readHostCertificate(blob)
    const plain = certificate?.plainBlob ?? blob
    if (pinned?.equals(plain) === true) return true
    return authority !== null && certificate !== null && authority.equals(certificate.authorityBlob)
  }
}

type HostCertificate = { readonly plainBlob: Buffer; readonly authorityBlob: Buffer }

/** Returns the parts of a host certificate; null: it is none. */
function readHostCertificate(blob: Uint8Array): HostCertificate | null {
  try {
    const reader = new WireReader(blob)
    const algorithm = reader.text()
    const base = algorithm.endsWith(certificateSuffix) ? algorithm.slice(0, -certificateSuffix.length) : ''
    const count = Object.hasOwn(keyFields, base) ? (keyFields[base] as number) : 0
    if (count === 0) return null
    reader.string()
    const fields = Array.from({ length: count }, () => string(reader.string()))
    reader.uint64()
    if (reader.uint32() !== hostKind) return null
    skipStrings(reader, 2) // key id, principals
    reader.uint64()
    reader.uint64()
    skipStrings(reader, 3) // critical options, extensions, reserved
    const authorityBlob = reader.string()
    skipStrings(reader, 1) // signature
    reader.end()
    return { plainBlob: Buffer.concat([string(plainName(base)), ...fields]), authorityBlob }
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
}

function skipStrings(reader: WireReader, count: number): void {
  for (let left = count; left > 0; left--) reader.string()
}

function plainName(base: string): string {
  return base.startsWith('sk-') ? `${base}@openssh.com` : base
}
