/** Project tests: the examples in the docstrings of the package's exports. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../tools/source-tree.ts'
import { plant, temporaryFolder } from './temporary-folder.ts'

/** What the package exports, by the name under which it is imported. */
const exported = {
  'sallyport/client': 'src/client/client.ts',
  'sallyport/terminal': 'src/client/terminal-socket.ts',
} as const

test('HSE-22 every export of the package has an example, and each compiles against the sources', (t) => {
  const examples = Object.values(exported).map((path) => exampleOf(readFileSync(join(projectRoot, path), 'utf8')))
  const folder = temporaryFolder(t)
  const paths = Object.fromEntries(Object.entries(exported).map(([name, path]) => [name, [join(projectRoot, path)]]))
  const options = { paths, allowImportingTsExtensions: true, noEmit: true, isolatedDeclarations: false }
  plant(folder, {
    'package.json': '{"type":"module"}',
    'tsconfig.json': JSON.stringify({
      extends: join(projectRoot, 'tsconfig.json'),
      compilerOptions: { ...options, declaration: false, typeRoots: [join(projectRoot, 'node_modules/@types')] },
      include: ['*.ts'],
    }),
    ...Object.fromEntries(examples.map((text, index) => [`example-${index}.ts`, text])),
  })
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'))
  const { stdout, status } = spawnSync(join(projectRoot, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
  assert.deepEqual([examples.length, stdout, status], [2, '', 0])
})

function exampleOf(source: string): string {
  const [, lines = ''] = /^ \* @example\n \* ```ts\n([\s\S]*?)^ \* ```$/m.exec(source) ?? []
  assert.notEqual(lines, '')
  return lines.replace(/^ \* ?/gm, '')
}
