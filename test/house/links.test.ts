/** Project tests: the links of the documents. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { linkFaults } from '../../tools/links.ts'
import { projectRoot } from '../../tools/source-tree.ts'
import { plant, temporaryFolder } from './temporary-folder.ts'

test('HSE-21 every file that a document links to exists, and has the symbol that the link names', () => {
  assert.deepEqual(linkFaults(projectRoot), [])
})

test('HSE-21 the guide answers ten questions, each with a link', () => {
  const guide = readFileSync(join(projectRoot, 'CONTRIBUTING.md'), 'utf8')
  const questions = guide.match(/^\d+\. \*\*.+\?\*\* .*$/gm) ?? []
  const unlinked = questions.filter((line) => !/\]\(/.test(line))
  assert.deepEqual([questions.length, unlinked], [10, []])
})

test('HSE-21 a missing file and a missing symbol are found; other addresses are not followed', (t) => {
  const folder = temporaryFolder(t)
  plant(folder, {
    'README.md':
      '[a](src/a.ts) [`run`](src/a.ts) [`runs`](src/a.ts) [b](src/b.ts#top) [c](https://example.org) [d](src)',
    'docs/a.md': '[`run`](../src/a.ts)',
    'src/a.ts': 'export function run(): void {}',
  })
  assert.deepEqual(linkFaults(folder), [
    'README.md names runs, which src/a.ts does not have.',
    'README.md links to src/b.ts, which does not exist.',
  ])
})
