/** Bench: starts the server's and the load's process, each on a core of its own where the machine allows it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { LoadReport, Plan } from '../load/plan.ts'
import type { Counters, ServerReply, ServerRequest, ServerStart } from '../server/protocol.ts'

/** Runs a program on chosen cores (util-linux). */
export const pinning = 'taskset'

/** Cores of the two processes; null: not pinned. */
export type Cores = { readonly server: string | null; readonly load: string | null }

/** One core for the server and another for the load; none is chosen on a machine with one core, or without `taskset`. */
export const separateCores: Cores = hasTaskset() ? { server: '1', load: '0' } : { server: null, load: null }

/** A server under measurement. */
export type ServerProcess = {
  readonly port: number
  readonly ask: (request: ServerRequest) => Promise<ServerReply>
  readonly counters: (op?: 'measure' | 'settle') => Promise<Counters>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** The load. */
export type LoadProcess = {
  readonly run: (port: number, plans: readonly Plan[]) => Promise<LoadReport>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** How a server is started. */
export type ServerOptions = ServerStart & {
  /** Replaces its own core; null lets it use all of them. */
  readonly core?: string | null
  /** As it is installed (where not said), or as a checkout runs it. */
  readonly form?: 'built' | 'sources'
  /** Folder of another checkout whose built server is measured; left out: this one's. */
  readonly checkout?: string
}

const sources = new URL('../server/serve.ts', import.meta.url)
const builtPath = 'bench/built/bench/server/serve.js'
const built = new URL(`../../${builtPath}`, import.meta.url)

/** Starts a server; resolves once it listens. */
export async function startServer({ core, form, checkout, ...start }: ServerOptions): Promise<ServerProcess> {
  const other = checkout === undefined ? built : pathToFileURL(join(checkout, builtPath))
  const child = startChild(form === 'sources' ? sources : other, {
    core: core === undefined ? separateCores.server : core,
    flags: ['--expose-gc'],
    words: [JSON.stringify(start)],
  })
  const talk = talkTo<ServerRequest, ServerReply>(child)
  const ready = await talk.first
  if (ready.kind !== 'ready') throw new Error('The server did not start.')
  return {
    port: ready.port,
    ask: talk.ask,
    counters: async (op = 'measure') => {
      const found = await talk.ask({ op })
      if (found.kind !== 'counters') throw new Error('The server sent no counters.')
      return found.counters
    },
    [Symbol.asyncDispose]: async () => {
      await talk.ask({ op: 'close' })
      await end(child)
    },
  }
}

/** Starts the load; it lives through all rounds, so that its code is warm. */
export async function startLoad(): Promise<LoadProcess> {
  const child = startChild(new URL('../load/generate.ts', import.meta.url), {
    core: separateCores.load,
    flags: [],
    words: [],
  })
  const talk = talkTo<object, LoadReport>(child)
  await talk.first
  return { run: (port, plans) => talk.ask({ port, plans }), [Symbol.asyncDispose]: () => end(child) }
}

/** A helper of a scenario: a process that is asked one thing at a time. */
export type Helper<Request, Reply> = {
  readonly ask: (request: Request) => Promise<Reply>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts a program that says first that it is ready, as `load` does. @param core null: not pinned. */
export async function startHelper<Request extends object, Reply>(
  program: URL,
  core: string | null,
): Promise<Helper<Request, Reply>> {
  const child = startChild(program, { core, flags: [], words: [] })
  const talk = talkTo<Request, Reply>(child)
  await talk.first
  return { ask: talk.ask, [Symbol.asyncDispose]: () => end(child) }
}

type Start = { readonly core: string | null; readonly flags: readonly string[]; readonly words: readonly string[] }

function startChild(program: URL, { core, flags, words }: Start): ChildProcess {
  const pinned = core === null ? [] : [pinning, '-c', core]
  const command = [...pinned, process.execPath, ...flags, fileURLToPath(program), ...words]
  return spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

type Talk<Request, Reply> = { readonly first: Promise<Reply>; readonly ask: (request: Request) => Promise<Reply> }

/** One question at a time; the end of the process fails whatever is waited for. */
function talkTo<Request extends object, Reply>(child: ChildProcess): Talk<Request, Reply> {
  const hear = async (): Promise<Reply> => {
    const stop = new AbortController()
    const ended = once(child, 'exit', { signal: stop.signal }).then(([code, signal]) => {
      throw new Error(`A process of the bench ended with ${code ?? signal}.`)
    })
    try {
      const [message] = await Promise.race([once(child, 'message', { signal: stop.signal }), ended])
      return message as Reply
    } finally {
      stop.abort()
      ended.catch(() => undefined)
    }
  }
  return {
    first: hear(),
    ask: (request) => {
      const answer = hear()
      child.send(request)
      return answer
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}

function hasTaskset(): boolean {
  return availableParallelism() > 1 && spawnSync(pinning, ['-c', '0,1', 'true']).status === 0
}
