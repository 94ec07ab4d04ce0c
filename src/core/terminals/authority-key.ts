/** Core: keys that an installation creates once. They do not rotate. */

/** `ssh-user-ca` signs certificates for terminals (ed25519 or ECDSA P-256), `recording` signs recordings and `audit` the audit trail (ed25519). */
export type AuthorityKeyName = 'ssh-user-ca' | 'recording' | 'audit'

/** A key as it is stored. */
export type AuthorityKey = {
  readonly name: AuthorityKeyName
  /** PKCS #8 DER, sealed for the purpose `authority-key:<name>`. */
  readonly sealed: Uint8Array
  /** One OpenSSH public key line for the CA; SPKI PEM for the others. */
  readonly publicKey: string
  readonly createdAtMs: number
}
