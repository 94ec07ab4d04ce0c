/** Cli tests: the real command in a child process, without the environment of this process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { projectRoot } from '../../tools/source-tree.ts'

/** The launcher of the checkout. */
export const launcher: string = join(projectRoot, 'bin/sallyport')

/** A cache of compiled modules: a test starts the command dozens of times. */
const compileCache = mkdtempSync(join(tmpdir(), 'sally-cache-'))
process.once('exit', () => rmSync(compileCache, { recursive: true, force: true }))

/** Returns the environment of a command: its data directory, and nothing of this process. The pinned Node.js is not on its path. */
export function plainEnvironment(data: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE: compileCache, SALLYPORT_DATA: data, ...more }
}

/** The exit code and the output of a command. */
export type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** The surroundings of a command. */
export type Surroundings = {
  readonly data: string
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

/** Runs the command to its end. */
export async function sallyport(words: readonly string[], { data, input, env }: Surroundings): Promise<Outcome> {
  const child = spawn(launcher, words, { env: plainEnvironment(data, env), cwd: '/' })
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)]
  // A command that does not read its input may end before the write.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: stdout(), stderr: stderr() }
}

/** Returns the path of a data directory that does not exist yet. It is short, because a socket's path is limited. */
export function dataPath(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sally-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'data')
}

/** Returns the notice of a command that creates a store. */
export function madeStore(data: string): string {
  return `Created a new store in ${data}.\n`
}

/** Returns a text with placeholders for the parts that differ between runs. */
export function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/\b[0-9a-f]{64}\b/g, 'HASH')
}

/** A server in a child process. */
export type Served = {
  readonly child: ChildProcess
  readonly url: string
  /** Its output so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves once standard error holds the words. */
  readonly logged: (words: string) => Promise<void>
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** Starts `serve` on a free port; resolves once it prints its address. */
export async function serve(
  t: Pick<TestContext, 'after'>,
  data: string,
  { words = [], env = {} }: { words?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Served> {
  const child = spawn(launcher, ['serve', '--listen', '127.0.0.1:0', ...words], {
    env: plainEnvironment(data, env),
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close').then(
    ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? null,
  )
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)]
  const logged = async (words: string): Promise<void> => {
    while (!stderr().includes(words)) await once(child.stderr, 'data')
  }
  while (!/listens on \S+\n/.test(stdout())) {
    await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(new Error(stderr())))])
  }
  const url = /listens on (\S+)\n/.exec(stdout())?.[1] ?? ''
  return { child, url, stdout, stderr, logged, ended }
}

function gather(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  return () => Buffer.concat(parts).toString('utf8')
}
