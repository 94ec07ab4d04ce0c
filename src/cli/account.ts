/** Cli: the verb `account`; makes, shows and changes accounts. Passwords come from standard input or a terminal only. */
import type { Command } from 'commander'
import type { Account, StoreCommand } from '../main/store-command.ts'
import {
  type AuthorityFlags,
  addAuthorityOptions,
  addForceOption,
  keepLastOwner,
  readAuthority,
  requireAdministrator,
} from './account-authority.ts'
import { addStoreOptions, type Flags, loadConfig } from './configuration.ts'
import { UsageError } from './failure.ts'
import { findAccount, nameOf } from './find-account.ts'
import { printJson, printPairs, printTable } from './output.ts'
import { readPassword } from './read-password.ts'
import { collect, readChoice, readExpiry, readGroups, timeForms, timeText } from './values.ts'
import { changeStore, readStore, type StoreChange } from './with-store.ts'

type AccountFlags = Flags &
  AuthorityFlags & {
    readonly json?: boolean
    readonly email?: string | false
    readonly role?: string
    readonly expires?: string
    readonly person?: string | false
    readonly group?: readonly string[]
    readonly addGroup?: readonly string[]
    readonly removeGroup?: readonly string[]
    readonly passwordStdin?: boolean
    readonly password?: boolean
  }

const nameHelp = 'username; admin:NAME or user:NAME where both roles have it'

/** Adds the verb. */
export function addAccountVerb(program: Command): void {
  const account = program.command('account').description('Make, show and change accounts.')
  addWritingVerbs(account)
  addReadingVerbs(account)
  const acts = [
    ['disable', 'Ends all sessions of an account, and refuses new ones and its credentials.', disable],
    ['enable', 'Lets a disabled account sign in again, and accepts its credentials again.', enable],
    ['reset-second-factor', 'Takes the second factor away and ends all sessions.', resetSecondFactor],
    ['remove', 'Removes an account and ends all its sessions; its name is free again.', remove],
  ] as const
  for (const [verb, sentence, act] of acts) {
    const described = account.command(verb).description(sentence).argument('<NAME>', nameHelp)
    const endsOwners = verb === 'disable' || verb === 'remove'
    addStoreOptions(endsOwners ? addForceOption(described) : described).action((name: string, flags: AccountFlags) =>
      changeStore({ flags }, act(name, flags)),
    )
  }
}

function addWritingVerbs(account: Command): void {
  const add = account
    .command('add')
    .description('Add an account.')
    .argument('<NAME>', 'username')
    .option('--email <E>', 'E-mail address, with which it can sign in too.')
    .option('--role <ROLE>', 'admin or user. (default user)')
    .option('--group <G>', 'Group that it belongs to; may be repeated.', collect)
    .option('--expires <T>', `Time from which it cannot sign in: ${timeForms}; or never.`)
    .option('--person <P>', 'Natural person behind it, or another account of that person; itself by default.')
    .option('--password-stdin', 'Reads the password from standard input, one line.')
    .option('--no-password', 'Sets none: it cannot sign in until one is set.')
  addStoreOptions(addAuthorityOptions(add)).action(addOne)
  const set = account
    .command('set')
    .description('Change an account; a new role, and new permissions, end all its sessions.')
    .argument('<NAME>', nameHelp)
    .option('--email <E>', 'E-mail address.')
    .option('--no-email', 'Takes the e-mail address away.')
    .option('--role <ROLE>', 'admin or user.')
    .option('--expires <T>', `Time from which it cannot sign in: ${timeForms}; or never.`)
    .option('--person <P>', 'Natural person behind it, or another account of that person.')
    .option('--no-person', 'Lets it stand for itself.')
    .option('--add-group <G>', 'Group to join; may be repeated.', collect)
    .option('--remove-group <G>', 'Group to leave; may be repeated.', collect)
  addStoreOptions(addForceOption(addAuthorityOptions(set))).action(setOne)
  const setPassword = account
    .command('set-password')
    .description('Set a password and end all sessions.')
    .argument('<NAME>', nameHelp)
    .option('--password-stdin', 'Reads the password from standard input, one line.')
  addStoreOptions(setPassword).action(setOnePassword)
}

function addReadingVerbs(account: Command): void {
  addStoreOptions(account.command('list').description('List accounts.').option('--json', 'Prints JSON.')).action(
    (flags: AccountFlags) => readStore(flags, (command) => list(command, flags.json === true)),
  )
  const show = account.command('show').description('Show one account.').argument('<NAME>', nameHelp)
  addStoreOptions(show.option('--json', 'Prints JSON.')).action((name: string, flags: AccountFlags) =>
    readStore(flags, async (command) => showOne(command, await findAccount(command, name), flags.json === true)),
  )
}

async function addOne(username: string, flags: AccountFlags): Promise<void> {
  const role = readChoice('--role', flags.role ?? 'user', ['admin', 'user'])
  const expiresAt = flags.expires === undefined ? null : readExpiry('--expires', flags.expires, Date.now())
  if (flags.password === false && flags.passwordStdin === true) {
    throw new UsageError('--password-stdin and --no-password exclude each other.')
  }
  const groups = readGroups('--group', flags.group)
  const password = flags.password === false ? null : await readPassword(flags.passwordStdin === true)
  const email = typeof flags.email === 'string' ? flags.email : null
  const person = typeof flags.person === 'string' ? { person: flags.person } : {}
  const authority = await readAuthority(flags, role)
  const { acceptAccount } = await import('../main/account-command.ts')
  const account = await acceptAccount(
    { username, email, role, expiresAt, groups, password, ...person, ...authority },
    await loadConfig(flags, process.env),
  )
  await changeStore(
    { flags, mayCreate: true },
    async (command) => `Added ${nameOf(await command.addAccount(account))}.`,
  )
}

