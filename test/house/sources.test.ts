/** Project tests: checks of all sources, rules and documents. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { subjectFault } from '../../tools/commit-subjects.ts'
import { isErrorsDocFresh } from '../../tools/errors-doc.ts'
import { entryFor, type LockedPackages, missingOptionals } from '../../tools/lock.ts'
import { allowedBy, measure } from '../../tools/sizes.ts'
import { listFiles, projectRoot, readSources } from '../../tools/source-tree.ts'
import { checkoutRuleFaults, definedRules, ruleFaults, testedRules, titlesWithoutRule } from '../../tools/spec-ids.ts'
import { plant, temporaryFolder } from './temporary-folder.ts'

const coreConfiguration = join(projectRoot, 'tsconfig.core.json')

test('HSE-5 measuring no file is an error', () => {
  assert.throws(() => measure(new Map(), new Set()), { message: /No file was read/ })
})

test('HSE-6 every rule is tested, every title names a rule, and no id means two rules', () => {
  assert.deepEqual(checkoutRuleFaults(), [])
})

test('HSE-6 an untested rule, an unknown id, a rule defined twice and a title without a rule are found', () => {
  const defined = definedRules(
    new Map([['docs/spec/a.md', '# A\n\n- **AAA-1** one.\n- **AAA-2** two.\n- **AAA-2** again.\n- **AAA-3** three.']]),
  )
  const sources = new Map([
    [
      'test/a.test.ts',
      [
        "test('AAA-1, AAA-2 both hold', f)",
        `test(\`AAA-9 \${x} holds\`, f)`,
        "test('it works', f)",
        "hash('SHA-256')",
        "const row = { title: 'BBB-1 holds' }",
      ].join('\n'),
    ],
  ])
  assert.deepEqual(ruleFaults(defined, testedRules(sources)), [
    'docs/spec/a.md:5 defines AAA-2 again.',
    'docs/spec/a.md:6 no test names AAA-3.',
    'test/a.test.ts:2 names AAA-9, which no rule defines.',
    'test/a.test.ts:5 names BBB-1, which no rule defines.',
  ])
  assert.deepEqual(titlesWithoutRule(sources), ['test/a.test.ts:3 "it works" names no rule.'])
})

test('HSE-7 the core and the protocol compile with no type of Node.js or of a browser', () => {
  assert.deepEqual(compileErrors(coreConfiguration), [])
})

test('HSE-7 a core that used Node.js or a browser would not compile', (t) => {
  const folder = temporaryFolder(t)
  plant(folder, {
    'package.json': '{"type":"module"}',
    'tsconfig.json': JSON.stringify({ extends: coreConfiguration, include: ['core.ts'] }),
    'core.ts': [
      "export const bytes: unknown = Buffer.from('')",
      'export const timer: unknown = setTimeout(() => {}, 1)',
      "console.log('')",
      'export const page: unknown = document.title',
      'export const id: unknown = crypto.randomUUID()',
      'export const now: number = 1',
    ].join('\n'),
  })
  const lines = compileErrors(join(folder, 'tsconfig.json')).map((error) => /core\.ts\((\d+),/.exec(error)?.[1])
  assert.deepEqual(lines, ['1', '2', '3', '4', '5'])
})

test('HSE-8 the document of the refusals matches their table', () => {
  assert.equal(isErrorsDocFresh(projectRoot), true, 'docs/errors.md is stale: run npm run docs.')
})

test('HSE-8 a changed document and a missing one are stale', (t) => {
  const folder = temporaryFolder(t)
  const absent = isErrorsDocFresh(folder)
  plant(folder, { 'docs/errors.md': '# Refusals\n' })
  assert.deepEqual([absent, isErrorsDocFresh(folder)], [false, false])
})

test('HSE-9 every file and function is within its size', () => {
  const paths = listFiles(projectRoot, ['docs/decisions'], '.md')
  const allowed = allowedBy(paths.map((path) => readFileSync(join(projectRoot, path), 'utf8')))
  assert.deepEqual(measure(readSources(projectRoot, ['src', 'test', 'tools', 'bench']), allowed).faults, [])
})

test('HSE-9 a file over its size and a forbidden construct are found', () => {
  const long = (lines: number): string => '\n'.repeat(lines)
  const faultsOf = (path: string, source: string): readonly string[] =>
    measure(new Map([[path, source]]), allowedFiles).faults
  const allowedFiles = allowedBy(['text\n<!-- allows-size: src/allowed.ts -->\n'])
  const table = [
    [
      'src/a.ts',
      `const a = 1${long(400)}const b = 2`,
      ['src/a.ts has 401 lines; over 400 needs a decision that allows it.'],
    ],
    ['src/a.ts', `const a = 1${long(399)}const b = 2`, []],
    ['src/allowed.ts', `const a = 1${long(400)}const b = 2`, []],
    ['src/a.ts', `const f = () => {${long(70)}}`, ['src/a.ts:1 a function has 71 lines; 70 is the most.']],
    ['src/a.ts', `class A {\n  f(): void {${long(69)}}\n}`, []],
    ['test/a.test.ts', `function suite() {${long(80)}test('A-1 holds', () => {})\n}`, []],
    [
      'src/a.ts',
      `function suite() {${long(80)}test('A-1 holds', () => {})\n}`,
      ['src/a.ts:1 a function has 82 lines; 70 is the most.'],
    ],
    [
      'src/a.ts',
      'function f(a, b, c, d) {}',
      ['src/a.ts:1 a function has 4 parameters; over 3 take one named object.'],
    ],
    ['src/a.ts', 'export function f(a: any): void {}', ['src/a.ts:1 says any.']],
    ['src/a.ts', "const any = 'any' // any", []],
    ['src/a.ts', "export * from './b.ts'", ['src/a.ts:1 exports everything of another file; name what is exported.']],
    ['src/a.ts', 'class A extends Error {}\nclass B extends Refusal {}\nclass C extends RangeError {}', []],
    ['src/a.ts', 'class A extends EventEmitter {}', ['src/a.ts:1 a class extends something that is not an error.']],
  ] as const
  assert.deepEqual(
    table.map(([path, source]) => faultsOf(path, source)),
    table.map(([, , faults]) => faults),
  )
})

test('HSE-10 every package has a line that says why, and no line is unused', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const document = readFileSync(join(projectRoot, 'docs/dependencies.md'), 'utf8')
  const explained = [...document.matchAll(/^- `(\S+)`: \S/gm)].map(([, name]) => name)
  assert.deepEqual(explained.sort(), [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort())
})

test('HSE-11 no file holds a mark of unfinished work', () => {
  const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
  const folders = ['src', 'test', 'tools', 'bench', 'docs', 'bin', '.ci']
  const paths = listFiles(projectRoot, folders, '')
  const marked = paths.filter((path) => marks.test(readFileSync(join(projectRoot, path), 'utf8')))
  assert.deepEqual([marked, paths.includes('bin/sallyport')], [[], true])
})

test('HSE-12 the lock names no registry', () => {
  const lock = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')
  assert.deepEqual(
    [...lock.matchAll(/"resolved": "(https?:[^"]+)"/g)].map(([, address]) => address),
    [],
  )
  assert.equal(lock.includes('"integrity": "sha512-'), true)
})

test('HSE-13 a commit subject in another form is found', () => {
  const subjects = [
    'core/sessions: end a session at the very second its lifetime ends',
    'http, stores: pass the address on',
    '.ci: run the examples',
    'Core: end a session',
    'end a session',
    'core: End a session',
    'core: end a session.',
    `core: ${'a'.repeat(60)}`,
  ]
  assert.deepEqual(subjects.map(subjectFault), [
    null,
    null,
    null,
    'does not read "area: verb ..." in lower case',
    'does not read "area: verb ..." in lower case',
    'does not read "area: verb ..." in lower case',
    'ends with a full stop',
    'has 66 characters; 65 is the most',
  ])
})

test('HSE-14 the lock holds the optional packages of every platform', () => {
  const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as { packages: LockedPackages }
  assert.deepEqual(
    missingOptionals(lock.packages).map(({ name }) => name),
    [],
  )
})

test('HSE-14 a missing optional package is found, and its entry has the platform from its name', () => {
  const wanting = {
    dev: true,
    license: 'MIT',
    optionalDependencies: { '@a/b-linux-x64-musl': '1.0.0', '@a/b-win32-arm64': '1.0.0', beside: '1.0.0' },
  }
  const missing = missingOptionals({
    '': {},
    'node_modules/a': wanting,
    'node_modules/a/node_modules/beside': {},
    'node_modules/@a/b-win32-arm64': {},
  })
  assert.deepEqual(missing.map(entryFor), [
    { version: '1.0.0', cpu: ['x64'], dev: true, libc: ['musl'], license: 'MIT', optional: true, os: ['linux'] },
  ])
})

function compileErrors(configuration: string): string[] {
  assert.equal(existsSync(configuration), true)
  const { status, stdout } = spawnSync(
    join(projectRoot, 'node_modules/.bin/tsc'),
    ['-p', configuration, '--pretty', 'false'],
    {
      cwd: projectRoot,
      encoding: 'utf8',
    },
  )
  const errors = stdout.split('\n').filter((line) => line.includes('error TS'))
  assert.equal(status === 0, errors.length === 0, stdout)
  return errors
}
