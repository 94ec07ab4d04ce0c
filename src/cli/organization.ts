/** Cli: the verb `organization`. An account that leaves, or whose organization is removed, loses its sessions there. */
import type { Command } from 'commander'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { accountHelp, findAccount, nameOf } from './find-account.ts'
import { jsonOption, printList, visible } from './output.ts'
import { timeText } from './values.ts'
import { changeStore, changeVerb, readVerb } from './with-store.ts'

type Organization = Awaited<ReturnType<StoreCommand['reads']['organizations']>>[number]

/** Adds the verb. */
export function addOrganizationVerb(program: Command): void {
  const organization = program.command('organization').description('Keep organizations and their members.')
  addStoreOptions(organization.command('add').description('Add an organization.').argument('<ORG>', 'name')).action(
    (name: string, flags: Flags) =>
      changeStore({ flags, mayCreate: true }, async (command) => {
        await command.addOrganization(name)
        return `Added the organization ${name}.`
      }),
  )
  const listing = organization.command('list').description('List organizations with their members.')
  readVerb(listing.option(...jsonOption), list)
  const removal = organization.command('remove').description('Remove an organization and end the sessions in it.')
  changeVerb(removal.argument('<ORG>', 'name'), async (command, name: string) => {
    await command.removeOrganization(await findOrganization(command, name))
    return `Removed the organization ${name} and ended the sessions in it.`
  })
  const membership = (name: string, sentence: string): Command =>
    organization.command(name).description(sentence).argument('<ORG>', 'name').argument('<NAME>', accountHelp)
  changeVerb(membership('add-member', 'Let an account sign in to an organization.'), addMember)
  changeVerb(membership('remove-member', 'Remove an account and end its sessions there.'), removeMember)
}

async function addMember(command: StoreCommand, name: string, member: string): Promise<string> {
  const organization = await findOrganization(command, name)
  const account = await findAccount(command, member)
  await command.addMember({ organization, accountId: account.id })
  return `Added ${nameOf(account)} to ${name}.`
}

async function removeMember(command: StoreCommand, name: string, member: string): Promise<string> {
  const organization = await findOrganization(command, name)
  const account = await findAccount(command, member)
  await command.removeMember({ organization, accountId: account.id })
  return `Removed ${nameOf(account)} from ${name} and ended its sessions there.`
}

async function list(command: StoreCommand, flags: { readonly json?: boolean }): Promise<void> {
  const rows = await Promise.all(
    (await command.reads.organizations()).map(async ({ id, name, createdAtMs }) => ({
      id,
      name,
      created_at: timeText(createdAtMs),
      members: (await command.members(id)).map((account) => ({
        id: account.id,
        username: account.username,
        role: account.role,
      })),
    })),
  )
  await printList(
    {
      rows,
      columns: {
        NAME: ({ name }) => name,
        ID: ({ id }) => id,
        CREATED: ({ created_at: at }) => at,
        MEMBERS: ({ members }) =>
          members.map(({ username, role }) => (role === 'admin' ? `admin:${username}` : username)).join(','),
      },
      whenEmpty: 'There are no organizations.',
    },
    flags,
  )
}

async function findOrganization({ reads }: StoreCommand, name: string): Promise<Organization> {
  const organization = await reads.organizationByName(name)
  if (organization === null) throw new CommandFailure(`There is no organization ${visible(name)}.`)
  return organization
}
