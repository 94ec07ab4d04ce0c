/** Cli: the verb `policy`; what terminals of a change request, a server or a group are held to. */
import type { Command } from 'commander'
import type { PolicySubject } from '../main/policy-command.ts'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { printJson, printNotice, printPairs, visible } from './output.ts'
import { readJson } from './read-json.ts'
import { changeStore, readStore } from './with-store.ts'

type PolicyFlags = Flags & {
  readonly json?: boolean
  readonly change?: string
  readonly server?: string
  readonly group?: string
}

/** A policy is a page of JSON; what is larger is another file, in bytes. */
const fileLimit = 65_536

/** Adds the verb. */
export function addPolicyVerb(program: Command): void {
  const policy = program.command('policy').description('Keep the policies that terminals are held to.')
  const set = policy
    .command('set')
    .description('Set or replace a policy; of several that touch a terminal the stricter holds.')
    .argument('<FILE>', 'JSON file')
  addStoreOptions(addSubject(set)).action(setOne)
  const show = policy.command('show').description('Show a policy.').option('--json', 'Prints JSON.')
  addStoreOptions(addSubject(show)).action(showOne)
  const remove = policy.command('remove').description('Remove a policy.')
  addStoreOptions(addSubject(remove)).action(removeOne)
}

function addSubject(command: Command): Command {
  return command
    .option('--change <ID>', 'Terminals under this change request.')
    .option('--server <NAME>', 'Terminals on this server.')
    .option('--group <G>', 'Terminals on servers, or under change requests, that list this group.')
}

async function setOne(path: string, flags: PolicyFlags): Promise<void> {
  const subject = readSubject(flags)
  const json = await readJson(path, fileLimit)
  await changeStore({ flags }, async (command) => {
    const { writePolicy } = await import('../main/policy-command.ts')
    await writePolicy(command, subject, json)
    if (subject.kind === 'group') await warnOfGroup(command, subject.name)
    return `Set the policy of ${nameOf(subject)}.`
  })
}

/** A slip in the name would leave terminals without the policy; that the group comes later is as well possible. */
async function warnOfGroup(command: StoreCommand, group: string): Promise<void> {
  const { isGroupListed } = await import('../main/inventory-command.ts')
  if (await isGroupListed(command, group)) return
  await printNotice(`No server, change or account lists the group ${visible(group)}.`)
}

async function showOne(flags: PolicyFlags): Promise<void> {
  const subject = readSubject(flags)
  await readStore(flags, async (command) => {
    const { readPolicy } = await import('../main/policy-command.ts')
    const policy = await readPolicy(command, subject)
    if (policy === null) throw new CommandFailure(`There is no policy of ${nameOf(subject)}.`)
    if (flags.json === true) return printJson(policy)
    await printPairs(pairsOf(policy))
  })
}

async function removeOne(flags: PolicyFlags): Promise<void> {
  const subject = readSubject(flags)
  await changeStore({ flags }, async (command) => {
    const { removePolicy } = await import('../main/policy-command.ts')
    await removePolicy(command, subject)
    return `Removed the policy of ${nameOf(subject)}.`
  })
}

function readSubject(flags: PolicyFlags): PolicySubject {
  const subjects = (['change', 'server', 'group'] as const).flatMap((kind) => {
    const name = flags[kind]
    return name === undefined ? [] : [{ kind, name }]
  })
  const [subject] = subjects
  if (subject === undefined || subjects.length > 1) {
    throw new UsageError('Exactly one of --change, --server and --group is needed.')
  }
  return subject
}

function nameOf({ kind, name }: PolicySubject): string {
  return `the ${kind === 'change' ? 'change request' : kind} ${visible(name)}`
}

/** Members as pairs, those of an object named after it: `observers count`. */
function pairsOf(policy: Readonly<Record<string, unknown>>, before = ''): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const [name, value] of Object.entries(policy)) {
    const label = `${before}${name.replaceAll('_', ' ')}`
    if (Array.isArray(value)) pairs[label] = value.join(', ')
    else if (typeof value === 'object' && value !== null) Object.assign(pairs, pairsOf({ ...value }, `${label} `))
    else pairs[label] = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
  }
  return pairs
}
