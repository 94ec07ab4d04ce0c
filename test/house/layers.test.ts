/** House tests: the layers of src, read from the import graph and asked of the linter. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importCycles, readImportGraph, unresolvedImports } from '../../tools/import-graph.ts'
import {
  dialects,
  layerViolations,
  lintLayers,
  lintLayersPath,
  mayImport,
  packageFreeLayers,
} from '../../tools/layers.ts'
import { projectRoot, readSources } from '../../tools/source-tree.ts'
import { plant, temporaryFolder } from './temporary-folder.ts'

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

test('HSE-1 no import of src leaves its layer but for one that the table allows', () => {
  assert.deepEqual(layerViolations(readImportGraph(readSources(projectRoot, ['src']))), [])
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

test('HSE-2 no file of src reaches itself by its imports', () => {
  assert.deepEqual(importCycles(readImportGraph(readSources(projectRoot, ['src']))), [])
})

test('HSE-2 a circle is found also where one of its imports is of a type, and a worker that imports its starter is none', () => {
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

test('HSE-3 every import of src names a file that is there', () => {
  assert.deepEqual(unresolvedImports(readImportGraph(readSources(projectRoot, ['src']))), [])
})

test('HSE-3 a computed name and a missing file are found', () => {
  const graph = readImportGraph(
    new Map([['src/cli/run.ts', "import './gone.ts'\nawait import(process.argv[2])\nimport 'pino'"]]),
  )
  assert.deepEqual(unresolvedImports(graph), [
    'src/cli/run.ts:1 imports ./gone.ts, which is not there.',
    'src/cli/run.ts:2 imports a computed name.',
  ])
})

test('HSE-5 a graph of no file is an error, not a graph that obeys', () => {
  assert.throws(() => readImportGraph(new Map()), { message: /No file was read/ })
})

test('HSE-4 the rules of the linter are those generated from the table', () => {
  assert.equal(readFileSync(join(projectRoot, lintLayersPath), 'utf8'), lintLayers())
})

test('HSE-4 the linter refuses an import for every pair that the table forbids, and for no other', (t) => {
  const folder = temporaryFolder(t)
  for (const path of ['biome.json', '.gitignore', lintLayersPath]) cpSync(join(projectRoot, path), join(folder, path))
  const cases = lintCases()
  plant(
    folder,
    Object.fromEntries(
      cases.map(({ path, specifier }) => [path, `import type { X } from '${specifier}'\nexport type Y = X\n`]),
    ),
  )
  const forbidden = cases.filter((row) => row.forbidden).map(({ path }) => path)
  assert.deepEqual(refusedByLinter(folder), forbidden.sort())
  assert.equal(cases.length > 100, true)
})

function lintCases(): { path: string; specifier: string; forbidden: boolean }[] {
  const layers = Object.keys(mayImport)
  const between = layers.flatMap((from) =>
    layers
      .filter((to) => to !== from && from !== 'main')
      .flatMap((to) => {
        const forbidden = !mayImport[from]?.includes(to)
        return [
          { path: `src/${from}/to-${to}.ts`, specifier: `../${to}/file.ts`, forbidden },
          { path: `src/${from}/inner/to-${to}.ts`, specifier: `../../${to}/file.ts`, forbidden },
        ]
      }),
  )
  const inside = layers.map((layer) => ({ path: `src/${layer}/to-own.ts`, specifier: './own.ts', forbidden: false }))
  const files = layers.flatMap((from) =>
    from === 'main' || from === 'config'
      ? []
      : ['main', 'config'].map((to) => {
          const forbidden = !mayImport[from]?.includes(to)
          return { path: `src/${from}/to-${to}-file.ts`, specifier: `../${to}.ts`, forbidden }
        }),
  )
  const packages = layers.flatMap((layer) =>
    ['pino', 'node:fs'].map((specifier, index) => {
      const forbidden = packageFreeLayers.includes(layer)
      return { path: `src/${layer}/to-package-${index}.ts`, specifier, forbidden }
    }),
  )
  const neighbours = dialects.flatMap((from) =>
    dialects
      .filter((to) => to !== from)
      .map((to) => ({ path: `src/http/dialects/${from}/to-${to}.ts`, specifier: `../${to}/wire.ts`, forbidden: true })),
  )
  const core = [
    { path: 'src/http/dialects/koyeb/to-core.ts', specifier: '../../../core/terminals/file.ts', forbidden: false },
    { path: 'src/http/dialects/koyeb/to-wing.ts', specifier: '../../../terminals/file.ts', forbidden: true },
    { path: 'src/core/inner/to-core.ts', specifier: '../terminals/file.ts', forbidden: false },
    { path: 'src/core/to-core.ts', specifier: './terminals/file.ts', forbidden: false },
  ]
  return [...between, ...inside, ...files, ...packages, ...neighbours, ...core]
}

function refusedByLinter(folder: string): string[] {
  const { stdout } = spawnSync(
    join(projectRoot, 'node_modules/.bin/biome'),
    ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none', 'src'],
    { cwd: folder, encoding: 'utf8' },
  )
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] }
  return diagnostics.map(({ location }) => location.path).sort()
}
