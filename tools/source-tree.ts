/** Tools: reads the TypeScript files of a tree and their syntax. Reads only; a file that does not parse is an error. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Node, parseSync, visitorKeys } from 'oxc-parser'

/** Source texts by path; paths are relative to the root and use `/`. */
export type Sources = ReadonlyMap<string, string>

/** Absolute path of the checkout that holds these tools, with a slash at its end. */
export const projectRoot: string = fileURLToPath(new URL('../', import.meta.url))

/** Returns every file below the named folders of `root` that ends in `ending`, sorted. @throws Error if a folder does not exist. */
export function listFiles(root: string, folders: readonly string[], ending: string): string[] {
  return folders.flatMap((folder) => listFolder(root, folder, ending)).sort()
}

/** Returns the texts of every TypeScript file below the named folders of `root`. */
export function readSources(root: string, folders: readonly string[]): Sources {
  const paths = listFiles(root, folders, '.ts')
  return new Map(paths.map((path) => [path, readFileSync(`${root}/${path}`, 'utf8')]))
}

/** Returns every syntax node of a TypeScript source, types included, parents before their children. @throws Error when it does not parse. */
export function nodesOf(path: string, source: string): Node[] {
  const { program, errors } = parseSync(path, source)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.message}`)
  return descendants(program)
}

/** Returns the node and everything below it, parents before their children. */
export function descendants(root: Node): Node[] {
  const found: Node[] = []
  const waiting: Node[] = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    found.push(node)
    waiting.push(...childrenOf(node).reverse())
  }
  return found
}

/** Returns the number of the line that holds the offset, counted from 1. */
export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

function listFolder(root: string, folder: string, ending: string): string[] {
  const entries = readdirSync(`${root}/${folder}`, { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : listFolder(root, path, ending)
    return entry.name.endsWith(ending) ? [path] : []
  })
}

function childrenOf(node: Node): Node[] {
  const fields = node as unknown as Readonly<Record<string, unknown>>
  return (visitorKeys[node.type] ?? []).flatMap((key) => fields[key]).filter(isNode)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value
}
