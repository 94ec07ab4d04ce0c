/** Cli: the verb `catalogue`; which commands members of a group may run in a health check. */
import type { Command } from 'commander'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { printJson, printLines, printTable, visible } from './output.ts'
import { readJson } from './read-json.ts'
import { readGroups } from './values.ts'
import { changeStore, readStore } from './with-store.ts'

type CatalogueFlags = Flags & { readonly json?: boolean }

/** Larger than any document that is accepted, blanks included, in bytes. */
const fileLimit = 262_144

/** Adds the verb. */
export function addCatalogueVerb(program: Command): void {
  const catalogue = program.command('catalogue').description('Keep the commands that health checks may run, by group.')
  const set = catalogue
    .command('set')
    .description('Set or replace the catalogue of a group; health checks that run obey it from their next line on.')
    .argument('<GROUP>', 'group whose members may run its commands')
    .argument('<FILE>', 'JSON file')
  addStoreOptions(set).action(setOne)
  const show = catalogue.command('show').description('Show the catalogue of a group.').argument('<GROUP>', 'group')
  addStoreOptions(show.option('--json', 'Prints its file.')).action(showOne)
  const list = catalogue.command('list').description('List the catalogues of all groups.')
  addStoreOptions(list.option('--json', 'Prints JSON.')).action((flags: CatalogueFlags) =>
    readStore(flags, (command) => listAll(command, flags.json === true)),
  )
  const remove = catalogue
    .command('remove')
    .description('Remove the catalogue of a group.')
    .argument('<GROUP>', 'group')
  addStoreOptions(remove).action(removeOne)
  const test = catalogue
    .command('test')
    .description('Say whether a line would be run, and as which command; nothing is run.')
    .argument('<GROUP>', 'group')
    .argument('<LINE...>', 'line as somebody would type it, after --')
  addStoreOptions(test.option('--json', 'Prints JSON.')).action(testLine)
}

async function setOne(groupText: string, path: string, flags: CatalogueFlags): Promise<void> {
  const group = readGroup(groupText)
  const document = await readJson(path, fileLimit)
  await changeStore({ flags }, async (command) => {
    const { setOneCatalogue } = await import('../main/catalogue-command.ts')
    const count = await setOneCatalogue(command, group, document)
    return `Set the catalogue of the group ${group}: ${count === 1 ? '1 command' : `${count} commands`}.`
  })
}

async function showOne(groupText: string, flags: CatalogueFlags): Promise<void> {
  const group = readGroup(groupText)
  await readStore(flags, async (command) => {
    const { readOneCatalogue } = await import('../main/catalogue-command.ts')
    const catalogue = await readOneCatalogue(command, group)
    if (catalogue === null) throw missing(group)
    if (flags.json === true) return printJson(catalogue.document)
    await printLines(catalogue.helpLines.map(visible))
  })
}

async function listAll(command: StoreCommand, asJson: boolean): Promise<void> {
  const { listCatalogues } = await import('../main/catalogue-command.ts')
  const catalogues = await listCatalogues(command)
  if (asJson) return printJson(catalogues.map(({ group, document }) => ({ group, ...document })))
  await printTable({
    rows: catalogues,
    columns: { GROUP: ({ group }) => group, COMMANDS: ({ commandCount }) => commandCount },
    whenEmpty: 'There are no catalogues.',
  })
}

async function removeOne(groupText: string, flags: CatalogueFlags): Promise<void> {
  const group = readGroup(groupText)
  await changeStore({ flags }, async (command) => {
    const { removeOneCatalogue } = await import('../main/catalogue-command.ts')
    if ((await removeOneCatalogue(command, group)) === 'missing') throw missing(group)
    return `Removed the catalogue of the group ${group}.`
  })
}

async function testLine(groupText: string, words: readonly string[], flags: CatalogueFlags): Promise<void> {
  const group = readGroup(groupText)
  await readStore(flags, async (command) => {
    const { tryLine } = await import('../main/catalogue-command.ts')
    const verdict = await tryLine(command, group, words.join(' '))
    if (verdict === null) throw missing(group)
    if (flags.json === true) await printJson(verdict)
    if (verdict.kind === 'refused') throw new CommandFailure(`The line is refused: ${verdict.sentence}`)
    if (flags.json !== true) await printLines([verdict.command])
  })
}

function readGroup(text: string): string {
  const [group = ''] = readGroups('GROUP', [text])
  return group
}

function missing(group: string): CommandFailure {
  return new CommandFailure(`There is no catalogue of the group ${group}.`)
}
