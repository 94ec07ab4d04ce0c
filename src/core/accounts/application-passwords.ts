/** Core: application passwords; random, shown once, good at one dialect that cannot carry a second factor's code. */
import { addCredential, type CredentialActor, removeCredential } from '../credentials/administer.ts'
import type { Credential } from '../credentials/credential.ts'
import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { Account } from './account.ts'

/** Begins every application password, so that scanners for leaked secrets know one. */
const prefix = 'sallyport_app_'

/** 192 bits. */
const secretBytes = 24

/** One account has at most so many. */
const mostPerAccount = 50

/** What somebody asks for; the dialects are those that have no place for a code of the second factor. */
export type ApplicationPasswordInput = {
  readonly name: string
  readonly dialect: Extract<Dialect, 'pacerpro' | 'giantswarm' | 'koyeb'>
}

/** A new one; the secret is not kept. */
export type NewApplicationPassword = { readonly credential: Credential; readonly secret: string }

/**
 * Makes an application password for the account's own use.
 *
 * @throws STATE_CHANGED when the account changed meanwhile, or has as many as it may have.
 */
export async function addApplicationPassword(
  ports: Ports,
  input: ApplicationPasswordInput,
  actor: CredentialActor & { readonly by: Account },
): Promise<NewApplicationPassword> {
  const account = actor.by
  const held = await applicationPasswords(ports, account)
  if (held.length >= mostPerAccount) {
    throw new Refusal('STATE_CHANGED', { message: `An account has at most ${mostPerAccount} application passwords.` })
  }
  const secret = `${prefix}${ports.encodings.toBase64url(ports.random.bytes(secretBytes))}`
  const credential = await addCredential(
    ports,
    {
      id: ports.random.uuid(),
      kind: 'application-password',
      dialect: input.dialect,
      name: input.name,
      description: '',
      accountId: account.id,
      organizationId: null,
      role: null,
      secretDigest: ports.digests.sha256(secret),
      sessionRow: null,
      expiresAtMs: null,
      bearer: null,
      seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    },
    actor,
  )
  return { credential, secret }
}

/** Returns the application passwords of an account, oldest first. */
export function applicationPasswords(
  ports: Pick<Ports, 'store'>,
  account: Pick<Account, 'id'>,
): Promise<readonly Credential[]> {
  return ports.store.credentials({ kind: 'application-password', accountId: account.id })
}

/**
 * Removes one of the account's own; sessions that were begun with it end.
 *
 * @throws CREDENTIAL_NOT_FOUND when it has none of this id.
 */
export async function removeApplicationPassword(
  ports: Ports,
  id: string,
  actor: CredentialActor & { readonly by: Account },
): Promise<void> {
  const held = await applicationPasswords(ports, actor.by)
  if (!held.some((credential) => credential.id === id)) throw new Refusal('CREDENTIAL_NOT_FOUND')
  await removeCredential(ports, id, actor)
}
