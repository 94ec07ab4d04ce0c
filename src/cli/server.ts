/** Cli: the verb `server` keeps the inventory. The user gives a host key, or confirms one that was scanned. */
import { createHash } from 'node:crypto'
import type { Command } from 'commander'
import type { Server, StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { type Columns, jsonOption, printList, type Value, visible } from './output.ts'
import { requireScannable, scanHostKey } from './scan-host-key.ts'
import { addServerSetupVerb } from './server-setup.ts'
import { collect, distinct, readChoice, readGroups, readInteger } from './values.ts'
import { changeStore, changeVerb, readStoreIfAny, readVerb } from './with-store.ts'

type ServerFlags = Flags & {
  readonly json?: boolean
  readonly address?: string
  readonly port?: string
  readonly transport?: string
  readonly osUser?: readonly string[]
  readonly group?: readonly string[] | false
  readonly hostKey?: string
  readonly hostCa?: string
}

const nameHelp = 'name in the inventory'

/** Adds the verb. */
export function addServerVerb(program: Command): void {
  const server = program.command('server').description('Keep the inventory of servers.')
  const add = server.command('add').description('Add a server.').argument('<NAME>', nameHelp)
  addServerOptions(add, {
    port: ' (default 22)',
    hostKey: '; at a terminal it can be scanned and confirmed',
    transport: ' (default ssh)',
  }).action(addOne)
  const set = server.command('set').description('Change a server; a given list replaces the old one.')
  addServerOptions(set.argument('<NAME>', nameHelp), { port: '', hostKey: '', transport: '' })
    .option('--no-group', 'Removes every group.')
    .action(setOne)
  readVerb(
    server
      .command('list')
      .description('List servers.')
      .option(...jsonOption),
    list,
  )
  const remove = server.command('remove').description('Remove a server; its terminals end.')
  changeVerb(remove.argument('<NAME>', nameHelp), async (command, name: string) => {
    await command.removeServer(name)
    return `Removed the server ${visible(name)}.`
  })
  addServerSetupVerb(server)
}

/** @param notes additions to the help of `server add`. */
function addServerOptions(
  command: Command,
  notes: { readonly port: string; readonly hostKey: string; readonly transport: string },
): Command {
  return addStoreOptions(
    command
      .option('--address <IP>', 'IPv4 or IPv6 address; no two servers have the same.')
      .option('--port <number>', `Port of its SSH server.${notes.port}`)
      .option('--os-user <U...>', 'OS users that terminals may run as.')
      .option('--group <G>', 'Group whose members may reach it; may be repeated.', collect)
      .option('--host-key <KEY>', `Its public host key, one line as OpenSSH writes it${notes.hostKey}.`)
      .option('--host-ca <KEY>', 'Public key of the certificate authority that signs its host key.')
      .option('--transport <T>', `ssh, or local for a shell on this machine.${notes.transport}`),
  )
}

async function addOne(name: string, flags: ServerFlags): Promise<void> {
  if (flags.address === undefined) throw new UsageError('--address is needed.')
  if (flags.osUser === undefined) throw new UsageError('--os-user is needed.')
  const server = changed({ ...newServer, name }, flags)
  const isScanned = hasNoHostKey(server)
  const hostKey = isScanned ? await scanNewServer(server, flags) : server.hostKey
  await changeStore({ flags, mayCreate: true }, async (command) => {
    const { requireUnused } = await import('../main/inventory-command.ts')
    await requireUnused(command, server)
    await command.addServer({ ...server, hostKey, ...(isScanned ? { hostKeyOrigin: 'scanned' } : {}) })
    return `Added the server ${visible(name)}.`
  })
}

/** Checks first that the server can be added: only then does a user compare a key. */
async function scanNewServer(server: Server, flags: ServerFlags): Promise<string> {
  requireScannable(server)
  await readStoreIfAny(flags, async (command) => {
    const { requireUnused } = await import('../main/inventory-command.ts')
    await requireUnused(command, server)
  })
  return scanHostKey(server)
}

async function setOne(name: string, flags: ServerFlags): Promise<void> {
  const { address, port, transport, osUser, group, hostKey, hostCa } = flags
  if ([address, port, transport, osUser, group, hostKey, hostCa].every((flag) => flag === undefined)) {
    throw new UsageError(
      'There is nothing to change; give --address, --port, --os-user, --group, --host-key, --host-ca or --transport.',
    )
  }
  await changeStore({ flags }, async (command) => {
    const known = await command.reads.serverByName(name)
    if (known === null) throw new CommandFailure(`There is no server ${visible(name)}.`)
    const server = changed(known, flags)
    if (hasNoHostKey(server)) throw new UsageError('--host-key or --host-ca is needed for ssh.')
    const { requireUnusedAddress } = await import('../main/inventory-command.ts')
    await requireUnusedAddress(command, server)
    await command.changeServer(server)
    return `Changed the server ${visible(name)}.`
  })
}

const newServer: Omit<Server, 'name'> = {
  address: '',
  port: 22,
  transport: 'ssh',
  osUsers: [],
  groups: [],
  hostKey: null,
  hostCa: null,
}

/** Returns the server with the changes of the flags. A new key replaces a CA, and the reverse. */
function changed(before: Server, flags: ServerFlags): Server {
  const { hostKey, hostCa, group } = flags
  const transport =
    flags.transport === undefined
      ? before.transport
      : readChoice('--transport', flags.transport, ['ssh', 'local'] as const)
  if (hostKey !== undefined && hostCa !== undefined)
    throw new UsageError('--host-key and --host-ca exclude each other.')
  const isKeyGiven = hostKey !== undefined || hostCa !== undefined
  if (transport === 'local' && isKeyGiven) throw new UsageError('A local server takes no --host-key and no --host-ca.')
  const keys = isKeyGiven
    ? { hostKey: hostKey?.trim() ?? null, hostCa: hostCa?.trim() ?? null }
    : { hostKey: before.hostKey, hostCa: before.hostCa }
  return {
    name: before.name,
    address: flags.address ?? before.address,
    port: flags.port === undefined ? before.port : readInteger('--port', flags.port, { from: 1, to: 65_535 }),
    transport,
    osUsers: flags.osUser === undefined ? before.osUsers : distinct(flags.osUser),
    groups: group === undefined ? before.groups : readGroups('--group', group === false ? [] : group),
    ...(transport === 'local' ? { hostKey: null, hostCa: null } : keys),
  }
}

function hasNoHostKey({ transport, hostKey, hostCa }: Server): boolean {
  return transport === 'ssh' && hostKey === null && hostCa === null
}

async function list(command: StoreCommand, flags: ServerFlags): Promise<void> {
  const columns: Columns<Server> = {
    NAME: ({ name }) => name,
    ADDRESS: ({ address }) => address,
    PORT: ({ port }) => port,
    TRANSPORT: ({ transport }) => transport,
    'OS USERS': ({ osUsers }) => osUsers.join(','),
    GROUPS: ({ groups }) => groups.join(','),
    TRUST: trustedKey,
  }
  await printList({ rows: await command.servers(), columns, whenEmpty: 'There are no servers.' }, flags, serverJson)
}

function serverJson(server: Server): Record<string, Value> {
  return {
    name: server.name,
    address: server.address,
    port: server.port,
    transport: server.transport,
    os_users: server.osUsers,
    groups: server.groups,
    host_key: server.hostKey,
    host_ca: server.hostCa,
  }
}

/** Returns the key with its fingerprint as `ssh-keygen -l` prints it, so that a person can compare the two. */
function trustedKey({ hostKey, hostCa }: Server): string | null {
  const line = hostKey ?? hostCa
  if (line === null) return null
  const [algorithm = '', blob = ''] = line.split(' ')
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')
  return `${hostKey === null ? 'CA' : 'key'} ${algorithm} SHA256:${digest}`
}
