/** Project tests: the security matrix. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkoutMatrixFaults, matrixFaults, matrixRows } from '../../tools/security-matrix.ts'
import { projectRoot } from '../../tools/source-tree.ts'

const proven = new Set(['AAA-1', 'AAA-2'])

/** The matrix of the checkout with every proof replaced by one that holds, and then changed. */
function changed(change: (lines: string[]) => void): string[] {
  const lines = readFileSync(`${projectRoot}docs/security-matrix.md`, 'utf8')
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.replace(/\| [^|]+ \|$/, '| AAA-1, AAA-2 |'))
  change(lines)
  return matrixFaults(matrixRows(lines.join('\n')), proven)
}

test('ATK-31 every requirement has a row, and every row has a proof that exists', () => {
  assert.deepEqual(checkoutMatrixFaults(), [])
})

test('ATK-31 a missing row, one out of order, one without a cell, and an invalid proof are found', () => {
  const withProof = (proof: string): string[] =>
    changed((lines) => {
      lines[6] = `| 7 | something | A 1.1 | ${proof} |`
    })
  assert.deepEqual(
    changed(() => undefined),
    [],
  )
  assert.deepEqual(
    changed((lines) => lines.pop()),
    ['Row 70 is missing.'],
  )
  assert.deepEqual(
    changed((lines) => lines.push('| 71 | more | A 1.1 | AAA-1 |')),
    [],
  )
  assert.deepEqual(
    changed((lines) => lines.splice(68, 2, lines[69] ?? '', lines[68] ?? '')),
    ['Line 69 is not the row that belongs there.', 'Line 70 is not the row that belongs there.'],
  )
  assert.deepEqual(
    changed((lines) => {
      lines[6] = '| 7 |  | A 1.1 | AAA-1 |'
    }),
    ['Row 7 names no requirement or no source.'],
  )
  assert.deepEqual(
    [
      'AAA-1; later: passkeys',
      'later: many nodes',
      'does not apply: no user asks for it.',
      'AAA-3',
      'AAA-1, AAA-9; later: OAuth',
      'later: some day',
      'does not apply:',
      '',
    ].map(withProof),
    [
      [],
      [],
      [],
      ['Row 7 names AAA-3, which no tested rule has.'],
      ['Row 7 names AAA-9, which no tested rule has.'],
      ['Row 7 names some day, which is no later subject.'],
      ['Row 7 names does not apply:, which no tested rule has.'],
      ['Row 7 names nothing, which no tested rule has.'],
    ],
  )
})
