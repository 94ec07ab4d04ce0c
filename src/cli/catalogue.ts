/** Cli: the verb `catalogue`. A catalogue names the commands that members of a group may run in a health check. */
import type { Command } from 'commander'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { jsonOption, printJson, printLines, printList, visible } from './output.ts'
import { readJson } from './read-json.ts'
import { readGroups } from './values.ts'
import { changeStore, changeVerb, readStore, readVerb } from './with-store.ts'

type CatalogueFlags = Flags & { readonly json?: boolean }

/** Bytes. No accepted document is larger, white space included. */
const fileLimit = 262_144

/** Adds the verb. */
export function addCatalogueVerb(program: Command): void {
  const catalogue = program.command('catalogue').description('Keep the commands that health checks may run, by group.')
  const set = catalogue
    .command('set')
    .description('Set or replace the catalogue of a group; running health checks obey it from their next line on.')
    .argument('<GROUP>', 'group whose members may run its commands', readGroup)
    .argument('<FILE>', 'JSON file')
  addStoreOptions(set).action(setOne)
  const show = catalogue.command('show').description('Show the catalogue of a group.')
  readVerb(show.argument('<GROUP>', 'group', readGroup).option('--json', 'Prints its file.'), showOne)
  readVerb(
    catalogue
      .command('list')
      .description('List the catalogues of all groups.')
      .option(...jsonOption),
    list,
  )
  const remove = catalogue.command('remove').description('Remove the catalogue of a group.')
  changeVerb(remove.argument('<GROUP>', 'group', readGroup), removeOne)
  const test = catalogue
    .command('test')
    .description('Show whether a line would run, and as which command; nothing runs.')
    .argument('<GROUP>', 'group', readGroup)
    .argument('<LINE...>', 'line as a user would type it, after --')
  addStoreOptions(test.option(...jsonOption)).action(testLine)
}

async function setOne(group: string, path: string, flags: CatalogueFlags): Promise<void> {
  const document = await readJson(path, fileLimit)
  await changeStore({ flags }, async (command) => {
    const { writeCatalogue } = await import('../main/catalogue-command.ts')
    const count = await writeCatalogue(command, group, document)
    return `Set the catalogue of the group ${group}: ${count === 1 ? '1 command' : `${count} commands`}.`
  })
}

async function showOne(command: StoreCommand, group: string, flags: CatalogueFlags): Promise<void> {
  const { readCatalogue } = await import('../main/catalogue-command.ts')
  const catalogue = await readCatalogue(command, group)
  if (catalogue === null) throw missing(group)
  await (flags.json === true ? printJson(catalogue.document) : printLines(catalogue.helpLines.map(visible)))
}

async function list(command: StoreCommand, flags: CatalogueFlags): Promise<void> {
  const { listCatalogues } = await import('../main/catalogue-command.ts')
  await printList(
    {
      rows: await listCatalogues(command),
      columns: { GROUP: ({ group }) => group, COMMANDS: ({ commandCount }) => commandCount },
      whenEmpty: 'There are no catalogues.',
    },
    flags,
    ({ group, document }) => ({ group, ...document }),
  )
}

async function removeOne(command: StoreCommand, group: string): Promise<string> {
  const { deleteCatalogue } = await import('../main/catalogue-command.ts')
  if ((await deleteCatalogue(command, group)) === 'missing') throw missing(group)
  return `Removed the catalogue of the group ${group}.`
}

async function testLine(group: string, words: readonly string[], flags: CatalogueFlags): Promise<void> {
  await readStore(flags, async (command) => {
    const { judgeLine } = await import('../main/catalogue-command.ts')
    const verdict = await judgeLine(command, group, words.join(' '))
    if (verdict === null) throw missing(group)
    if (flags.json === true) await printJson(verdict)
    if (verdict.kind === 'refused') throw new CommandFailure(`The line is refused: ${verdict.sentence}`)
    if (flags.json !== true) await printLines([verdict.command])
  })
}

function readGroup(text: string): string {
  return readGroups('GROUP', [text])[0] ?? ''
}

function missing(group: string): CommandFailure {
  return new CommandFailure(`There is no catalogue of the group ${group}.`)
}
