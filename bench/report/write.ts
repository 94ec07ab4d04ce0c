/** Bench: writes results to the terminal, as JSON, and into the document. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { separateCores } from '../measure/processes.ts'
import type { Result, Table } from './result.ts'

const resultsFolder = fileURLToPath(new URL('../results/', import.meta.url))
const documentPath = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))

/** Facts of the machine; figures depend on them. */
export type Machine = {
  readonly cores: number
  readonly processor: string
  readonly memoryGb: number
  readonly node: string
  readonly kernel: string
  readonly isPinned: boolean
  /** Load average of the minute before the run. */
  readonly loadBefore: number
}

/** Reads the facts of this machine. */
export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1e9),
    node: process.version,
    kernel: `${type()} ${release().split('.').slice(0, 2).join('.')}`,
    isPinned: separateCores.server !== null,
    loadBefore: loadavg()[0] ?? 0,
  }
}

/** Prints a result to stdout. */
export function print(result: Result): void {
  console.log(`\n## ${result.title}\n`)
  for (const table of [...result.tables, aimsTable(result)]) console.log(`${aligned(table)}\n`)
}

/** Writes all results as JSON and returns the path. */
export function writeJson(machine: Machine, results: readonly Result[]): string {
  mkdirSync(resultsFolder, { recursive: true })
  const path = `${resultsFolder}${new Date().toISOString().replaceAll(':', '-')}.json`
  writeFileSync(path, `${JSON.stringify({ machine, results }, null, 2)}\n`)
  return path
}

/** Replaces the figures of a scenario in `docs/performance.md`; those of other scenarios stay. */
export function writeDocument(machine: Machine, result: Result): void {
  const text = readFileSync(documentPath, 'utf8')
  writeFileSync(documentPath, withSection(text, result.title, markdown(machine, result)))
}

function withSection(text: string, title: string, section: string): string {
  const [begin, end] = [`<!-- ${title}: begin -->`, `<!-- ${title}: end -->`]
  const [before, rest = ''] = text.split(begin)
  const after = rest.split(end)[1]
  if (after === undefined) throw new Error(`${documentPath} has no section for ${title}.`)
  return `${before}${begin}\n${section}\n${end}${after}`
}

function markdown(machine: Machine, result: Result): string {
  const facts = `Measured on ${new Date().toISOString().slice(0, 10)}: Node.js ${machine.node}, ${machine.kernel}, ${machine.cores} virtual cores (${machine.processor}), ${machine.memoryGb} GB, ${machine.isPinned ? 'pinned' : 'not pinned'}.`
  return [result.method, ...[...result.tables, aimsTable(result)].map(piped), facts].join('\n\n')
}

function aimsTable({ aims }: Result): Table {
  return {
    columns: ['', 'aim', 'measured', ''],
    rows: aims.map(({ what, aim, measured, isReached }) => {
      const isReported = aim.startsWith('(')
      return [what, aim, measured, isReported ? '' : isReached ? 'reached' : '**not reached**']
    }),
  }
}

function piped({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = line(columns.map((_, index) => (index === 0 ? '---' : '---:')))
  return [line(columns), rule, ...rows.map(line)].join('\n')
}

function aligned({ columns, rows }: Table): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ')
      .trimEnd()
  return [columns, ...rows].map(line).join('\n')
}
