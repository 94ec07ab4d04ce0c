/** Cli: the verb `change`. A change request opens terminals on its servers, for its groups, during its window. */
import type { Command } from 'commander'
import type { ChangeRequest, StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import {
  type Columns,
  jsonOption,
  printJson,
  printList,
  printNotice,
  printPairs,
  type Value,
  visible,
} from './output.ts'
import { distinct, readGroups, readTime, timeForms, timeText } from './values.ts'
import { changeStore, changeVerb, readVerb } from './with-store.ts'

type ChangeFlags = Flags & {
  readonly json?: boolean
  readonly server?: readonly string[]
  readonly osUser?: readonly string[]
  readonly group?: readonly string[]
  readonly from?: string
  readonly until?: string
  readonly summary?: string
  readonly approve?: boolean
  readonly requestedBy?: string
  readonly by?: string
}

/** Adds the verb. */
export function addChangeVerb(program: Command): void {
  const change = program.command('change').description('Keep change requests, which open terminals for some time.')
  const add = change
    .command('add')
    .description('Add a change request.')
    .argument('<ID>', 'id, as the ticket system writes it')
    .option('--server <NAME...>', 'Servers of the change.')
    .option('--os-user <U...>', 'OS users that terminals may run as.')
    .option('--group <G...>', 'Groups whose members may work on it.')
    .option('--from <T>', `Start of the window: ${timeForms}.`)
    .option('--until <T>', 'End of the window; a span such as +8h is counted from its start.')
    .option('--summary <S>', 'Summary, one line.')
    .option('--requested-by <PERSON>', 'Person who requested it, or an account of that person.')
    .option('--approve', 'Approves it at once.')
    .option('--by <PERSON>', 'With --approve: person who approves, or an account of that person.')
  addStoreOptions(add).action(addOne)
  readVerb(
    change
      .command('list')
      .description('List change requests.')
      .option(...jsonOption),
    list,
  )
  const show = change.command('show').description('Show one change request.').argument('<ID>', 'id')
  readVerb(show.option(...jsonOption), showOne)
  const approve = change.command('approve').description('Approve a change request.').argument('<ID>', 'id')
  changeVerb(approve.option('--by <PERSON>', 'Person who approves, or an account of that person.'), approveOne)
  const close = change.command('close').description('Close a change request; its terminals end.').argument('<ID>', 'id')
  changeVerb(close, async (command, id: string) => {
    await command.setChangeState({ id, state: 'closed' })
    return `Closed the change request ${visible(id)}.`
  })
}

async function approveOne(command: StoreCommand, id: string, { by }: ChangeFlags): Promise<string> {
  await command.setChangeState({ id, state: 'approved', approvedBy: by ?? null })
  if (by !== undefined) await warnOfUnknownPersons(command, id)
  return `Approved the change request ${visible(id)}.`
}

async function addOne(id: string, flags: ChangeFlags): Promise<void> {
  const { server, osUser, group, from, until, approve, by } = flags
  if (from === undefined) throw new UsageError('--from is needed.')
  if (until === undefined) throw new UsageError('--until is needed.')
  if (by !== undefined && approve !== true) throw new UsageError('--by needs --approve.')
  const nowMs = Date.now()
  const startsAtMs = readTime('--from', from, { nowMs, fromMs: nowMs })
  if (server === undefined) throw new UsageError('--server is needed.')
  if (osUser === undefined) throw new UsageError('--os-user is needed.')
  if (group === undefined) throw new UsageError('--group is needed.')
  const change: ChangeRequest = {
    id,
    summary: flags.summary ?? '',
    servers: distinct(server),
    osUsers: distinct(osUser),
    groups: readGroups('--group', group),
    startsAtMs,
    endsAtMs: readTime('--until', until, { nowMs, fromMs: startsAtMs }),
    state: approve === true ? 'approved' : 'requested',
    requestedBy: flags.requestedBy ?? null,
    approvedBy: by ?? null,
  }
  if (change.endsAtMs <= change.startsAtMs) throw new UsageError('--until must be after --from.')
  await changeStore({ flags }, async (command) => {
    await command.addChange(change)
    await warnOfUnknownPersons(command, id)
    return `Added the change request ${visible(id)}${approve === true ? ', approved' : ''}.`
  })
}

/** Four eyes compares persons: a typing error would make two persons of one. */
async function warnOfUnknownPersons(command: StoreCommand, id: string): Promise<void> {
  const { unknownPersons } = await import('../main/inventory-command.ts')
  for (const person of await unknownPersons(command, id))
    await printNotice(`No account belongs to the person ${visible(person)}.`)
}

async function list(command: StoreCommand, flags: ChangeFlags): Promise<void> {
  const columns: Columns<ChangeRequest> = {
    ID: ({ id }) => id,
    STATE: ({ state }) => state,
    FROM: ({ startsAtMs }) => timeText(startsAtMs),
    UNTIL: ({ endsAtMs }) => timeText(endsAtMs),
    SERVERS: ({ servers }) => servers.join(','),
    'OS USERS': ({ osUsers }) => osUsers.join(','),
    GROUPS: ({ groups }) => groups.join(','),
    SUMMARY: ({ summary }) => summary,
  }
  const names = flags.json === true ? await accountNames(command) : () => []
  await printList(
    { rows: await command.changes(), columns, whenEmpty: 'There are no change requests.' },
    flags,
    (change) => changeJson(change, names),
  )
}

async function showOne(command: StoreCommand, id: string, flags: ChangeFlags): Promise<void> {
  const change = await command.reads.changeById(id)
  if (change === null) throw new CommandFailure(`There is no change request ${visible(id)}.`)
  const names = await accountNames(command)
  if (flags.json === true) return printJson(changeJson(change, names))
  const approvedBy = personText(change.approvedBy, names)
  await printPairs({
    id: change.id,
    summary: change.summary,
    state: change.state,
    servers: change.servers,
    os_users: change.osUsers,
    groups: change.groups,
    requested_by: personText(change.requestedBy, names),
    approved_by: change.state === 'approved' ? (approvedBy ?? 'no person was named (no --by)') : approvedBy,
    from: timeText(change.startsAtMs),
    until: timeText(change.endsAtMs),
  })
}

/** Returns the names of the accounts of a person. */
type AccountNames = (person: string | null) => readonly string[]

async function accountNames(command: StoreCommand): Promise<AccountNames> {
  const { personNames } = await import('../main/inventory-command.ts')
  const names = await personNames(command)
  return (person) => (person === null ? [] : (names.get(person) ?? []))
}

/** A person without an account is shown as stored. */
function personText(person: string | null, names: AccountNames): string | null {
  return names(person).length === 0 ? person : names(person).join(', ')
}

function changeJson(change: ChangeRequest, names: AccountNames): Record<string, Value> {
  return {
    id: change.id,
    summary: change.summary,
    state: change.state,
    servers: change.servers,
    os_users: change.osUsers,
    groups: change.groups,
    requested_by: change.requestedBy,
    requested_by_accounts: names(change.requestedBy),
    approved_by: change.approvedBy,
    approved_by_accounts: names(change.approvedBy),
    starts_at: timeText(change.startsAtMs),
    ends_at: timeText(change.endsAtMs),
  }
}
