/** Tools: the layers of `src` and what each may import. The one table; the linter's rules are generated from it. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Import, ImportGraph } from './import-graph.ts'
import { projectRoot } from './source-tree.ts'

/** What each layer may import besides itself; a layer is a folder of `src`, or a file directly in it. What is not listed is an error. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: [],
  config: [],
  stores: ['core'],
  platform: ['core'],
  http: ['core', 'protocol'],
  terminals: ['core', 'protocol'],
  client: ['protocol'],
  console: ['client', 'protocol'],
  cli: ['client', 'config', 'main'],
  main: ['core', 'protocol', 'config', 'stores', 'platform', 'http', 'terminals', 'client', 'console', 'cli'],
}

/** Layers that run anywhere and therefore import no package and nothing of Node. */
export const packageFreeLayers: readonly string[] = ['core', 'protocol']

/** The dialects of `src/http/dialects`; none imports another. */
export const dialects: readonly string[] = ['control', 'giantswarm', 'koyeb', 'pacerpro', 'sftpgo']

/** The generated part of the linter's configuration, relative to the root. */
export const lintLayersPath = 'tools/biome.layers.json'

// Core has a folder of its own called terminals; how many steps up the wing of that name stands tells them apart.
const coreTerminals = [
  { files: '**/src/core/*.ts', wing: '../terminals/**' },
  { files: '**/src/core/*/*.ts', wing: '../../terminals/**' },
]
const layersThatAreFiles: readonly string[] = ['config', 'main']

/** Returns one sentence for every import of the graph that the table forbids, and for every file of no known layer. */
export function layerViolations(graph: ImportGraph): string[] {
  const strangers = graph.files.filter((file) => mayImport[layerOf(file)] === undefined)
  return [
    ...strangers.map((file) => `${file} belongs to no layer.`),
    ...graph.imports.flatMap((found) => {
      const reason = violationOf(found)
      return reason === null ? [] : [`${found.from}:${found.line} ${reason}`]
    }),
  ]
}

/** Returns the linter's configuration for the table, as the text of {@link lintLayersPath}. */
export function lintLayers(): string {
  const layers = Object.keys(mayImport).filter((layer) => layer !== 'main')
  const overrides = [
    ...layers.map((layer) => restriction(filesOf(layer), forbiddenPatterns(layer), sentenceFor(layer))),
    ...coreTerminals.map(({ files, wing }) =>
      restriction([files], [...forbiddenPatterns('core'), wing], sentenceFor('core')),
    ),
    ...dialects.map((dialect) => {
      const others = dialects.filter((other) => other !== dialect).map((other) => `**/${other}/**`)
      const patterns = [...forbiddenPatterns('http'), ...others]
      const sentence = `${sentenceFor('http')} One dialect never imports another.`
      return restriction([`**/src/http/dialects/${dialect}/**`], patterns, sentence)
    }),
  ]
  return `${JSON.stringify({ overrides }, null, 2)}\n`
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

function sentenceFor(layer: string): string {
  const allowed = mayImport[layer] ?? []
  return `${layer} may import ${allowed.length === 0 ? 'nothing outside itself' : `${allowed.join(', ')} only`}.`
}

function filesOf(layer: string): string[] {
  const isFile = layersThatAreFiles.includes(layer)
  return isFile ? [`**/src/${layer}.ts`, `**/src/${layer}/**`] : [`**/src/${layer}/**`]
}

function forbiddenPatterns(layer: string): string[] {
  const forbidden = Object.keys(mayImport).filter((other) => other !== layer && !mayImport[layer]?.includes(other))
  const packages = packageFreeLayers.includes(layer) ? ['**', '!./**', '!../**'] : []
  const inside = mayImport[layer]?.includes('core') ? ['!**/core/**'] : []
  return [...packages, ...forbidden.flatMap((other) => patternsFor(layer, other)), ...inside]
}

function patternsFor(layer: string, other: string): string[] {
  if (layer === 'core' && other === 'terminals') return []
  return layersThatAreFiles.includes(other) ? [`**/${other}.ts`, `**/${other}/**`] : [`**/${other}/**`]
}

function restriction(includes: string[], group: string[], message: string): object {
  const noRestrictedImports = { level: 'error', options: { patterns: [{ group, message }] } }
  return { includes, linter: { rules: { style: { noRestrictedImports } } } }
}

if (import.meta.main) {
  const text = lintLayers()
  if (!process.argv.includes('--check')) writeFileSync(`${projectRoot}${lintLayersPath}`, text)
  else if (readFileSync(`${projectRoot}${lintLayersPath}`, 'utf8') !== text) {
    console.error(`${lintLayersPath} is stale: run npm run docs.`)
    process.exitCode = 1
  }
}
