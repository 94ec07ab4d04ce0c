/** Project tests: names and sentences that clients, scripts and stored files read stay byte for byte. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../tools/source-tree.ts'
import { type Pinned, pinFaults, pinnedNames, pinnedPath } from '../fixtures/pinned.ts'

test('HSE-15 every name and sentence that others read is the pinned one', () => {
  const written = JSON.parse(readFileSync(join(projectRoot, pinnedPath), 'utf8')) as Pinned
  assert.deepEqual(pinFaults(written, pinnedNames()), [])
})

test('HSE-15 a removed name, an added one and a changed one are found', () => {
  const written = { refusals: ['A', 'B'], options: ['listen 1'] }
  assert.deepEqual(pinFaults(written, { refusals: ['A'], options: ['listen 2'], verbs: ['go'] }), [
    'refusals: "B" is gone.',
    'options: "listen 1" is gone.',
    'options: "listen 2" is new.',
    'verbs: "go" is new.',
  ])
})
