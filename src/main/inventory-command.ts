/** Main: what the command line says of servers, groups and persons before or beside a change; the store itself refuses what may not be. */

import { canonicalIp } from '../core/addresses.ts'
import { Refusal } from '../core/errors.ts'
import type { StoreCommand } from './store-command.ts'

/** What no two servers share. */
type Place = { readonly name: string; readonly address: string }

/**
 * Refuses a new server whose name or address another one has, before anybody is asked anything about it.
 *
 * @throws NAME_TAKEN; ADDRESS_TAKEN naming the other.
 */
export async function requireUnused(command: StoreCommand, { name, address }: Place): Promise<void> {
  if ((await command.reads.serverByName(name)) !== null) {
    throw new Refusal('NAME_TAKEN', { message: `There is a server ${name} already.` })
  }
  await requireUnusedAddress(command, { name, address })
}

/** Refuses an address that another server has. @throws ADDRESS_TAKEN naming the other. */
export async function requireUnusedAddress({ reads }: StoreCommand, { name, address }: Place): Promise<void> {
  const canonical = canonicalIp(address)
  const other = canonical === null ? null : await reads.serverByAddress(canonical)
  if (other === null || other.name === name) return
  throw new Refusal('ADDRESS_TAKEN', { message: `The server ${other.name} has this address already.` })
}

/** Tells whether a server, a change request or an account lists a group. */
export async function isGroupListed(command: StoreCommand, group: string): Promise<boolean> {
  const lists = await Promise.all([command.servers(), command.changes(), command.accounts()])
  return lists.flat().some(({ groups }) => groups.includes(group))
}

/** Returns those of the persons that are told of a change request whom no account stands for. */
export async function unknownPersons({ reads }: StoreCommand, changeId: string): Promise<readonly string[]> {
  const change = await reads.changeById(changeId)
  const told = [change?.requestedBy ?? null, change?.approvedBy ?? null].filter((person) => person !== null)
  const isKnown = await Promise.all(told.map((person) => reads.personExists(person)))
  return [...new Set(told.filter((_, index) => !isKnown[index]))]
}

/** Returns the names of the accounts of each person; one that both roles have is told with its role. */
export async function personNames(command: StoreCommand): Promise<ReadonlyMap<string, readonly string[]>> {
  const accounts = await command.accounts()
  const count = Map.groupBy(accounts, ({ username }) => username)
  const names = new Map<string, string[]>()
  for (const { person, username, role } of accounts) {
    const name = count.get(username)?.length === 1 ? username : `${role}:${username}`
    names.set(person, [...(names.get(person) ?? []), name])
  }
  return names
}
