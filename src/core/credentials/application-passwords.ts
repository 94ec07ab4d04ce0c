/** Core: application passwords: random, shown once, valid at one dialect that has no field for a second factor's code. */

import type { Account } from '../accounts/account.ts'
import type { Dialect } from '../dialects.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import { addCredential, type CredentialActor, removeCredential } from './administer.ts'
import type { Credential } from './credential.ts'

/** Prefix of every application password, for scanners of leaked secrets. */
const prefix = 'sallyport_app_'

/** 192 bits. */
const secretBytes = 24

/** Most application passwords of one account. */
const mostPerAccount = 50

/** The input; the dialects are those without a field for a code. */
export type ApplicationPasswordInput = {
  readonly name: string
  readonly dialect: Extract<Dialect, 'pacerpro' | 'giantswarm' | 'koyeb'>
}

/** A new application password; the secret is not stored. */
export type NewApplicationPassword = { readonly credential: Credential; readonly secret: string }

/**
 * Creates an application password for the account itself.
 *
 * @throws STATE_CHANGED if the account changed meanwhile, or has reached the limit.
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
 * Removes an application password of the account; its sessions end.
 *
 * @throws CREDENTIAL_NOT_FOUND if there is none with this id.
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
