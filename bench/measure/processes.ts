/** Bench: starts the processes of the server and of the load, each on its own core if possible. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { LoadReport, Plan } from '../load/plan.ts'
import type { Counters, ServerReply, ServerRequest, ServerStart } from '../server/protocol.ts'

/** The program that pins a process to cores (util-linux). */
export const pinning = 'taskset'

/** Cores of the two processes; null: not pinned. */
export type Cores = { readonly server: string | null; readonly load: string | null }

/** One core for the server and another for the load; no pinning on a machine with one core, or without `taskset`. */
export const separateCores: Cores = hasTaskset() ? { server: '1', load: '0' } : { server: null, load: null }

/** A server under measurement. */
export type ServerProcess = {
  readonly port: number
  readonly ask: (request: ServerRequest) => Promise<ServerReply>
  readonly counters: (op?: 'measure' | 'settle') => Promise<Counters>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** The process of the load. */
export type LoadProcess = {
  readonly run: (port: number, plans: readonly Plan[]) => Promise<LoadReport>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Options of a server. */
export type ServerOptions = ServerStart & {
  /** The core; by default its own, null: all cores. */
  readonly core?: string | null
  /** `built` (default): as it is installed; `sources`: as a checkout runs it. */
  readonly form?: 'built' | 'sources'
  /** Folder of another checkout whose built server is measured; by default this one. */
  readonly checkout?: string
}

const sources = new URL('../server/serve.ts', import.meta.url)
const builtPath = 'bench/built/bench/server/serve.js'
const built = new URL(`../../${builtPath}`, import.meta.url)

/** Starts a server; resolves when it listens. */
export async function startServer({ core, form, checkout, ...start }: ServerOptions): Promise<ServerProcess> {
  const other = checkout === undefined ? built : pathToFileURL(join(checkout, builtPath))
  const child = startChild(form === 'sources' ? sources : other, {
    core: core === undefined ? separateCores.server : core,
    flags: ['--expose-gc'],
    words: [JSON.stringify(start)],
  })
  const channel = channelTo<ServerRequest, ServerReply>(child)
  const ready = await channel.first
  if (ready.kind !== 'ready') throw new Error('The server did not start.')
  return {
    port: ready.port,
    ask: channel.ask,
    counters: async (op = 'measure') => {
      const found = await channel.ask({ op })
      if (found.kind !== 'counters') throw new Error('The server sent no counters.')
      return found.counters
    },
    [Symbol.asyncDispose]: async () => {
      await channel.ask({ op: 'close' })
      await end(child)
    },
  }
}

/** Starts the process of the load. It runs for all rounds, so that its code is warm. */
export async function startLoad(): Promise<LoadProcess> {
  const child = startChild(new URL('../load/generate.ts', import.meta.url), {
    core: separateCores.load,
    flags: [],
    words: [],
  })
  const channel = channelTo<object, LoadReport>(child)
  await channel.first
  return { run: (port, plans) => channel.ask({ port, plans }), [Symbol.asyncDispose]: () => end(child) }
}

/** A process of a scenario that answers one request at a time. */
export type Helper<Request, Reply> = {
  readonly ask: (request: Request) => Promise<Reply>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts a program whose first message says that it is ready. @param core null: not pinned. */
export async function startHelper<Request extends object, Reply>(
  program: URL,
  core: string | null,
): Promise<Helper<Request, Reply>> {
  const child = startChild(program, { core, flags: [], words: [] })
  const channel = channelTo<Request, Reply>(child)
  await channel.first
  return { ask: channel.ask, [Symbol.asyncDispose]: () => end(child) }
}

type Start = { readonly core: string | null; readonly flags: readonly string[]; readonly words: readonly string[] }

function startChild(program: URL, { core, flags, words }: Start): ChildProcess {
  const pinned = core === null ? [] : [pinning, '-c', core]
  const command = [...pinned, process.execPath, ...flags, fileURLToPath(program), ...words]
  return spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

type Channel<Request, Reply> = { readonly first: Promise<Reply>; readonly ask: (request: Request) => Promise<Reply> }

/** Sends one request at a time. If the process ends, the waiting request fails. */
function channelTo<Request extends object, Reply>(child: ChildProcess): Channel<Request, Reply> {
  const nextMessage = async (): Promise<Reply> => {
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
    first: nextMessage(),
    ask: (request) => {
      const answer = nextMessage()
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
