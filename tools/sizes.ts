/** Tools: measures files and functions. Prints the figures, and fails if one is over its limit. */
import { readFileSync } from 'node:fs'
import type { Node } from 'oxc-parser'
import { descendants, lineAt, listFiles, nodesOf, projectRoot, readSources, type Sources } from './source-tree.ts'

/** Most lines of a file without a decision that allows more. */
export const fileLines = 400
/** Most lines of a function. */
export const functionLines = 70
/** Most parameters of a function. With more, it takes one named object. */
export const parameters = 3

/** Lines of each file and function, and one sentence for each fault. */
export type Measures = {
  readonly files: readonly number[]
  readonly functions: readonly number[]
  readonly faults: readonly string[]
}

type FunctionNode = Extract<Node, { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }>

/**
 * Measures every file and function of the sources.
 *
 * In a test file, a function that registers tests is a suite. Its tests are measured, the suite is not.
 *
 * @param allowedFiles Files that a decision allows to have more than {@link fileLines}.
 * @throws Error if there is no file.
 */
export function measure(sources: Sources, allowedFiles: ReadonlySet<string>): Measures {
  if (sources.size === 0) throw new Error('No file was read: nothing was measured.')
  const measured = [...sources].map(([path, source]) => measureFile(path, source, allowedFiles))
  return {
    files: measured.map(({ lines }) => lines),
    functions: measured.flatMap(({ functions }) => functions),
    faults: measured.flatMap(({ faults }) => faults),
  }
}

/** Returns the files in lines `<!-- allows-size: path -->` of the texts. */
export function allowedBy(decisions: readonly string[]): Set<string> {
  return new Set(
    decisions.flatMap((text) => [...text.matchAll(/^<!-- allows-size: (\S+) -->$/gm)].map(([, path = '']) => path)),
  )
}

/** Returns the percentile of the values, or 0 if there are none. @param share Between 0 and 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

function measureFile(
  path: string,
  source: string,
  allowed: ReadonlySet<string>,
): { lines: number; functions: number[]; faults: string[] } {
  const nodes = nodesOf(path, source)
  const lines = source.trimEnd().split('\n').length
  const functions = nodes.filter(isFunction)
  const measured = functions.filter((node) => !(path.startsWith('test/') && registersTests(node)))
  const tooLong = lines > fileLines && !allowed.has(path)
  const at = (node: Node): string => `${path}:${lineAt(source, node.start)}`
  const lengthOf = (node: Node): number => lineAt(source, node.end) - lineAt(source, node.start) + 1
  return {
    lines,
    functions: measured.map(lengthOf),
    faults: [
      ...(tooLong ? [`${path} has ${lines} lines; over ${fileLines} needs a decision that allows it.`] : []),
      ...measured
        .filter((node) => lengthOf(node) > functionLines)
        .map((node) => `${at(node)} a function has ${lengthOf(node)} lines; ${functionLines} is the most.`),
      ...functions
        .filter((node) => node.params.length > parameters)
        .map(
          (node) =>
            `${at(node)} a function has ${node.params.length} parameters; over ${parameters} take one named object.`,
        ),
      ...nodes.flatMap((node) => {
        const fault = forbiddenSyntax(node)
        return fault === null ? [] : [`${at(node)} ${fault}`]
      }),
    ],
  }
}

function isFunction(node: Node): node is FunctionNode {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type)
}

function registersTests(node: FunctionNode): boolean {
  return descendants(node).some((inner) => {
    if (inner.type !== 'CallExpression') return false
    const { callee } = inner
    const name = callee.type === 'MemberExpression' ? callee.property : callee
    return (
      name.type === 'Identifier' &&
      ['test', 'it', 'describe', 'suite'].includes(name.name) &&
      inner.arguments.length > 1
    )
  })
}

function forbiddenSyntax(node: Node): string | null {
  if (node.type === 'ExportAllDeclaration') return 'exports everything of another file; name what is exported.'
  if (node.type === 'TSAnyKeyword') return 'says any.'
  if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') return null
  const parent = node.superClass
  if (parent === null || (parent.type === 'Identifier' && /^(Refusal|\w*Error)$/.test(parent.name))) return null
  return 'a class extends something that is not an error.'
}

function report(title: string, { files, functions }: Measures): string {
  const [median, p90, longest] = [percentile(files, 0.5), percentile(files, 0.9), Math.max(...files)]
  const [functionP90, longestFunction] = [percentile(functions, 0.9), Math.max(0, ...functions)]
  return [
    `${title}: ${files.length} files, median ${median} lines (budget 90), p90 ${p90} (250), longest ${longest};`,
    `${functions.length} functions, p90 ${functionP90} lines (40), longest ${longestFunction}`,
  ].join(' ')
}

function main(): void {
  const decisions = listFiles(projectRoot, ['docs/decisions'], '.md')
  const allowed = allowedBy(decisions.map((path) => readFileSync(`${projectRoot}${path}`, 'utf8')))
  const areas = ['src', 'test', 'tools', 'bench'].map((folder) => ({
    folder,
    sources: readSources(projectRoot, [folder]),
  }))
  const measures = areas.map(({ folder, sources }) => ({ folder, measures: measure(sources, allowed) }))
  for (const { folder, measures: figures } of measures) console.log(report(folder, figures))
  const faults = measures.flatMap(({ measures: { faults: found } }) => found)
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}

if (import.meta.main) main()
