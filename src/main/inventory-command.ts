/** Main: early checks and warnings about servers, groups and persons, for the command line. The store checks again. */

import { canonicalIp } from '../core/addresses.ts'
import { Refusal } from '../core/errors.ts'
import type { StoreCommand } from './store-command.ts'

/** Name and address of a server, which are unique. */
type Place = { readonly name: string; readonly address: string }

/**
 * Refuses a new server if another server has its name or address, before the user confirms a key.
 *
 * @throws NAME_TAKEN; ADDRESS_TAKEN naming the other server.
 */
export async function requireUnused(command: StoreCommand, { name, address }: Place): Promise<void> {
  if ((await command.reads.serverByName(name)) !== null) {
    throw new Refusal('NAME_TAKEN', { message: `There is already a server ${name}.` })
  }
  await requireUnusedAddress(command, { name, address })
}

/** Refuses the address of another server. @throws ADDRESS_TAKEN naming the other server. */
export async function requireUnusedAddress({ reads }: StoreCommand, { name, address }: Place): Promise<void> {
  const canonical = canonicalIp(address)
  const other = canonical === null ? null : await reads.serverByAddress(canonical)
  if (other === null || other.name === name) return
  throw new Refusal('ADDRESS_TAKEN', { message: `The server ${other.name} already has this address.` })
}

/** Returns whether a server, a change request or an account lists the group. */
export async function isGroupListed(command: StoreCommand, group: string): Promise<boolean> {
  const lists = await Promise.all([command.servers(), command.changes(), command.accounts()])
  return lists.flat().some(({ groups }) => groups.includes(group))
}

/** Returns the persons of a change request that no account belongs to. */
export async function unknownPersons({ reads }: StoreCommand, changeId: string): Promise<readonly string[]> {
  const change = await reads.changeById(changeId)
  const persons = [change?.requestedBy ?? null, change?.approvedBy ?? null].filter((person) => person !== null)
  const isKnown = await Promise.all(persons.map((person) => reads.personExists(person)))
  return [...new Set(persons.filter((_, index) => !isKnown[index]))]
}

/** Returns the names of the accounts of each person. A name that both roles have gets its role as a prefix. */
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
