/** Project tests: hard words are counted, and their number only falls. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../tools/source-tree.ts'
import {
  budgetPath,
  type Counts,
  countCheckout,
  countWords,
  lowered,
  overBudget,
  proseOf,
  withoutCode,
} from '../../tools/style.ts'

test('HSE-16 no hard word stands more often than its budget allows', () => {
  const budget = JSON.parse(readFileSync(join(projectRoot, budgetPath), 'utf8')) as Counts
  assert.deepEqual(overBudget(budget, countCheckout(projectRoot)), [])
})

test('HSE-16 comments and sentences are counted; names, single words and blocks of code are not', () => {
  const source = [
    '/** Tells it. */',
    "export const tell = 'told' // anew",
    'const a = `it $' + '{tell} whoever asks`',
  ].join('\n')
  const {
    anew,
    whoever,
    'tell, tells, told': tell,
  } = countWords([...proseOf(new Map([['src/a.ts', source]])), withoutCode('Anew.\n```\nanew\n```\n')])
  assert.deepEqual([tell, anew, whoever], [1, 2, 1])
})

test('HSE-16 one use over the budget is a fault, and a lowered budget never rises', () => {
  const budget = { where: 2, anew: 1 }
  assert.deepEqual(overBudget(budget, { where: 2, anew: 2, whom: 1 }), [
    '"anew" stands 2 times; 1 are allowed. See docs/style.md.',
    '"whom" stands 1 times; 0 are allowed. See docs/style.md.',
  ])
  assert.deepEqual(lowered(budget, { where: 1, anew: 2, whom: 1 }), { where: 1, anew: 1, whom: 0 })
})

test('HSE-5 counting the words of no text is an error', () => {
  assert.throws(() => countWords([]), { message: /No text was read/ })
})
