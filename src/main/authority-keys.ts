/** Main: keys that an installation makes once and keeps sealed in its store; whoever comes second gets the first one's key. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { auditEvent, type RequestFacts } from '../core/audit/act.ts'
import type { AuthorityKeyName } from '../core/terminals/authority-key.ts'
import type { Ports } from '../core/wiring.ts'
import { makeSshAuthorityKey } from '../terminals/transports/ssh/authority.ts'
import type { KeyType } from '../terminals/transports/ssh/keys.ts'

/** A key that is ready to sign. */
export type LoadedAuthorityKey = {
  readonly privateKey: KeyObject
  /** One OpenSSH public key line for the CA; SPKI PEM for the recording key. */
  readonly publicKey: string
}

/** What matters only where the key is not there yet. */
export type AuthorityKeyMaking = {
  /** Of the CA; ed25519 by default. A key that exists keeps its type. */
  readonly keyType?: KeyType
  /** Whose doing it is; the server's by default. */
  readonly request?: RequestFacts
}

const byServer: RequestFacts = { by: 'server', ip: null, requestId: null, activity: null, commandLine: null }

/**
 * Returns a key of this installation; where there is none, makes it, seals it and keeps it, with an audit event.
 *
 * @throws INTERNAL when the key was sealed with another master key.
 */
export async function loadAuthorityKey(
  ports: Pick<Ports, 'clock' | 'store' | 'sealer'>,
  name: AuthorityKeyName,
  making: AuthorityKeyMaking = {},
): Promise<LoadedAuthorityKey> {
  const purpose = `authority-key:${name}`
  const known = await ports.store.authorityKey(name)
  if (known === null) await addKey(ports, name, making)
  const kept = known ?? (await ports.store.authorityKey(name))
  if (kept === null) throw new Error(`The key ${name} is not in the store, although it was added.`)
  const der = Buffer.from(ports.sealer.open(purpose, kept.sealed))
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  return { privateKey, publicKey: kept.publicKey }
}

async function addKey(
  ports: Pick<Ports, 'clock' | 'store' | 'sealer'>,
  name: AuthorityKeyName,
  { keyType = 'ed25519', request = byServer }: AuthorityKeyMaking,
): Promise<void> {
  const { privateKey, publicKey } = makers[name](keyType)
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const nowMs = ports.clock.wallMs()
  const sealed = ports.sealer.seal(`authority-key:${name}`, der)
  der.fill(0)
  const audit = auditEvent(
    request,
    { account: null, atMs: nowMs },
    { action: 'authority-key', subject: `authority-key:${name}` },
  )
  await ports.store.execute('addAuthorityKey', { name, sealed, publicKey, nowMs, audit })
}

const makers: Readonly<Record<AuthorityKeyName, (type: KeyType) => LoadedAuthorityKey>> = {
  'ssh-user-ca': (type) => {
    const { privateKey, publicLine } = makeSshAuthorityKey(type)
    return { privateKey, publicKey: publicLine }
  },
  recording: () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    return {
      privateKey,
      publicKey: createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString(),
    }
  },
}
