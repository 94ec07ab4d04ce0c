/** Project tests: the package, built, packed and installed outside the checkout. */
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { renameWorkerFiles } from '../../tools/build.ts'
import { listFiles, projectRoot } from '../../tools/source-tree.ts'
import { plant, temporaryFolder } from './temporary-folder.ts'

test('PKG-7 a worker named by its TypeScript file is named by its JavaScript file once built', () => {
  assert.deepEqual(
    [
      "new Worker(new URL('./writer.ts', import.meta.url))",
      'new URL("../writer.ts", import.meta.url)',
      "new URL('./schema.sql', import.meta.url)",
      "const text = './writer.ts'",
    ].map(renameWorkerFiles),
    [
      "new Worker(new URL('./writer.js', import.meta.url))",
      'new URL("../writer.js", import.meta.url)',
      "new URL('./schema.sql', import.meta.url)",
      "const text = './writer.ts'",
    ],
  )
})

test('PKG-7, PKG-8, PKG-9, PKG-10 the package is built, packed, installed in an empty folder and used', async (t) => {
  const folder = temporaryFolder(t)
  const tarball = pack(folder)
  plant(folder, { 'package.json': '{"private":true,"type":"module"}' })
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', join(folder, tarball)]
  assert.equal(run(folder, 'npm', install).status, 0)
  const installed = join(folder, 'node_modules/sallyport')

  await t.test('PKG-7 nothing built loads a TypeScript file', () => {
    const built = listFiles(installed, ['dist'], '.js')
    const loads = /(?:\bfrom|\bimport\(?|new URL\()\s*['"]\.{1,2}\/[^'"]*\.ts['"]/
    const naming = built.filter((path) => loads.test(readFileSync(join(installed, path), 'utf8')))
    assert.deepEqual([naming, built.includes('dist/cli/sallyport.js')], [[], true])
  })

  await t.test('PKG-8 the package holds no source and no test', () => {
    const held = listFiles(folder, ['node_modules/sallyport'], '').map((path) => path.split('/').slice(2))
    const tops = new Set(held.filter(([top]) => top !== 'node_modules').map(([top]) => top))
    assert.deepEqual([...tops].sort(), ['LICENSE', 'README.md', 'bin', 'dist', 'docs', 'package.json'])
  })

  await t.test('PKG-9 the command prints its help and exits with 0', () => {
    const { status, stdout, stderr } = run(folder, join(folder, 'node_modules/.bin/sallyport'), ['--help'])
    assert.deepEqual(
      { status, stderr, helps: /^Usage: sallyport\b/m.test(stdout) },
      { status: 0, stderr: '', helps: true },
    )
  })

  await t.test('PKG-10 the client and its terminal are imported and their types are found', () => {
    const script =
      "const [client, terminal] = [await import('sallyport/client'), await import('sallyport/terminal')]; if (!client.ControlClient || !terminal.openTerminal) process.exit(1)"
    const { status, stderr } = run(folder, process.execPath, ['--input-type=module', '-e', script])
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.deepEqual(typeErrors(folder), [])
  })

  await t.test('TPG-3 the terminal page is served from the built files and the installed packages', () => {
    const script = `const { openTerminalPage } = await import(${JSON.stringify(join(installed, 'dist/main/terminal-page.js'))})
      const page = openTerminalPage(() => [])
      const paths = [...page.modules(), ...Object.values(page.packages), ...page.styles]
      console.log(JSON.stringify(paths.map((path) => [path, page.asset(path) !== null])))`
    const { status, stdout, stderr } = run(folder, process.execPath, ['--input-type=module', '-e', script])
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    const served = JSON.parse(stdout) as [path: string, isThere: boolean][]
    assert.deepEqual(
      served.filter(([path, isThere]) => !isThere || !/\.(?:js|mjs|css)$/.test(path)),
      [],
    )
    assert.equal(served[0]?.[0], 'console/main.js')
    assert.ok(served.length > 20)
  })
})

function pack(folder: string): string {
  const { status, stdout } = run(projectRoot, 'npm', [
    'pack',
    '--json',
    '--foreground-scripts=false',
    `--pack-destination=${folder}`,
  ])
  assert.equal(status, 0)
  const [tarball] = listFiles(folder, ['.'], '.tgz')
  assert.notEqual(tarball, undefined, stdout)
  return tarball ?? ''
}

function typeErrors(folder: string): string[] {
  plant(folder, {
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        module: 'NodeNext',
        target: 'ES2024',
        lib: ['ES2024', 'DOM', 'ESNext.Disposable'],
        types: [],
        skipLibCheck: true,
      },
      include: ['uses-client.ts'],
    }),
    'uses-client.ts':
      "import * as client from 'sallyport/client'\nimport { openTerminal, type TerminalSocket } from 'sallyport/terminal'\nexport const names: string[] = Object.keys(client)\nexport const open = (ticket: client.PtyTicket): TerminalSocket => openTerminal(ticket, { size: { cols: 80, rows: 24 }, socket: (url, offers) => new WebSocket(url, offers) })\n",
  })
  const { stdout } = run(folder, join(projectRoot, 'node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'])
  return stdout.split('\n').filter((line) => line !== '')
}

// The machine's own node may be too old for the package, and the package brings none: the running one comes first.
function run(cwd: string, command: string, words: readonly string[]): SpawnSyncReturns<string> {
  const { NODE_OPTIONS: _, ...environment } = process.env
  const env = { ...environment, PATH: `${dirname(process.execPath)}:${environment.PATH ?? ''}` }
  const done = spawnSync(command, words, { cwd, env, encoding: 'utf8' })
  if (done.status !== 0) console.error(done.stdout, done.stderr)
  return done
}
