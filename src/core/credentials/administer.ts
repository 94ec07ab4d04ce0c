/** Core: adds, changes and removes credentials. A secret is returned once; only its digest is stored. */
import type { Account } from '../accounts/account.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { AccountSeen } from '../sessions/commands.ts'
import type { Ports } from '../wiring.ts'
import type { CredentialChange, CredentialCommands } from './commands.ts'
import type { Credential } from './credential.ts'

/** The actor and the request. */
export type CredentialActor = { readonly by: Pick<Account, 'id' | 'username'>; readonly request: RequestFacts }

/** A new credential. The caller, who knows its form, creates the secret and gives its digest. */
export type CredentialInput = Omit<Credential, 'createdAtMs' | 'updatedAtMs' | 'lastUsedAtMs'> & {
  readonly bearer: CredentialCommands['addCredential']['input']['bearer']
  /** The account as the caller saw it; null for a key without an account. */
  readonly seen: AccountSeen | null
}

/**
 * Adds a credential.
 *
 * @throws STATE_CHANGED if the account has changed since; NOT_A_MEMBER if it left the organization.
 */
export async function addCredential(
  ports: Pick<Ports, 'clock' | 'store'>,
  { bearer, seen, ...wanted }: CredentialInput,
  actor: CredentialActor,
): Promise<Credential> {
  const nowMs = ports.clock.wallMs()
  const credential: Credential = { ...wanted, createdAtMs: nowMs, updatedAtMs: nowMs, lastUsedAtMs: null }
  const audit = event(actor, nowMs, credential.id)
  const result = await ports.store.execute('addCredential', { credential, bearer, seen, nowMs, audit })
  if (result.kind === 'stale') throw new Refusal('STATE_CHANGED')
  if (result.kind === 'not-a-member') throw new Refusal('NOT_A_MEMBER')
  return credential
}

/**
 * Changes the description of a credential, never its secret.
 *
 * @throws CREDENTIAL_NOT_FOUND
 */
export async function changeCredential(
  ports: Pick<Ports, 'clock' | 'store'>,
  what: { readonly id: string; readonly change: CredentialChange },
  actor: CredentialActor,
): Promise<Credential> {
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('changeCredential', { ...what, nowMs, audit: event(actor, nowMs, what.id) })
  if (result.kind === 'missing') throw new Refusal('CREDENTIAL_NOT_FOUND')
  return result.credential
}

/**
 * Removes a credential; every session that it started ends.
 *
 * @throws CREDENTIAL_NOT_FOUND
 */
export async function removeCredential(
  ports: Pick<Ports, 'clock' | 'store'>,
  id: string,
  actor: CredentialActor,
): Promise<void> {
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('removeCredential', { id, nowMs, audit: event(actor, nowMs, id) })
  if (result.kind === 'missing') throw new Refusal('CREDENTIAL_NOT_FOUND')
}

function event(actor: CredentialActor, atMs: number, id: string): ReturnType<typeof auditEvent> {
  return auditEvent(actor.request, { account: actor.by, atMs }, { action: 'credential', subject: `credential:${id}` })
}
