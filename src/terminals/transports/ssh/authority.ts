/** Terminals: the authority that signs certificates for terminals. Its key is stored sealed. */
import type { KeyObject } from 'node:crypto'
import { asSigningKey, type KeyType, makeSigningKey, publicLine, type SigningKey } from './keys.ts'

/** The source of the authority's key: created once, sealed in the store. */
export type SshAuthority = {
  readonly load: () => Promise<{
    readonly privateKey: KeyObject
    /** One OpenSSH public key line, for `TrustedUserCAKeys`. */
    readonly publicLine: string
  }>
}

/** Comment of the authority's public key line. */
const comment = 'sallyport-user-ca'

/** Creates the key of an authority. */
export function makeSshAuthorityKey(type: KeyType): { readonly privateKey: KeyObject; readonly publicLine: string } {
  const key = makeSigningKey(type)
  return { privateKey: key.privateKey, publicLine: publicLine(key, comment) }
}

/** Returns the public key line of an authority. @throws Error for a key of a kind that no authority has. */
export function sshPublicLine(privateKey: KeyObject): string {
  return publicLine(asSigningKey(privateKey), comment)
}

/** Returns what signs certificates. @throws Error for a key of a kind that no authority has. */
export async function loadSigningKey(authority: SshAuthority): Promise<SigningKey> {
  return asSigningKey((await authority.load()).privateKey)
}