async function setOne(name: string, flags: AccountFlags): Promise<void> {
  const { email, role, expires, person, addGroup, removeGroup, adminRole, permission } = flags
  if (
    [email, role, expires, person, addGroup, removeGroup, adminRole, permission].every((flag) => flag === undefined)
  ) {
    throw new UsageError(
      'Nothing is to change; give --email, --role, --admin-role, --permission, --expires, --person, --add-group or --remove-group.',
    )
  }
  const change = {
    ...(email === undefined ? {} : { email: email === false ? null : email.trim() }),
    ...(role === undefined ? {} : { role: readChoice('--role', role, ['admin', 'user']) }),
    ...(expires === undefined ? {} : { expiresAt: readExpiry('--expires', expires, Date.now()) }),
    ...(person === undefined ? {} : { person: person === false ? null : person }),
    ...(addGroup === undefined ? {} : { addGroups: readGroups('--add-group', addGroup) }),
    ...(removeGroup === undefined ? {} : { removeGroups: readGroups('--remove-group', removeGroup) }),
    ...(await readAuthority(flags, role)),
  }
  await changeStore({ flags }, async (command) => {
    const found = await findAccount(command, name)
    if (change.authority !== undefined) requireAdministrator(found, role)
    const account = await keepLastOwner({ command, account: found, flags }, (how) =>
      command.changeAccount(found, change, how),
    )
    return `Changed ${nameOf(account)}.`
  })
}

async function setOnePassword(name: string, flags: AccountFlags): Promise<void> {
  const password = await readPassword(flags.passwordStdin === true)
  await changeStore({ flags }, async (command) => {
    const account = await command.changeAccount(await findAccount(command, name), { password })
    return `Set the password of ${nameOf(account)} and ended its sessions.`
  })
}

function disable(name: string, flags: AccountFlags): StoreChange {
  return async (command) => {
    const account = await findAccount(command, name)
    await keepLastOwner({ command, account, flags }, (how) =>
      command.changeAccount(account, { status: 'disabled' }, how),
    )
    return `Disabled ${nameOf(account)} and ended its sessions.`
  }
}

function enable(name: string): StoreChange {
  return async (command) => {
    const { account, credentials } = await command.enableAccount(await findAccount(command, name))
    const back =
      credentials === 0
        ? 'It has no credentials.'
        : credentials === 1
          ? 'Its one credential is accepted again.'
          : `Its ${credentials} credentials are accepted again.`
    return `Enabled ${nameOf(account)}. ${back}`
  }
}

function resetSecondFactor(name: string): StoreChange {
  return async (command) => {
    const account = await command.resetSecondFactor(await findAccount(command, name))
    return `Took the second factor of ${nameOf(account)} away and ended its sessions.`
  }
}

function remove(name: string, flags: AccountFlags): StoreChange {
  return async (command) => {
    const account = await findAccount(command, name)
    await keepLastOwner({ command, account, flags }, (how) => command.removeAccount(account, how))
    return `Removed ${nameOf(account)} and ended its sessions.`
  }
}

async function list(command: StoreCommand, asJson: boolean): Promise<void> {
  const accounts = await command.accounts()
  if (asJson) return printJson(accounts.map((account) => accountJson(command, account)))
  await printTable({
    rows: accounts,
    columns: {
      ID: ({ id }) => id,
      NAME: ({ username }) => username,
      ROLE: ({ role }) => role,
      'ADMIN ROLE': ({ authority }) => authority?.role ?? null,
      STATUS: ({ status }) => status,
      EMAIL: ({ email }) => email,
      GROUPS: ({ groups }) => groups.join(','),
      EXPIRES: ({ expiresAt }) => timeText(secondsToMs(expiresAt)),
      'LAST SIGN-IN': ({ lastSignInAtMs }) => timeText(lastSignInAtMs),
    },
    whenEmpty: 'There are no accounts.',
  })
}

async function showOne(command: StoreCommand, account: Account, asJson: boolean): Promise<void> {
  const memberships = await command.reads.memberships(account.id)
  const organizations = memberships.map(({ organization }) => organization.name)
  const sessions = (await command.reads.liveSessions(account.id)).length
  const shown = { ...accountJson(command, account), organizations, live_sessions: sessions }
  if (asJson) return printJson(shown)
  await printPairs(
    Object.fromEntries(
      Object.entries(shown).map(([name, value]) => [
        name.replaceAll('_', ' '),
        Array.isArray(value) ? value.join(', ') : typeof value === 'boolean' ? (value ? 'yes' : 'no') : value,
      ]),
    ) as Record<string, string | number | null>,
  )
}

/** Names are stable; hashes, sealed secrets and the epoch stay inside. */
function accountJson(
  command: StoreCommand,
  account: Account,
): Record<string, string | number | boolean | null | readonly string[]> {
  return {
    id: account.id,
    uuid: account.uuid,
    username: account.username,
    role: account.role,
    admin_role: account.authority?.role ?? null,
    permissions: command.permissionsOf(account),
    person: account.person,
    email: account.email,
    status: account.status,
    groups: account.groups,
    expires_at: timeText(secondsToMs(account.expiresAt)),
    has_password: account.passwordHash !== null,
    has_second_factor: account.totpSealed !== null,
    created_at: timeText(account.createdAtMs),
    updated_at: timeText(account.updatedAtMs),
    last_sign_in_at: timeText(account.lastSignInAtMs),
    last_sign_in_ip: account.lastSignInIp,
  }
}

function secondsToMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000
}
