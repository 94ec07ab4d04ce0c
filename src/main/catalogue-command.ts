/** Main: the catalogues of health checks, for the command line. */
import { type Catalogue, helpLines, type LineVerdict, matchLine } from '../core/terminals/catalogue.ts'
import { forcedCommand } from '../core/terminals/command-words.ts'
import { catalogueDocument } from '../core/terminals/parse-catalogue.ts'
import { type CataloguePorts, readCatalogues, removeCatalogue, setCatalogue } from '../core/terminals/set-catalogue.ts'
import { createPatterns } from '../terminals/health-check/patterns.ts'
import type { StoreCommand } from './store-command.ts'

/** A catalogue for the command line. */
type ShownCatalogue = {
  readonly group: string
  readonly commandCount: number
  /** The form of each command, and its description. */
  readonly helpLines: readonly string[]
  /** The members of its file. */
  readonly document: Readonly<Record<string, unknown>>
}

/** The result of a test. */
type Verdict =
  | { readonly kind: 'run'; readonly words: readonly string[]; readonly command: string }
  | { readonly kind: 'refused'; readonly sentence: string }

/** Sets or replaces the catalogue of a group; returns the number of its commands. @throws INPUT_INVALID naming each fault. */
export async function writeCatalogue(command: StoreCommand, group: string, document: unknown): Promise<number> {
  const catalogue = await setCatalogue(portsOf(command), { group, document }, command.request)
  return catalogue.commands.length
}

/** Removes the catalogue of a group. */
export function deleteCatalogue(command: StoreCommand, group: string): Promise<'removed' | 'missing'> {
  return removeCatalogue(command.storeAccess.ports, group, command.request)
}

/** Returns the catalogue of a group; null: there is none. */
export async function readCatalogue(command: StoreCommand, group: string): Promise<ShownCatalogue | null> {
  const catalogue = await read(command, group)
  return catalogue === null ? null : toCommand(group, catalogue)
}

/** Returns the catalogues of all groups. */
export async function listCatalogues(command: StoreCommand): Promise<readonly ShownCatalogue[]> {
  const catalogues = await readCatalogues(portsOf(command), null)
  return [...catalogues].map(([group, catalogue]) => toCommand(group, catalogue))
}

/** Returns what a health check would do with a line of a member of only this group; null: the group has no catalogue. */
export async function judgeLine(command: StoreCommand, group: string, line: string): Promise<Verdict | null> {
  const catalogue = await read(command, group)
  if (catalogue === null) return null
  const verdict: LineVerdict = matchLine(line, [catalogue])
  return verdict.kind === 'run' ? { ...verdict, command: forcedCommand(verdict.words) } : verdict
}

async function read(command: StoreCommand, group: string): Promise<Catalogue | null> {
  return (await readCatalogues(portsOf(command), [group])).get(group) ?? null
}

function toCommand(group: string, catalogue: Catalogue): ShownCatalogue {
  return {
    group,
    commandCount: catalogue.commands.length,
    helpLines: helpLines([catalogue]),
    document: catalogueDocument(catalogue),
  }
}

function portsOf({ storeAccess: { ports } }: StoreCommand): CataloguePorts {
  return { clock: ports.clock, store: ports.store, patterns: createPatterns() }
}
