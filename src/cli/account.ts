/** Cli: the verb `account` creates, shows and changes accounts. Passwords come only from standard input or a terminal. */
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
import { accountHelp, findAccount, nameOf } from './find-account.ts'
import { type Columns, jsonOption, printJson, printList, printPairs, type Value } from './output.ts'
import { readPassword } from './read-password.ts'
import { collect, readChoice, readExpiry, readGroups, timeForms, timeText } from './values.ts'
import { changeStore, changeVerb, readVerb } from './with-store.ts'

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

/** Adds the verb. */
export function addAccountVerb(program: Command): void {
  const account = program.command('account').description('Create, show and change accounts.')
  addAddVerb(account)
  addSetVerb(account)
  addStoreOptions(
    account
      .command('set-password')
      .description('Set a password and end all sessions.')
      .argument('<NAME>', accountHelp)
      .option('--password-stdin', 'Reads the password from standard input, one line.'),
  ).action(setPassword)
  readVerb(
    account
      .command('list')
      .description('List accounts.')
      .option(...jsonOption),
    list,
  )
  const show = account.command('show').description('Show one account.').argument('<NAME>', accountHelp)
  readVerb(show.option(...jsonOption), showOne)
  const changes = [
    ['disable', 'Ends all sessions of an account, and refuses new ones and its credentials.', disable],
    ['enable', 'Lets a disabled account sign in again, and accepts its credentials again.', enable],
    ['reset-second-factor', 'Removes the second factor and ends all sessions.', resetSecondFactor],
    ['remove', 'Removes an account and ends all its sessions; its name is free again.', remove],
  ] as const
  for (const [name, sentence, change] of changes) {
    const verb = account.command(name).description(sentence).argument('<NAME>', accountHelp)
    const mayEndOwners = name === 'disable' || name === 'remove'
    changeVerb(mayEndOwners ? addForceOption(verb) : verb, async (command, named: string, flags: AccountFlags) =>
      change(command, await findAccount(command, named), flags),
    )
  }
}

function addAddVerb(account: Command): void {
  const add = account
    .command('add')
    .description('Add an account.')
    .argument('<NAME>', 'username')
    .option('--email <E>', 'E-mail address; the account can sign in with it too.')
    .option('--role <ROLE>', 'admin or user. (default user)')
    .option('--group <G>', 'Group of the account; may be repeated.', collect)
    .option('--expires <T>', `Time from which it cannot sign in: ${timeForms}; or never.`)
    .option('--person <P>', 'Natural person behind it, or another account of that person; by default itself.')
    .option('--password-stdin', 'Reads the password from standard input, one line.')
    .option('--no-password', 'Sets no password: it cannot sign in until one is set.')
  addStoreOptions(addAuthorityOptions(add)).action(addOne)
}

function addSetVerb(account: Command): void {
  const set = account
    .command('set')
    .description('Change an account; a new role and new permissions end all its sessions.')
    .argument('<NAME>', accountHelp)
    .option('--email <E>', 'E-mail address.')
    .option('--no-email', 'Removes the e-mail address.')
    .option('--role <ROLE>', 'admin or user.')
    .option('--expires <T>', `Time from which it cannot sign in: ${timeForms}; or never.`)
    .option('--person <P>', 'Natural person behind it, or another account of that person.')
    .option('--no-person', 'Makes the account its own person.')
    .option('--add-group <G>', 'Group to join; may be repeated.', collect)
    .option('--remove-group <G>', 'Group to leave; may be repeated.', collect)
  addStoreOptions(addForceOption(addAuthorityOptions(set))).action(setOne)
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
  const { email, role, expires, person, addGroup, removeGroup } = flags
  const change = {
    ...(email === undefined ? {} : { email: email === false ? null : email.trim() }),
    ...(role === undefined ? {} : { role: readChoice('--role', role, ['admin', 'user']) }),
    ...(expires === undefined ? {} : { expiresAt: readExpiry('--expires', expires, Date.now()) }),
    ...(person === undefined ? {} : { person: person === false ? null : person }),
    ...(addGroup === undefined ? {} : { addGroups: readGroups('--add-group', addGroup) }),
    ...(removeGroup === undefined ? {} : { removeGroups: readGroups('--remove-group', removeGroup) }),
    ...(await readAuthority(flags, role)),
  }
  if (Object.keys(change).length === 0) {
    throw new UsageError(
      'There is nothing to change; give --email, --role, --admin-role, --permission, --expires, --person, --add-group or --remove-group.',
    )
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

async function setPassword(name: string, flags: AccountFlags): Promise<void> {
  const password = await readPassword(flags.passwordStdin === true)
  await changeStore({ flags }, async (command) => {
    const account = await command.changeAccount(await findAccount(command, name), { password })
    return `Set the password of ${nameOf(account)} and ended its sessions.`
  })
}

async function disable(command: StoreCommand, account: Account, flags: AccountFlags): Promise<string> {
  await keepLastOwner({ command, account, flags }, (how) => command.changeAccount(account, { status: 'disabled' }, how))
  return `Disabled ${nameOf(account)} and ended its sessions.`
}

async function enable(command: StoreCommand, account: Account): Promise<string> {
  const credentials = await command.enableAccount(account)
  const accepted =
    credentials === 0
      ? 'It has no credentials.'
      : credentials === 1
        ? 'Its one credential is accepted again.'
        : `Its ${credentials} credentials are accepted again.`
  return `Enabled ${nameOf(account)}. ${accepted}`
}

async function resetSecondFactor(command: StoreCommand, account: Account): Promise<string> {
  await command.resetSecondFactor(account)
  return `Removed the second factor of ${nameOf(account)} and ended its sessions.`
}

async function remove(command: StoreCommand, account: Account, flags: AccountFlags): Promise<string> {
  await keepLastOwner({ command, account, flags }, (how) => command.removeAccount(account, how))
  return `Removed ${nameOf(account)} and ended its sessions.`
}

async function list(command: StoreCommand, flags: AccountFlags): Promise<void> {
  const columns: Columns<Account> = {
    ID: ({ id }) => id,
    NAME: ({ username }) => username,
    ROLE: ({ role }) => role,
    'ADMIN ROLE': ({ authority }) => authority?.role ?? null,
    STATUS: ({ status }) => status,
    EMAIL: ({ email }) => email,
    GROUPS: ({ groups }) => groups.join(','),
    EXPIRES: ({ expiresAt }) => timeText(secondsToMs(expiresAt)),
    'LAST SIGN-IN': ({ lastSignInAtMs }) => timeText(lastSignInAtMs),
  }
  const rows = await command.accounts()
  await printList({ rows, columns, whenEmpty: 'There are no accounts.' }, flags, (account) =>
    accountJson(command, account),
  )
}

async function showOne(command: StoreCommand, name: string, flags: AccountFlags): Promise<void> {
  const account = await findAccount(command, name)
  const memberships = await command.reads.memberships(account.id)
  const organizations = memberships.map(({ organization }) => organization.name)
  const sessions = (await command.reads.liveSessions(account.id)).length
  const shown = { ...accountJson(command, account), organizations, live_sessions: sessions }
  await (flags.json === true ? printJson(shown) : printPairs(shown))
}

/** The names are stable. Hashes, sealed secrets and the epoch are left out. */
function accountJson(command: StoreCommand, account: Account): Record<string, Value> {
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
