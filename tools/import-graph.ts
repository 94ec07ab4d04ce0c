/** Tools: the import graph of a set of sources: imports of values and types, dynamic imports, re-exports and worker files. */
import { posix } from 'node:path'
import type { Node } from 'oxc-parser'
import { lineAt, nodesOf, type Sources } from './source-tree.ts'

/** One import of a file by another. */
export type Import = {
  /** The importing file. */
  readonly from: string
  /** The text between the quotes; null if it is computed. */
  readonly specifier: string | null
  /** The imported file, for a relative specifier that names a file of the graph; otherwise null. */
  readonly to: string | null
  readonly line: number
  /** `worker` is a file named by `new URL('./x.ts', import.meta.url)`: another thread loads it, so it closes no cycle. */
  readonly kind: 'import' | 'worker'
}

/** Every file read, and every import in them. */
export type ImportGraph = { readonly files: readonly string[]; readonly imports: readonly Import[] }

/** Returns the import graph of the sources. @throws Error when there is no file at all, because an empty graph has no faults. */
export function readImportGraph(sources: Sources): ImportGraph {
  if (sources.size === 0) throw new Error('No file was read: an empty graph proves nothing.')
  const imports = [...sources].flatMap(([path, source]) => readImports(path, source, sources))
  return { files: [...sources.keys()], imports }
}

/** Returns one sentence for every relative import without a file, and for every computed one. */
export function unresolvedImports(graph: ImportGraph): string[] {
  return graph.imports.flatMap((found) => {
    if (found.specifier === null) return [`${found.from}:${found.line} imports a computed name.`]
    if (!found.specifier.startsWith('.') || found.to !== null) return []
    return [`${found.from}:${found.line} imports ${found.specifier}, which does not exist.`]
  })
}

/** Returns the cycles of the graph, each as the sorted list of its files. */
export function importCycles(graph: ImportGraph): string[][] {
  const reach = new Map(graph.files.map((file) => [file, reachableFrom(file, graph)]))
  const seen = new Set<string>()
  const cycles: string[][] = []
  for (const file of graph.files) {
    if (seen.has(file) || !reach.get(file)?.has(file)) continue
    const cycle = graph.files.filter((other) => reach.get(file)?.has(other) && reach.get(other)?.has(file))
    for (const member of cycle) seen.add(member)
    cycles.push([...cycle].sort())
  }
  return cycles
}

function reachableFrom(start: string, graph: ImportGraph): Set<string> {
  const reached = new Set<string>()
  const waiting = [start]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const { from, to, kind } of graph.imports) {
      if (from !== file || to === null || kind === 'worker' || reached.has(to)) continue
      reached.add(to)
      waiting.push(to)
    }
  }
  return reached
}

function readImports(path: string, source: string, sources: Sources): Import[] {
  return nodesOf(path, source).flatMap((node) => {
    const named = namedFile(node)
    if (named === undefined) return []
    const { specifier, kind } = named
    const target = specifier?.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null
    const to = target !== null && sources.has(target) ? target : null
    return [{ from: path, specifier, to, line: lineAt(source, node.start), kind }]
  })
}

function namedFile(node: Node): { specifier: string | null; kind: Import['kind'] } | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'TSImportType':
      return { specifier: node.source.value, kind: 'import' }
    case 'ExportNamedDeclaration':
      return node.source === null ? undefined : { specifier: node.source.value, kind: 'import' }
    case 'ImportExpression':
      return { specifier: stringValue(node.source), kind: 'import' }
    case 'NewExpression':
      return workerFile(node)
    default:
      return undefined
  }
}

function workerFile(node: Extract<Node, { type: 'NewExpression' }>): { specifier: string; kind: 'worker' } | undefined {
  const [file, base] = node.arguments
  if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL' || file === undefined) return undefined
  if (base?.type !== 'MemberExpression' || base.object.type !== 'MetaProperty') return undefined
  const specifier = stringValue(file)
  return specifier?.endsWith('.ts') ? { specifier, kind: 'worker' } : undefined
}

function stringValue(node: Node): string | null {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : null
}
