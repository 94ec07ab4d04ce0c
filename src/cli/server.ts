/** Cli: the verb `server`; keeps the inventory that terminals lead to. A host key is given, or scanned and confirmed by a person. */
import { createHash } from 'node:crypto'
import type { Command } from 'commander'
import type { Server, StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { printJson, printTable, visible } from './output.ts'
import { requireScannable, scanHostKey } from './scan-host-key.ts'
import { addServerSetupVerb } from './server-setup.ts'
import { collect, distinct, readChoice, readGroups, readInteger } from './values.ts'
import { changeStore, readStore, readStoreIfAny } from './with-store.ts'

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

/** Adds the verb. */
export function addServerVerb(program: Command): void {
  const server = program.command('server').description('Keep the inventory of servers.')
  const add = server.command('add').description('Add a server.').argument('<NAME>', 'name in the inventory')
  addFactOptions(add, ofNew).action((name: string, flags: ServerFlags) => addOne(name, flags))
  const set = server
    .command('set')
    .description('Change a server; lists that are given replace the old ones.')
    .argument('<NAME>', 'name in the inventory')
  addFactOptions(set, { port: '', hostKey: '', transport: '' })
    .option('--no-group', 'Takes every group away.')
    .action((name: string, flags: ServerFlags) => setOne(name, flags))
  addStoreOptions(server.command('list').description('List servers.').option('--json', 'Prints JSON.')).action(
    (flags: ServerFlags) => readStore(flags, (command) => list(command, flags.json === true)),
  )
  const remove = server.command('remove').description('Remove a server; its terminals end.')
  addStoreOptions(remove.argument('<NAME>', 'name in the inventory')).action((name: string, flags: Flags) =>
    changeStore({ flags }, async (command) => {
      await command.removeServer(name)
      return `Removed the server ${visible(name)}.`
    }),
  )
  addServerSetupVerb(server)
}

/** @param more what is added to sentences that say more of a new server. */
function addFactOptions(
  command: Command,
  more: { readonly port: string; readonly hostKey: string; readonly transport: string },
): Command {
  return addStoreOptions(
    command
      .option('--address <IP>', 'IPv4 or IPv6 address; no two servers have the same.')
      .option('--port <number>', `Port of its SSH server.${more.port}`)
      .option('--os-user <U...>', 'OS users that terminals may run as.')
      .option('--group <G>', 'Group whose members may reach it; may be repeated.', collect)
      .option('--host-key <KEY>', `Its public host key, one line as OpenSSH writes it${more.hostKey}.`)
      .option('--host-ca <KEY>', 'Public key of the authority that signs its host key.')
      .option('--transport <T>', `ssh, or local for a shell on this machine.${more.transport}`),
  )
}

/** What is said of a new server alone. */
const ofNew = {
  port: ' (default 22)',
  hostKey: '; at a terminal it can be scanned and confirmed',
  transport: ' (default ssh)',
}

async function addOne(name: string, flags: ServerFlags): Promise<void> {
  if (flags.address === undefined) throw new UsageError('--address is needed.')
  if (flags.osUser === undefined) throw new UsageError('--os-user is needed.')
  const input = change({ ...blank, name }, flags)
  const isScanned = hasNoHostKey(input)
  const hostKey = isScanned ? await scanNewServer(input, flags) : input.hostKey
  await changeStore({ flags, mayCreate: true }, async (command) => {
    const { requireUnused } = await import('../main/inventory-command.ts')
    await requireUnused(command, input)
    await command.addServer({ ...input, hostKey, ...(isScanned ? { hostKeyOrigin: 'scanned' } : {}) })
    return `Added the server ${visible(name)}.`
  })
}

/** A person is asked to compare a key only where the server can be added. */
async function scanNewServer(input: Server, flags: ServerFlags): Promise<string> {
  requireScannable(input)
  await readStoreIfAny(flags, async (command) => {
    const { requireUnused } = await import('../main/inventory-command.ts')
    await requireUnused(command, input)
  })
  return scanHostKey(input)
}

async function setOne(name: string, flags: ServerFlags): Promise<void> {
  const { address, port, transport, osUser, group, hostKey, hostCa } = flags
  if ([address, port, transport, osUser, group, hostKey, hostCa].every((flag) => flag === undefined)) {
    throw new UsageError('Nothing is to change; give --address, --port, --os-user, --group, --host-key or --transport.')
  }
  await changeStore({ flags }, async (command) => {
    const known = await command.reads.serverByName(name)
    if (known === null) throw new CommandFailure(`There is no server ${visible(name)}.`)
    const input = change(known, flags)
    if (hasNoHostKey(input)) throw new UsageError('--host-key or --host-ca is needed for ssh.')
    const { requireUnusedAddress } = await import('../main/inventory-command.ts')
    await requireUnusedAddress(command, input)
    await command.changeServer(input)
    return `Changed the server ${visible(name)}.`
  })
}

const blank: Omit<Server, 'name'> = {
  address: '',
  port: 22,
  transport: 'ssh',
  osUsers: [],
  groups: [],
  hostKey: null,
  hostCa: null,
}

/** Returns the server as the flags want it; a new key replaces a CA, and the reverse. */
function change(before: Server, flags: ServerFlags): Server {
  const { hostKey, hostCa, group } = flags
  const transport =
    flags.transport === undefined
      ? before.transport
      : readChoice('--transport', flags.transport, ['ssh', 'local'] as const)
  if (hostKey !== undefined && hostCa !== undefined)
    throw new UsageError('--host-key and --host-ca exclude each other.')
  const isKeyGiven = hostKey !== undefined || hostCa !== undefined
  if (transport === 'local' && isKeyGiven)
    throw new UsageError('--host-key and --host-ca do not go with a local server.')
  const keys =
    transport === 'local'
      ? { hostKey: null, hostCa: null }
      : isKeyGiven
        ? { hostKey: hostKey?.trim() ?? null, hostCa: hostCa?.trim() ?? null }
        : { hostKey: before.hostKey, hostCa: before.hostCa }
  return {
    name: before.name,
    address: flags.address ?? before.address,
    port: flags.port === undefined ? before.port : readInteger('--port', flags.port, { from: 1, to: 65_535 }),
    transport,
    osUsers: flags.osUser === undefined ? before.osUsers : distinct(flags.osUser),
    groups: group === undefined ? before.groups : readGroups('--group', group === false ? [] : group),
    ...keys,
  }
}

function hasNoHostKey({ transport, hostKey, hostCa }: Server): boolean {
  return transport === 'ssh' && hostKey === null && hostCa === null
}

async function list(command: StoreCommand, asJson: boolean): Promise<void> {
  const servers = await command.servers()
  if (asJson) return printJson(servers.map(serverJson))
  await printTable({
    rows: servers,
    columns: {
      NAME: ({ name }) => name,
      ADDRESS: ({ address }) => address,
      PORT: ({ port }) => port,
      TRANSPORT: ({ transport }) => transport,
      'OS USERS': ({ osUsers }) => osUsers.join(','),
      GROUPS: ({ groups }) => groups.join(','),
      TRUST: ({ hostKey, hostCa }) => trust(hostKey, hostCa),
    },
    whenEmpty: 'There are no servers.',
  })
}

function serverJson(server: Server): Record<string, string | number | null | readonly string[]> {
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

/** The key as `ssh-keygen -l` tells it, so that the two can be compared by eye. */
function trust(hostKey: string | null, hostCa: string | null): string | null {
  const line = hostKey ?? hostCa
  if (line === null) return null
  const [algorithm = '', blob = ''] = line.split(' ')
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')
  return `${hostKey === null ? 'CA' : 'key'} ${algorithm} SHA256:${digest}`
}
