/** Tools: compares the security matrix with the rules and their tests. Each requirement has a row, and each row has a proof. */
import { readFileSync } from 'node:fs'
import { projectRoot } from './source-tree.ts'
import { checkoutRules } from './spec-ids.ts'

/** The number of requirements; they are numbered from 1. */
const requirements = 70

/** Subjects that may be named as planned. */
const subjects: readonly string[] = ['terminals', 'passkeys', 'many nodes', 'console', 'OAuth']

/** One row with its line number. */
export type MatrixRow = {
  readonly number: number
  readonly requirement: string
  readonly sources: string
  readonly proof: string
  readonly line: number
}

/** Returns the rows of the matrix's table. A table line that is not a row gets the number 0. */
export function matrixRows(document: string): MatrixRow[] {
  return document.split('\n').flatMap((text, index) => {
    if (!/^\| *\d/.test(text)) return []
    const [number = '', requirement = '', sources = '', proof = '', ...rest] = text
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => cell.trim())
    const isWhole = rest.length === 0 && /^\d+$/.test(number)
    return [{ number: isWhole ? Number(number) : 0, requirement, sources, proof, line: index + 1 }]
  })
}

/**
 * Returns one sentence for every row that is missing, out of order or incomplete, and for every invalid proof.
 *
 * A proof is a list of rules, a planned subject, both, or the reason why the requirement does not apply.
 *
 * @param proven ids of the rules that are defined and tested.
 */
export function matrixFaults(rows: readonly MatrixRow[], proven: ReadonlySet<string>): string[] {
  const numbers = rows.map(({ number }) => number)
  const wanted = Array.from({ length: requirements }, (_unused, index) => index + 1)
  return [
    ...wanted.filter((number) => !numbers.includes(number)).map((number) => `Row ${number} is missing.`),
    ...rows
      .filter(({ number }, index) => number !== index + 1)
      .map(({ line }) => `Line ${line} is not the row that belongs there.`),
    ...rows
      .filter(({ requirement, sources }) => requirement === '' || sources === '')
      .map(({ number }) => `Row ${number} names no requirement or no source.`),
    ...rows.flatMap((row) => proofFaults(row.proof, proven).map((fault) => `Row ${row.number} ${fault}`)),
  ]
}

function proofFaults(proof: string, proven: ReadonlySet<string>): string[] {
  if (/^does not apply: \S.*\.$/.test(proof)) return []
  return proof.split('; ').flatMap((part) => {
    const subject = /^later: (.+)$/.exec(part)?.[1]
    if (subject !== undefined) return subjects.includes(subject) ? [] : [`names ${subject}, which is no later subject.`]
    return part
      .split(', ')
      .filter((id) => !proven.has(id))
      .map((id) => `names ${id || 'nothing'}, which no tested rule has.`)
  })
}

/** Returns every fault of the checkout's matrix. */
export function checkoutMatrixFaults(): string[] {
  const { defined, tested } = checkoutRules()
  const testedIds = new Set(tested.map(({ id }) => id))
  const proven = new Set(defined.map(({ id }) => id).filter((id) => testedIds.has(id)))
  return matrixFaults(matrixRows(readFileSync(`${projectRoot}docs/security-matrix.md`, 'utf8')), proven)
}

if (import.meta.main) {
  const faults = checkoutMatrixFaults()
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}
