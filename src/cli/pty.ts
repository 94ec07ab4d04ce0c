/** Cli: the verb `pty` opens and joins terminals, and lists and ends PTY sessions. Its exit code is that of the program. */
import type { Command } from 'commander'
import type { ControlClient, PtySessionItem, PtySessionQuery, PtyTicket, StartRequest } from '../client/client.ts'
import { attachTerminal, type TerminalTarget } from './attach-terminal.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { type Columns, jsonOption, printLines, printList, visible } from './output.ts'
import { requireSafeGateway } from './server-url.ts'
import { type ServerFlags, serverOption, withSession } from './with-session.ts'

type PtyFlags = ServerFlags & {
  readonly as?: string
  readonly change?: string
  readonly healthCheck?: boolean
  readonly observe?: boolean
  readonly all?: boolean
}

const escapes = 'At the beginning of a line, ~? shows the escapes and ~. leaves.'

/** Adds the verb. */
export function addPtyVerb(program: Command): void {
  const pty = program.command('pty').description('Work in supervised terminals.')
  pty
    .command('start')
    .description(`Open a terminal and attach this one to it. ${escapes}`)
    .argument('<SERVER>', 'name in the inventory')
    .option('--as <U>', 'OS user.')
    .option('--change <ID>', 'Change request that the terminal is for.')
    .option('--health-check', 'Runs only commands of the catalogue, without a shell.')
    .option(...serverOption)
    .action(start)
  pty
    .command('join')
    .description(`Attach this terminal to a running PTY session. ${escapes}`)
    .argument('<ID>', 'id of the PTY session')
    .option('--observe', 'Attaches as an observer, without input.')
    .option(...serverOption)
    .action(join)
  pty
    .command('list')
    .description('List the running PTY sessions, newest first.')
    .option('--all', 'Includes sessions that ended or never opened.')
    .option(...serverOption)
    .option(...jsonOption)
    .action(list)
  pty
    .command('end')
    .description('End a PTY session for all participants; an ended one is no error.')
    .argument('<ID>', 'id of the PTY session')
    .option(...serverOption)
    .action(endOne)
}

async function start(name: string, flags: PtyFlags): Promise<void> {
  const { as: osUser } = flags
  if (osUser === undefined) throw new UsageError('--as is needed.')
  const purpose = readPurpose(flags)
  const { ticket, target } = await withSession(flags, async (client) => {
    const target = await findServer(client, name)
    const server = { os_user: osUser, server_ip: target.address }
    return { ticket: await client.startPty({ server, ...purpose }), target }
  })
  await attach(ticket, 'implementor', target)
}

function readPurpose({
  change,
  healthCheck,
}: PtyFlags):
  | Omit<Extract<StartRequest, { purpose: 'change_request' }>, 'server'>
  | { readonly purpose: 'health_check' } {
  if ((change === undefined) === (healthCheck !== true))
    throw new UsageError('Exactly one of --change and --health-check is needed.')
  return change === undefined ? { purpose: 'health_check' } : { purpose: 'change_request', change_id: change }
}

async function findServer(client: ControlClient, name: string): Promise<TerminalTarget> {
  let after: string | undefined
  do {
    const { items, next } = await client.servers(after)
    const found = items.find((server) => server.name === name)
    if (found !== undefined) return found
    after = next ?? undefined
  } while (after !== undefined)
  throw new CommandFailure(`There is no server ${visible(name)} that you may use.`)
}

async function join(id: string, flags: PtyFlags): Promise<void> {
  const role = flags.observe === true ? 'observer' : 'implementor'
  await attach(
    await withSession(flags, (client) => client.joinPty({ pty_session_id: id, start_role: role })),
    role,
    null,
  )
}

async function attach(
  ticket: PtyTicket,
  role: 'implementor' | 'observer',
  target: TerminalTarget | null,
): Promise<void> {
  requireSafeGateway(ticket.proxyUrl)
  process.exitCode = await attachTerminal(ticket, role, target)
}

async function list(flags: PtyFlags): Promise<void> {
  const sessions = await withSession(flags, (client) =>
    everyPage(client, flags.all === true ? {} : { state: 'active' }),
  )
  const columns: Columns<PtySessionItem> = {
    ID: ({ id }) => id,
    STATE: ({ state }) => state,
    SERVER: ({ server }) => server,
    'OS USER': ({ os_user: osUser }) => osUser,
    FOR: ({ purpose, change_id: change }) => change ?? purpose.replace('_', ' '),
    'STARTED BY': ({ started_by: by }) => by,
    IMPLEMENTOR: ({ implementor }) => implementor,
    OBSERVERS: ({ observers }) => observers,
    CREATED: ({ created_at: at }) => at,
    END: ({ end }) => end?.reason ?? null,
  }
  const whenEmpty = flags.all === true ? 'There are no PTY sessions.' : 'No PTY session is running; see --all.'
  await printList({ rows: sessions, columns, whenEmpty }, flags)
}

async function everyPage(client: ControlClient, query: PtySessionQuery): Promise<readonly PtySessionItem[]> {
  const { items, next } = await client.ptySessions(query)
  return next === null ? items : [...items, ...(await everyPage(client, { ...query, after: next }))]
}

async function endOne(id: string, flags: PtyFlags): Promise<void> {
  await withSession(flags, (client) => client.endPtySession(id))
  await printLines([`Ended the PTY session ${visible(id)}.`])
}
