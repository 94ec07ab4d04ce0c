/** Terminals: the known-hosts file of one login, with the one server under its name in the inventory. */
import { inventoryName } from '../../../core/terminals/server.ts'
import type { TerminalTarget } from '../transport.ts'
import { parsePublicLine } from './keys.ts'
import { NotPossibleHere } from './not-possible-here.ts'

/**
 * Returns the lines of the file: the pinned key, the authority that signs the host's key, or both.
 *
 * @throws NotPossibleHere if the name or a key could mean more than itself there.
 */
export function knownHosts({ name, hostKey, hostCa }: Pick<TerminalTarget, 'name' | 'hostKey' | 'hostCa'>): string {
  if (!inventoryName.test(name)) throw new NotPossibleHere('The name of the server cannot stand in a known-hosts file.')
  if (hostKey === null && hostCa === null)
    throw new NotPossibleHere('The server has neither a host key nor a host authority.')
  const pinned = hostKey === null ? '' : `${name} ${keyText(hostKey)}\n`
  const signed = hostCa === null ? '' : `@cert-authority ${name} ${keyText(hostCa)}\n`
  return pinned + signed
}

/** The key without its comment. */
function keyText(line: string): string {
  const key = parsePublicLine(line)
  if (key === null) throw new NotPossibleHere('A host key of the server is not one OpenSSH public key line.')
  return `${key.algorithm} ${key.blob.toString('base64')}`
}
