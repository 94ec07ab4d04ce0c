/** Cli: the verb `change`; change requests open terminals on the servers, in the window and for the groups that they name. */
import type { Command } from 'commander'
import type { ChangeRequest, StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { printJson, printNotice, printPairs, printTable, visible } from './output.ts'
import { distinct, readGroups, readTime, timeForms, timeText } from './values.ts'
import { changeStore, readStore } from './with-store.ts'

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
  const change = program.command('change').description('Keep change requests, which open terminals for a while.')
  const add = change
    .command('add')
    .description('Add a change request.')
    .argument('<ID>', 'id, as the ticket system writes it')
    .option('--server <NAME...>', 'Servers that it is about.')
    .option('--os-user <U...>', 'OS users that terminals may run as.')
    .option('--group <G...>', 'Groups whose members may work on it.')
    .option('--from <T>', `Start of the window: ${timeForms}.`)
    .option('--until <T>', 'End of the window; a span such as +8h is counted from its start.')
    .option('--summary <S>', 'What it is about, one line.')
    .option('--requested-by <PERSON>', 'Person, or account of the person, who asked for it.')
    .option('--approve', 'Approves it at once.')
    .option('--by <PERSON>', 'With --approve: person, or account of the person, who approves.')
  addStoreOptions(add).action(addOne)
  addStoreOptions(change.command('list').description('List change requests.').option('--json', 'Prints JSON.')).action(
    (flags: ChangeFlags) => readStore(flags, (command) => list(command, flags.json === true)),
  )
  const show = change.command('show').description('Show one change request.').argument('<ID>', 'id')
  addStoreOptions(show.option('--json', 'Prints JSON.')).action((id: string, flags: ChangeFlags) =>
    readStore(flags, (command) => showOne(command, id, flags.json === true)),
  )
  const approve = change.command('approve').description('Approve a change request.').argument('<ID>', 'id')
  addStoreOptions(approve.option('--by <PERSON>', 'Person, or account of the person, who approves.')).action(approveOne)
  const close = change
    .command('close')
    .description('Close a change request; terminals under it end.')
    .argument('<ID>', 'id')
  addStoreOptions(close).action(closeOne)
}

function approveOne(id: string, flags: ChangeFlags): Promise<void> {
  return changeStore({ flags }, async (command) => {
    await command.setChangeState({ id, state: 'approved', approvedBy: flags.by ?? null })
    if (flags.by !== undefined) await warnOfUnknownPersons(command, id)
    return `Approved the change request ${visible(id)}.`
  })
}

function closeOne(id: string, flags: Flags): Promise<void> {
  return changeStore({ flags }, async (command) => {
    await command.setChangeState({ id, state: 'closed' })
    return `Closed the change request ${visible(id)}.`
  })
}

async function addOne(id: string, flags: ChangeFlags): Promise<void> {
  const needed = (name: 'server' | 'osUser' | 'group', flag: string): readonly string[] => {
    if (flags[name] === undefined) throw new UsageError(`${flag} is needed.`)
    return flags[name]
  }
  if (flags.from === undefined) throw new UsageError('--from is needed.')
  if (flags.until === undefined) throw new UsageError('--until is needed.')
  if (flags.by !== undefined && flags.approve !== true) throw new UsageError('--by goes with --approve.')
  const nowMs = Date.now()
  const startsAtMs = readTime('--from', flags.from, { nowMs, fromMs: nowMs })
  const request: ChangeRequest = {
    id,
    summary: flags.summary ?? '',
    servers: distinct(needed('server', '--server')),
    osUsers: distinct(needed('osUser', '--os-user')),
    groups: readGroups('--group', needed('group', '--group')),
    startsAtMs,
    endsAtMs: readTime('--until', flags.until, { nowMs, fromMs: startsAtMs }),
    state: flags.approve === true ? 'approved' : 'requested',
    requestedBy: flags.requestedBy ?? null,
    approvedBy: flags.by ?? null,
  }
  if (request.endsAtMs <= request.startsAtMs) throw new UsageError('--until must be after --from.')
  await changeStore({ flags }, async (command) => {
    await command.addChange(request)
    await warnOfUnknownPersons(command, id)
    return `Added the change request ${visible(id)}${flags.approve === true ? ', approved' : ''}.`
  })
}

/** Four eyes compares persons: a slip in a name would make two of one. */
async function warnOfUnknownPersons(command: StoreCommand, id: string): Promise<void> {
  const { unknownPersons } = await import('../main/inventory-command.ts')
  for (const person of await unknownPersons(command, id))
    await printNotice(`No account is the person ${visible(person)}.`)
}

async function list(command: StoreCommand, asJson: boolean): Promise<void> {
  const changes = await command.changes()
  if (asJson) {
    const names = await namesOf(command)
    return printJson(changes.map((change) => changeJson(change, names)))
  }
  await printTable({
    rows: changes,
    columns: {
      ID: ({ id }) => id,
      STATE: ({ state }) => state,
      FROM: ({ startsAtMs }) => timeText(startsAtMs),
      UNTIL: ({ endsAtMs }) => timeText(endsAtMs),
      SERVERS: ({ servers }) => servers.join(','),
      'OS USERS': ({ osUsers }) => osUsers.join(','),
      GROUPS: ({ groups }) => groups.join(','),
      SUMMARY: ({ summary }) => summary,
    },
    whenEmpty: 'There are no change requests.',
  })
}

async function showOne(command: StoreCommand, id: string, asJson: boolean): Promise<void> {
  const change = await command.reads.changeById(id)
  if (change === null) throw new CommandFailure(`There is no change request ${visible(id)}.`)
  const names = await namesOf(command)
  if (asJson) return printJson(changeJson(change, names))
  const approvedBy = personText(change.approvedBy, names)
  await printPairs({
    id: change.id,
    summary: change.summary,
    state: change.state,
    servers: change.servers.join(', '),
    'os users': change.osUsers.join(', '),
    groups: change.groups.join(', '),
    'requested by': personText(change.requestedBy, names),
    'approved by': change.state === 'approved' ? (approvedBy ?? 'nobody was named (no --by)') : approvedBy,
    from: timeText(change.startsAtMs),
    until: timeText(change.endsAtMs),
  })
}

/** Names of the accounts of each person. */
type PersonNames = (person: string | null) => readonly string[]

async function namesOf(command: StoreCommand): Promise<PersonNames> {
  const { personNames } = await import('../main/inventory-command.ts')
  const names = await personNames(command)
  return (person) => (person === null ? [] : (names.get(person) ?? []))
}

/** A person whom no account stands for is shown as it was told. */
function personText(person: string | null, namesOfPerson: PersonNames): string | null {
  const names = namesOfPerson(person)
  return names.length === 0 ? person : names.join(', ')
}

function changeJson(change: ChangeRequest, names: PersonNames): Record<string, string | null | readonly string[]> {
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
