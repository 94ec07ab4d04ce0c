/** Main: keys that an installation creates once and stores sealed. If two processes create one, both get the first. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { auditEvent, byServer, type RequestFacts } from '../core/audit/act.ts'
import type { AuditSeal } from '../core/audit/seal.ts'
import type { AuthorityKey, AuthorityKeyName } from '../core/terminals/authority-key.ts'
import type { Ports } from '../core/wiring.ts'
import { makeSshAuthorityKey, sshPublicLine } from '../terminals/transports/ssh/authority.ts'
import type { KeyType } from '../terminals/transports/ssh/keys.ts'

/** An opened key. */
export type LoadedAuthorityKey = {
  readonly privateKey: KeyObject
  /** Derived from the private key: an OpenSSH public key line for the CA, SPKI PEM for the others. */
  readonly publicKey: string
}

/** Options for the creation of a missing key. */
export type NewKeyOptions = {
  /** Type of the CA key; ed25519 by default. An existing key keeps its type. */
  readonly keyType?: KeyType
  /** Facts for the audit event; by default the server's. */
  readonly request?: RequestFacts
  /** Returns the first seal of the key `audit`. */
  readonly firstSeal?: (privateKey: KeyObject) => Promise<AuditSeal>
}

/**
 * Returns a key of this installation. Creates and stores a missing key, with an audit event.
 *
 * @throws INTERNAL when the key was sealed with another master key.
 */
export async function loadAuthorityKey(
  ports: Pick<Ports, 'clock' | 'store' | 'sealer'>,
  name: AuthorityKeyName,
  options: NewKeyOptions = {},
): Promise<LoadedAuthorityKey> {
  const known = await ports.store.authorityKey(name)
  if (known === null) await addKey(ports, name, options)
  const stored = known ?? (await ports.store.authorityKey(name))
  if (stored === null) throw new Error(`The key ${name} is not in the store, although it was added.`)
  const privateKey = openKey(ports, stored)
  return { privateKey, publicKey: publicHalves[name](privateKey) }
}

/**
 * Returns the public half of an existing key, derived from the private key: the stored public key may be forged. null: there
 * is no key.
 *
 * @throws INTERNAL when the key was sealed with another master key.
 */
export async function publicKeyOf(
  ports: Pick<Ports, 'clock' | 'store' | 'sealer'>,
  name: AuthorityKeyName,
): Promise<string | null> {
  const known = await ports.store.authorityKey(name)
  return known === null ? null : publicHalves[name](openKey(ports, known))
}

function openKey({ sealer }: Pick<Ports, 'sealer'>, { name, sealed }: AuthorityKey): KeyObject {
  const der = Buffer.from(sealer.open(`authority-key:${name}`, sealed))
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  return privateKey
}

async function addKey(
  ports: Pick<Ports, 'clock' | 'store' | 'sealer'>,
  name: AuthorityKeyName,
  { keyType = 'ed25519', request = byServer, firstSeal }: NewKeyOptions,
): Promise<void> {
  const privateKey = generators[name](keyType)
  const publicKey = publicHalves[name](privateKey)
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const nowMs = ports.clock.wallMs()
  const sealed = ports.sealer.seal(`authority-key:${name}`, der)
  der.fill(0)
  const audit = auditEvent(
    request,
    { account: null, atMs: nowMs },
    { action: 'authority-key', subject: `authority-key:${name}` },
  )
  const first = firstSeal === undefined ? {} : { firstSeal: await firstSeal(privateKey) }
  await ports.store.execute('addAuthorityKey', { name, sealed, publicKey, nowMs, ...first, audit })
}

const newEd25519 = (): KeyObject => generateKeyPairSync('ed25519').privateKey

const generators: Readonly<Record<AuthorityKeyName, (type: KeyType) => KeyObject>> = {
  'ssh-user-ca': (type) => makeSshAuthorityKey(type).privateKey,
  recording: newEd25519,
  audit: newEd25519,
}

const publicHalves: Readonly<Record<AuthorityKeyName, (privateKey: KeyObject) => string>> = {
  'ssh-user-ca': sshPublicLine,
  recording: publicPem,
  audit: publicPem,
}

function publicPem(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString()
}
