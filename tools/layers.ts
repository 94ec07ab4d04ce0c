/** Tools: the layers of `src` and what each may import. Prints each import that the table forbids, and each cycle. */
import { type Import, type ImportGraph, importCycles, readImportGraph, unresolvedImports } from './import-graph.ts'
import { projectRoot, readSources } from './source-tree.ts'

/** The other layers that each layer may import. A layer is a folder of `src`, or a file directly in it. Every other import is an error. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: [],
  config: ['core'],
  stores: ['core'],
  platform: ['core'],
  http: ['core', 'protocol'],
  terminals: ['core', 'protocol'],
  client: ['protocol'],
  console: ['client', 'protocol'],
  cli: ['client', 'config', 'main'],
  main: ['core', 'protocol', 'config', 'stores', 'platform', 'http', 'terminals', 'client', 'console', 'cli'],
}

/** Layers that run anywhere, so they import no package and nothing of Node.js. */
const packageFreeLayers: readonly string[] = ['core', 'protocol']

/** Returns one sentence for every import of the graph that the table forbids, and for every file of no known layer. */
export function layerViolations(graph: ImportGraph): string[] {
  const unknown = graph.files.filter((file) => mayImport[layerOf(file)] === undefined)
  return [
    ...unknown.map((file) => `${file} belongs to no layer.`),
    ...graph.imports.flatMap((found) => {
      const reason = violationOf(found)
      return reason === null ? [] : [`${found.from}:${found.line} ${reason}`]
    }),
  ]
}

/** Returns one sentence for every forbidden or unreadable import of the graph, and for every cycle. */
export function graphFaults(graph: ImportGraph): string[] {
  const cycles = importCycles(graph).map((files) => `${files.join(', ')} import each other.`)
  return [...layerViolations(graph), ...unresolvedImports(graph), ...cycles, ...folderCycles(graph)]
}

/** Returns one sentence for every two folders of the core that import each other. */
export function folderCycles(graph: ImportGraph): string[] {
  const pairs = new Set(
    graph.imports.flatMap(({ from, to }) => {
      const [folder, other] = [coreFolderOf(from), to === null ? null : coreFolderOf(to)]
      return folder === null || other === null || folder === other ? [] : [`${folder} ${other}`]
    }),
  )
  const both = [...pairs].map((pair) => pair.split(' ')).filter(([one, other]) => pairs.has(`${other} ${one}`))
  return both.flatMap(([one = '', other = '']) => (one < other ? [`${one} and ${other} import each other.`] : []))
}

function violationOf({ from, to, specifier }: Import): string | null {
  const layer = layerOf(from)
  if (to === null) {
    const isPackage = specifier !== null && !specifier.startsWith('.')
    return isPackage && packageFreeLayers.includes(layer) ? `imports ${specifier}; ${sentenceFor(layer)}` : null
  }
  const target = layerOf(to)
  if (target !== layer && !mayImport[layer]?.includes(target)) return `imports ${to}; ${sentenceFor(layer)}`
  const [dialect, other] = [dialectOf(from), dialectOf(to)]
  if (dialect !== null && other !== null && dialect !== other) return `imports the dialect ${other}.`
  return null
}

function layerOf(path: string): string {
  const [top, second = ''] = path.split('/')
  return top === 'src' ? second.replace(/\.ts$/, '') : path
}

function dialectOf(path: string): string | null {
  const [, layer, folder, dialect, file] = path.split('/')
  return layer === 'http' && folder === 'dialects' && dialect !== undefined && file !== undefined ? dialect : null
}

function coreFolderOf(path: string): string | null {
  const parts = path.split('/')
  return parts[1] === 'core' && parts.length > 3 ? parts.slice(0, 3).join('/') : null
}

function sentenceFor(layer: string): string {
  const allowed = mayImport[layer] ?? []
  return `${layer} may import ${allowed.length === 0 ? 'nothing outside itself' : `${allowed.join(', ')} only`}.`
}

if (import.meta.main) {
  const faults = graphFaults(readImportGraph(readSources(projectRoot, ['src'])))
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}
