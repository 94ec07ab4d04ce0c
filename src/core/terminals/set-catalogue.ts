/** Core: administers the catalogues of groups. The store only has checked documents. */
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { Catalogue, PatternCompiler } from './catalogue.ts'
import { catalogueDocument, parseCatalogue } from './parse-catalogue.ts'
import { inventoryName } from './server.ts'

/** The ports for catalogues. */
export type CataloguePorts = Pick<Ports, 'clock' | 'store'> & { readonly patterns: PatternCompiler }

/** Most characters of a stored document: it is read for every line of a health check. */
const documentLength = 65_536

/**
 * Sets or replaces the catalogue of a group. Running health checks use it from the next line on. The audit event has
 * the whole text.
 *
 * @param what `document` is parsed JSON.
 * @throws INPUT_INVALID with each field; then nothing changes.
 */
export async function setCatalogue(
  ports: CataloguePorts,
  what: { readonly group: string; readonly document: unknown },
  request: RequestFacts,
): Promise<Catalogue> {
  const { group } = what
  if (!inventoryName.test(group)) {
    throw invalid('group', 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
  }
  const catalogue = parseCatalogue(what.document, ports.patterns)
  const text = JSON.stringify(catalogueDocument(catalogue))
  if (text.length > documentLength) throw invalid('catalogue', `must have at most ${documentLength} characters as JSON`)
  await keep(ports, { group, text }, request)
  return catalogue
}

/** Removes the catalogue of a group. Its members may run nothing in a health check, unless another group of theirs may. */
export function removeCatalogue(
  ports: Pick<CataloguePorts, 'clock' | 'store'>,
  group: string,
  request: RequestFacts,
): Promise<'removed' | 'missing'> {
  return keep(ports, { group, text: null }, request)
}

async function keep(
  ports: Pick<CataloguePorts, 'clock' | 'store'>,
  { group, text }: { readonly group: string; readonly text: string | null },
  request: RequestFacts,
): Promise<'removed' | 'missing'> {
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('setCatalogue', {
    group,
    catalogue: text,
    nowMs,
    audit: auditEvent(
      request,
      { account: null, atMs: nowMs },
      { action: 'catalogue', subject: `group:${group}`, detail: { catalogue: text ?? 'removed' } },
    ),
  })
  return result.kind === 'missing' ? 'missing' : 'removed'
}

/**
 * Returns the catalogues of the groups that have one, by group; null: of every group.
 *
 * @throws INTERNAL if {@link setCatalogue} would not accept a stored document.
 */
export async function readCatalogues(
  ports: Pick<CataloguePorts, 'store' | 'patterns'>,
  groups: readonly string[] | null,
): Promise<ReadonlyMap<string, Catalogue>> {
  const texts = await ports.store.catalogues(groups)
  return new Map([...texts].map(([group, text]) => [group, parseKept(group, text, ports.patterns)]))
}

function parseKept(group: string, text: string, patterns: PatternCompiler): Catalogue {
  try {
    return parseCatalogue(JSON.parse(text), patterns)
  } catch (cause) {
    throw new Refusal('INTERNAL', { detail: `the catalogue of the group ${group} cannot be read`, cause })
  }
}

function invalid(field: string, description: string): Refusal {
  return new Refusal('INPUT_INVALID', { message: `${field}: ${description}.`, fields: [{ field, description }] })
}
