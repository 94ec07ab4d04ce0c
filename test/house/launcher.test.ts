/** Project tests: the launcher, run in small folders beside a Node.js that is old, missing or real. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { projectRoot } from '../../tools/source-tree.ts'
import { plant, temporaryFolder } from './temporary-folder.ts'

const realNode = dirname(process.execPath)

const program = `
import { readFileSync } from 'node:fs'
const limits = process.platform === 'linux' ? readFileSync('/proc/self/limits', 'utf8') : ''
process.stdout.write(JSON.stringify({
  arguments: process.argv.slice(2),
  coreFileBytes: /^Max core file size +(\\d+|unlimited)/m.exec(limits)?.[1] ?? '0',
  entry: import.meta.filename,
  flags: process.execArgv,
  mask: process.umask(),
  pid: process.pid,
}))
`

const waiting = `
process.once('SIGTERM', () => process.exit(42))
process.stdout.write(String(process.pid))
setInterval(() => {}, 1000)
`

test('PKG-1 a set NODE_OPTIONS is refused in one sentence with exit code 2', (t) => {
  const folder = installedPackage(t)
  const refused = launch(join(folder, 'bin/sallyport'), { PATH: path(realNode), NODE_OPTIONS: '--require=./x.js' })
  assert.deepEqual(refused, {
    status: 2,
    stdout: '',
    stderr: 'sallyport: NODE_OPTIONS is set, which can load other code or open a debugger; unset it and try again.\n',
  })
})

test('PKG-2 an installed package says in one sentence that the Node.js is too old, or that there is none', (t) => {
  const folder = installedPackage(t)
  const launcher = join(folder, 'bin/sallyport')
  assert.deepEqual(launch(launcher, { PATH: path(oldNode(t)) }), {
    status: 1,
    stdout: '',
    stderr: 'sallyport: Node.js 24 or newer is needed; the node on the PATH is v20.20.2.\n',
  })
  assert.deepEqual(launch(launcher, { PATH: toolsWithoutNode(t) }), {
    status: 1,
    stdout: '',
    stderr: 'sallyport: Node.js 24 or newer is needed, and no node is on the PATH.\n',
  })
})

test('PKG-3 a checkout runs its sources on the pinned Node.js if that of the machine is old or missing', (t) => {
  const folder = temporaryFolder(t)
  cpSync(join(projectRoot, 'bin'), join(folder, 'bin'), { recursive: true })
  plant(folder, { 'package.json': '{"type":"module"}', 'src/cli/sallyport.ts': `const typed: number = 1\n${program}` })
  const launcher = join(folder, 'bin/sallyport')
  assert.deepEqual(launch(launcher, { PATH: path(oldNode(t)) }), {
    status: 1,
    stdout: '',
    stderr: 'sallyport: the checkout has no node_modules; run npm ci first.\n',
  })
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
  symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'))
  for (const machine of [path(oldNode(t)), toolsWithoutNode(t)]) {
    assert.equal(reportOf(launch(launcher, { PATH: machine })).entry, join(folder, 'src/cli/sallyport.ts'))
  }
})

test('PKG-4 the launcher becomes the process it starts, and a signal sent to it arrives', async (t) => {
  const folder = installedPackage(t, waiting)
  const child = spawn(join(folder, 'bin/sallyport'), [], {
    env: { PATH: path(realNode) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [pid] = await once(child.stdout, 'data')
  assert.equal(String(pid), String(child.pid))
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [42, null])
})

test('PKG-5 the launcher works through links from another folder and passes every argument as it is', (t) => {
  const folder = installedPackage(t)
  const elsewhere = temporaryFolder(t)
  mkdirSync(join(elsewhere, 'links'))
  symlinkSync(join(folder, 'bin/sallyport'), join(elsewhere, 'links/second'))
  symlinkSync('links/second', join(elsewhere, 'first'))
  const words = ['serve', '--name', 'two words', '', '$HOME', '*']
  const report = reportOf(launch('./first', { PATH: path(realNode), CDPATH: '/' }, { cwd: elsewhere, words }))
  assert.deepEqual([report.arguments, report.entry], [words, join(folder, 'dist/cli/sallyport.js')])
})

test('PKG-6 what Sallyport writes is its own, it leaves no core file, and SIGUSR1 opens no debugger', (t) => {
  const folder = installedPackage(t)
  // Asks for core files first, as far as the machine allows any.
  const words = ['-c', 'ulimit -S -c "$(ulimit -H -c)"; exec "$0"', join(folder, 'bin/sallyport')]
  const { mask, coreFileBytes, flags } = reportOf(launch('/bin/sh', { PATH: path(realNode) }, { words }))
  assert.deepEqual([mask, coreFileBytes, flags.includes('--disable-sigusr1')], [0o077, '0', true])
})

type Report = { arguments: string[]; coreFileBytes: string; entry: string; flags: string[]; mask: number; pid: number }
type Outcome = { status: number | null; stdout: string; stderr: string }

function installedPackage(t: TestContext, source: string = program): string {
  const folder = temporaryFolder(t)
  cpSync(join(projectRoot, 'bin'), join(folder, 'bin'), { recursive: true })
  plant(folder, { 'package.json': '{"type":"module"}', 'dist/cli/sallyport.js': source })
  return folder
}

function oldNode(t: TestContext): string {
  const folder = temporaryFolder(t)
  plant(folder, { node: '#!/bin/sh\necho v20.20.2\n' })
  chmodSync(join(folder, 'node'), 0o755)
  return folder
}

// Only what the launcher itself calls: a machine may keep a node in the folder of its common tools.
function toolsWithoutNode(t: TestContext): string {
  const folder = temporaryFolder(t)
  for (const tool of ['dirname', 'readlink']) {
    const found = spawnSync('/bin/sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim()
    symlinkSync(found, join(folder, tool))
  }
  return folder
}

function path(first: string): string {
  return `${first}:/usr/bin:/bin`
}

function launch(launcher: string, env: Record<string, string>, { cwd = '/', words = [] as string[] } = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(launcher, words, { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

function reportOf({ status, stdout, stderr }: Outcome): Report {
  assert.deepEqual([status, stderr], [0, ''])
  return JSON.parse(stdout) as Report
}
