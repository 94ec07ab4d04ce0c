/** Cli: the verb `policy`. A policy restricts the terminals of a change request, a server or a group. */
import type { Command } from 'commander'
import type { PolicySubject } from '../main/policy-command.ts'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { jsonOption, printJson, printNotice, printPairs, type Value, visible } from './output.ts'
import { readJson } from './read-json.ts'
import { changeStore, readStore } from './with-store.ts'

type PolicyFlags = Flags & {
  readonly json?: boolean
  readonly change?: string
  readonly server?: string
  readonly group?: string
}

/** Bytes. A policy is a page of JSON; a larger file is something else. */
const fileLimit = 65_536

/** Adds the verb. */
export function addPolicyVerb(program: Command): void {
  const policy = program.command('policy').description('Keep the policies of terminals.')
  const set = policy
    .command('set')
    .description('Set or replace a policy; if several apply to a terminal, the strictest holds.')
    .argument('<FILE>', 'JSON file')
  addStoreOptions(addSubjectOptions(set)).action(setOne)
  const show = policy
    .command('show')
    .description('Show a policy.')
    .option(...jsonOption)
  addStoreOptions(addSubjectOptions(show)).action(showOne)
  const remove = policy.command('remove').description('Remove a policy.')
  addStoreOptions(addSubjectOptions(remove)).action(removeOne)
}

function addSubjectOptions(command: Command): Command {
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
    if (subject.kind === 'group') await warnOfUnknownGroup(command, subject.name)
    return `Set the policy of ${nameOf(subject)}.`
  })
}

/** A typing error in the name would leave terminals without the policy. The group may also be created later. */
async function warnOfUnknownGroup(command: StoreCommand, group: string): Promise<void> {
  const { isGroupListed } = await import('../main/inventory-command.ts')
  if (await isGroupListed(command, group)) return
  await printNotice(`No server, change request or account lists the group ${visible(group)}.`)
}

async function showOne(flags: PolicyFlags): Promise<void> {
  const subject = readSubject(flags)
  await readStore(flags, async (command) => {
    const { readPolicy } = await import('../main/policy-command.ts')
    const policy = await readPolicy(command, subject)
    if (policy === null) throw new CommandFailure(`There is no policy of ${nameOf(subject)}.`)
    await (flags.json === true ? printJson(policy) : printPairs(flatten(policy)))
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

/** Returns the members as pairs. A member of an object has the name of the object before its own: `observers count`. */
function flatten(policy: object, prefix = ''): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(policy).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flatten(value, `${prefix}${name} `))
        : [[`${prefix}${name}`, value as Value]],
    ),
  )
}
