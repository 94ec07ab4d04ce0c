/** Main: the store for the command line. A revocation is done only after a running server has applied it. */
import { stat } from 'node:fs/promises'
import type { Account } from '../core/accounts/account.ts'
import { grantedBy } from '../core/accounts/permissions.ts'
import {
  type AcceptedAccount,
  type Administration,
  type AdministratorChange,
  addAcceptedAccount,
  changeAccount,
  removeAccount,
} from '../core/administration/administer-accounts.ts'
import type { RequestFacts } from '../core/audit/act.ts'
import { scrubCommandLine } from '../core/audit/scrub.ts'
import type { TrailSigner } from '../core/audit/trail-signer.ts'
import { isCredentialLive } from '../core/credentials/credential.ts'
import { isRefusal, Refusal } from '../core/errors.ts'
import { everyAccount, everyChange, everyMember, everyServer, listOf } from '../core/every-row.ts'
import {
  addMember,
  addOrganization,
  type Place,
  removeMember,
  removeOrganization,
} from '../core/organizations/administer.ts'
import type { Organization } from '../core/organizations/organization.ts'
import type { Reads } from '../core/store.ts'
import {
  addChange,
  addServer,
  type ChangeStep,
  changeServer,
  removeServer,
  type ServerInput,
  setChangeState,
} from '../core/terminals/inventory.ts'
import type { ChangeRequest, Server } from '../core/terminals/server.ts'
import { createLog } from '../platform/log.ts'
import { readOsUser } from '../platform/os-user.ts'
import { dataFiles } from '../stores/sqlite/data-directory.ts'
import { notifyServer } from '../stores/sqlite/notify.ts'
import { openTrailSigner, signTrail } from './audit-trail.ts'
import { openStoreAccess, type Start, type StoreAccess } from './store-access.ts'

/** Most milliseconds until a running server confirms. */
const confirmationMs = 5_000

export type { Account, ChangeRequest, Server }

/** The input of {@link openCommand}. */
export type CommandStart = Start & {
  /** The words of the command line. The audit trail stores them without secrets. */
  readonly words: readonly string[]
  /** Whether a missing store is created. */
  readonly mayCreate: boolean
}

/**
 * Opens the store for one command.
 *
 * @throws STORE_UNAVAILABLE when the store is missing and may not be created, or cannot be used.
 */
export async function openCommand(start: CommandStart): Promise<StoreCommand> {
  const { data } = start.config
  const isNew = !(await hasStore(start.config))
  if (!start.mayCreate && isNew) {
    throw new Refusal('STORE_UNAVAILABLE', {
      message: `There is no store in ${data}; name its directory with --data, or create one with account add or serve.`,
    })
  }
  const log = createLog({ level: 'silent' })
  const storeAccess = await openStoreAccess({ ...start, log }, 'command')
  const commandLine = scrubCommandLine(start.words.join(' '))
  return new StoreCommand(storeAccess, { commandLine, osUser: readOsUser(start.env) }, isNew)
}

/** Returns whether there is a store. */
export function hasStore({ data }: Pick<Start['config'], 'data'>): Promise<boolean> {
  return exists(dataFiles(data).database)
}

/** Whether a change may remove the last owner who can sign in. */
type Forcing = Pick<Administration, 'mayEndLastOwner'>

/** An opened store with the changes of administrators. Their events are in the audit chain `command`. */
export class StoreCommand {
  readonly reads: Reads
  /** For the other files of commands. */
  readonly storeAccess: StoreAccess
  /** Facts for the audit events of this command. */
  readonly request: RequestFacts
  /** Whether this command created the store. */
  readonly isNew: boolean
  /** Whether this command appended to the audit trail. */
  #hasWritten = false
  /** The last entry that this command appended to the revocation log; 0: none. */
  #lastSeq = 0

  constructor(storeAccess: StoreAccess, by: Pick<RequestFacts, 'commandLine' | 'osUser'>, isNew: boolean) {
    this.storeAccess = storeAccess
    this.isNew = isNew
    this.request = { by: 'command', ip: null, requestId: null, activity: null, ...by }
    this.reads = storeAccess.store
    storeAccess.store.onAudited(() => {
      this.#hasWritten = true
    })
    storeAccess.store.onRevocations(async (entries) => {
      this.#lastSeq = entries.at(-1)?.seq ?? this.#lastSeq
    })
  }

  /** Returns every account, oldest first. */
  accounts(): Promise<readonly Account[]> {
    return listOf(everyAccount(this.reads))
  }

