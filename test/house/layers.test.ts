/** Project tests: the layers of src, read from the import graph. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importCycles, readImportGraph, unresolvedImports } from '../../tools/import-graph.ts'
import { folderCycles, graphFaults, layerViolations } from '../../tools/layers.ts'
import { projectRoot, readSources } from '../../tools/source-tree.ts'

const planted = new Map([
  ['src/core/errors.ts', "import { createHash } from 'node:crypto'\nexport const hash = createHash"],
  ['src/core/terminals/server.ts', "import '../errors.ts'"],
  ['src/http/app.ts', "import type { Store } from '../stores/sqlite/store.ts'\nexport type Kept = Store"],
  ['src/http/dialects/koyeb/routes.ts', "export { wire } from '../sftpgo/wire.ts'"],
  ['src/http/dialects/sftpgo/wire.ts', "import '../../../core/errors.ts'\nexport const wire = 1"],
  ['src/stores/sqlite/store.ts', "const load = () => import('../../http/app.ts')\nexport type Store = typeof load"],
  [
    'src/stores/sqlite/open.ts',
    "new URL('../../main.ts', import.meta.url)\nexport type A = import('../../config.ts').A",
  ],
  ['src/utils/text.ts', 'export const text = 1'],
  ['src/config.ts', 'export type A = 1'],
  ['src/main.ts', "import './http/app.ts'\nimport './core/errors.ts'"],
])

test('HSE-1, HSE-2, HSE-3 every import of src is allowed, names a file, and closes no cycle', () => {
  assert.deepEqual(graphFaults(readImportGraph(readSources(projectRoot, ['src']))), [])
})

test('HSE-1 a forbidden import is found as a value, a type, a re-export, a dynamic import and a worker file', () => {
  assert.deepEqual(layerViolations(readImportGraph(planted)), [
    'src/utils/text.ts belongs to no layer.',
    'src/core/errors.ts:1 imports node:crypto; core may import nothing outside itself.',
    'src/http/app.ts:1 imports src/stores/sqlite/store.ts; http may import core, protocol only.',
    'src/http/dialects/koyeb/routes.ts:1 imports the dialect sftpgo.',
    'src/stores/sqlite/store.ts:1 imports src/http/app.ts; stores may import core only.',
    'src/stores/sqlite/open.ts:1 imports src/main.ts; stores may import core only.',
    'src/stores/sqlite/open.ts:2 imports src/config.ts; stores may import core only.',
  ])
})

test('HSE-2 a cycle is found also if one of its imports is of a type; a worker that imports its starter is no cycle', () => {
  const graph = readImportGraph(
    new Map([
      ['src/core/a.ts', "import { b } from './b.ts'\nexport const a = b"],
      ['src/core/b.ts', "import type { C } from './c.ts'\nexport const b: C = 1"],
      ['src/core/c.ts', "import './a.ts'\nexport type C = number"],
      ['src/core/d.ts', "import './a.ts'"],
      ['src/stores/pool.ts', "new URL('./worker.ts', import.meta.url)"],
      ['src/stores/worker.ts', "import './pool.ts'"],
    ]),
  )
  assert.deepEqual(importCycles(graph), [['src/core/a.ts', 'src/core/b.ts', 'src/core/c.ts']])
})

test('HSE-3 a computed name and a missing file are found', () => {
  const graph = readImportGraph(
    new Map([['src/cli/run.ts', "import './gone.ts'\nawait import(process.argv[2])\nimport 'pino'"]]),
  )
  assert.deepEqual(unresolvedImports(graph), [
    'src/cli/run.ts:1 imports ./gone.ts, which does not exist.',
    'src/cli/run.ts:2 imports a computed name.',
  ])
})

test('HSE-5 a graph without files is an error', () => {
  assert.throws(() => readImportGraph(new Map()), { message: /No file was read/ })
})

test('HSE-17 folders of the core that import each other are found, files directly in it are not folders', () => {
  const graph = readImportGraph(
    new Map([
      ['src/core/a/one.ts', "import '../b/two.ts'\nimport '../errors.ts'"],
      ['src/core/b/two.ts', "import type { C } from '../c/three.ts'\nexport type D = C"],
      ['src/core/c/three.ts', 'export type C = 1'],
      ['src/core/c/four.ts', "import '../b/two.ts'"],
      ['src/core/errors.ts', "import './a/one.ts'"],
    ]),
  )
  assert.deepEqual(folderCycles(graph), ['src/core/b and src/core/c import each other.'])
})
