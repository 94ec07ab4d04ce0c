/** Cli: the verb `organization`; who leaves one, or is in one that is removed, loses the sessions scoped to it. */
import type { Command } from 'commander'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { findAccount, nameOf } from './find-account.ts'
import { printJson, printTable, visible } from './output.ts'
import { timeText } from './values.ts'
import { changeStore, readStore } from './with-store.ts'

type Organization = Awaited<ReturnType<StoreCommand['reads']['organizations']>>[number]

const memberHelp = 'username; admin:NAME or user:NAME where both roles have it'

/** Adds the verb. */
export function addOrganizationVerb(program: Command): void {
  const organization = program.command('organization').description('Make organizations and say who belongs to them.')
  addStoreOptions(organization.command('add').description('Add an organization.').argument('<ORG>', 'name')).action(
    (name: string, flags: Flags) =>
      changeStore({ flags, mayCreate: true }, async (command) => {
        await command.addOrganization(name)
        return `Added the organization ${name}.`
      }),
  )
  const list = organization.command('list').description('List organizations with their members.')
  addStoreOptions(list.option('--json', 'Prints JSON.')).action((flags: Flags) =>
    readStore(flags, (command) => listAll(command, flags.json === true)),
  )
  const remove = organization.command('remove').description('Remove an organization and end the sessions in it.')
  addStoreOptions(remove.argument('<ORG>', 'name')).action((name: string, flags: Flags) =>
    changeStore({ flags }, async (command) => {
      await command.removeOrganization(await findOrganization(command, name))
      return `Removed the organization ${name} and ended the sessions in it.`
    }),
  )
  addMemberVerbs(organization)
}

function addMemberVerbs(organization: Command): void {
  const add = organization.command('add-member').description('Let an account sign in to an organization.')
  addStoreOptions(add.argument('<ORG>', 'name').argument('<NAME>', memberHelp)).action(
    (name: string, member: string, flags: Flags) =>
      changeStore({ flags }, async (command) => {
        const organization = await findOrganization(command, name)
        const account = await findAccount(command, member)
        await command.addMember({ organization, accountId: account.id })
        return `Added ${nameOf(account)} to ${name}.`
      }),
  )
  const remove = organization.command('remove-member').description('Take an account out and end its sessions there.')
  addStoreOptions(remove.argument('<ORG>', 'name').argument('<NAME>', memberHelp)).action(
    (name: string, member: string, flags: Flags) =>
      changeStore({ flags }, async (command) => {
        const organization = await findOrganization(command, name)
        const account = await findAccount(command, member)
        await command.removeMember({ organization, accountId: account.id })
        return `Took ${nameOf(account)} out of ${name} and ended its sessions there.`
      }),
  )
}

async function listAll(command: StoreCommand, asJson: boolean): Promise<void> {
  const organizations = await Promise.all(
    (await command.reads.organizations()).map(async (organization) => ({
      ...organization,
      members: (await command.members(organization.id)).map(({ id, username, role }) => ({ id, username, role })),
    })),
  )
  if (asJson) {
    return printJson(
      organizations.map(({ id, name, createdAtMs, members }) => ({
        id,
        name,
        created_at: timeText(createdAtMs),
        members,
      })),
    )
  }
  await printTable({
    rows: organizations,
    columns: {
      NAME: ({ name }) => name,
      ID: ({ id }) => id,
      CREATED: ({ createdAtMs }) => timeText(createdAtMs),
      MEMBERS: ({ members }) =>
        members.map(({ username, role }) => (role === 'admin' ? `admin:${username}` : username)).join(','),
    },
    whenEmpty: 'There are no organizations.',
  })
}

async function findOrganization({ reads }: StoreCommand, name: string): Promise<Organization> {
  const organization = await reads.organizationByName(name)
  if (organization === null) throw new CommandFailure(`There is no organization ${visible(name)}.`)
  return organization
}