  /** Returns every member of an organization, the oldest account first. */
  members(organizationId: string): Promise<readonly Account[]> {
    return listOf(everyMember(this.reads, organizationId))
  }

  /** Returns every server, sorted by name. */
  servers(): Promise<readonly Server[]> {
    return listOf(everyServer(this.reads))
  }

  /** Returns every change request, sorted by id. */
  changes(): Promise<readonly ChangeRequest[]> {
    return listOf(everyChange(this.reads))
  }

  /** Adds an account that was accepted. @throws Refusal as `addAcceptedAccount` does. */
  addAccount(account: AcceptedAccount): Promise<Account> {
    return addAcceptedAccount(this.storeAccess.ports, account, { ...this.#how(), asFirstAdmin: false })
  }

  /** Changes an account. @throws Refusal as `changeAccount` of the core does. */
  changeAccount(account: Account, change: AdministratorChange, how: Forcing = {}): Promise<Account> {
    return changeAccount(this.storeAccess.ports, account, { change, how: { ...this.#how(), ...how } })
  }

  /** Returns whether an error refuses to remove the last owner who can sign in. */
  isLastOwner(cause: unknown): boolean {
    return isRefusal(cause, 'LAST_OWNER')
  }

  /** Returns the permissions of an account. */
  permissionsOf({ authority }: Account): readonly string[] {
    return grantedBy(authority)
  }

  /** Enables an account. Returns how many of its credentials are accepted again. @throws Refusal as `changeAccount` does. */
  async enableAccount(account: Account): Promise<number> {
    await this.changeAccount(account, { status: 'enabled' })
    const held = await this.reads.credentials({ accountId: account.id })
    const nowMs = this.storeAccess.ports.clock.wallMs()
    return held.filter((one) => isCredentialLive(one, nowMs)).length
  }

  /**
   * Removes the second factor.
   *
   * @throws SECOND_FACTOR_NOT_PENDING when there is none; PASSWORD_TOO_SHORT_ALONE when the password is too short without it.
   */
  resetSecondFactor(account: Account): Promise<Account> {
    if (account.totpSealed === null) {
      throw new Refusal('SECOND_FACTOR_NOT_PENDING', { message: 'The account has no second factor.' })
    }
    return this.changeAccount(account, { removeSecondFactor: true })
  }

  /** Removes an account. @throws Refusal as `removeAccount` of the core does. */
  removeAccount(account: Account, how: Forcing = {}): Promise<void> {
    return removeAccount(this.storeAccess.ports, account, { ...this.#how(), ...how })
  }

  // Each of these throws what the function of the core with its name throws.

  addOrganization(name: string): Promise<Organization> {
    return addOrganization(this.storeAccess.ports, name, this.request)
  }

  removeOrganization(organization: Organization): Promise<void> {
    return removeOrganization(this.storeAccess.ports, organization, this.request)
  }

  addMember(place: Place): Promise<void> {
    return addMember(this.storeAccess.ports, place, this.request)
  }

  removeMember(place: Place): Promise<void> {
    return removeMember(this.storeAccess.ports, place, this.request)
  }

  addServer(input: ServerInput): Promise<Server> {
    return addServer(this.storeAccess.ports, input, this.request)
  }

  changeServer(server: Server): Promise<Server> {
    return changeServer(this.storeAccess.ports, server, this.request)
  }

  removeServer(name: string): Promise<void> {
    return removeServer(this.storeAccess.ports, name, this.request)
  }

  addChange(change: ChangeRequest): Promise<void> {
    return addChange(this.storeAccess.ports, change, this.request)
  }

  setChangeState(step: ChangeStep): Promise<void> {
    return setChangeState(this.storeAccess.ports, step, this.request)
  }

  /** Waits until a running server has applied the revocations of this command; `unconfirmed` if it does not confirm in time. */
  async confirm(): Promise<'confirmed' | 'unconfirmed'> {
    if (this.#lastSeq === 0) return 'confirmed'
    const answer = await notifyServer(this.storeAccess.store.socketPath, this.#lastSeq, confirmationMs)
    return answer === 'unconfirmed' ? 'unconfirmed' : 'confirmed'
  }

  /** Signs the audit trail if this command wrote to it, and closes the store. */
  async close(): Promise<void> {
    try {
      if (this.#hasWritten) await signTrail(this.storeAccess, await this.#openSigner())
    } finally {
      await this.storeAccess.close()
    }
  }

  #openSigner(): Promise<TrailSigner> {
    return openTrailSigner(this.storeAccess, { chain: 'command', request: this.request })
  }

  #how(): Administration {
    return { by: null, request: this.request }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return false
    throw error
  }
}
