/** Bench: the processes of one scenario of terminals: the server, the ceilings on its core, and the client on the other. */
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { readMachine, shareOfOthers } from '../measure/others.ts'
import {
  type Helper,
  type ServerOptions,
  type ServerProcess,
  separateCores,
  startHelper,
  startServer,
} from '../measure/processes.ts'
import type { Noise } from '../measure/rounds.ts'
import { readTree } from '../measure/tree.ts'
import type { TerminalTarget } from '../server/protocol.ts'
import type { CeilingRequest, ClientRequest, ClientTarget, Moved, TerminalReply } from './messages.ts'

/** The processes. */
export type TerminalProcesses = {
  readonly server: ServerProcess
  readonly client: Helper<ClientRequest, TerminalReply>
  readonly ceilings: Helper<CeilingRequest, TerminalReply>
}

/** Starts the processes, and ends them after `use`. */
export async function withProcesses<Value>(
  options: ServerOptions,
  use: (processes: TerminalProcesses) => Promise<Value>,
): Promise<Value> {
  const core = options.core === undefined ? separateCores.server : options.core
  await using server = await startServer({ ...options, core })
  await using client = await startHelper<ClientRequest, TerminalReply>(
    new URL('./client.ts', import.meta.url),
    separateCores.load,
  )
  await using ceilings = await startHelper<CeilingRequest, TerminalReply>(
    new URL('./ceilings.ts', import.meta.url),
    core,
  )
  const found = await use({ server, client, ceilings })
  await ceilings.ask({ op: 'close' })
  return found
}

/** Returns a server of the inventory as the client's requests name it. */
export function clientTargetOf({ osUser, address }: TerminalTarget, isShell: boolean): ClientTarget {
  return { osUser, address, isShell }
}

/** Returns an answer of the expected kind. @throws Error if it is of another kind. */
export function expectKind<Kind extends TerminalReply['kind']>(
  reply: TerminalReply,
  kind: Kind,
): Extract<TerminalReply, { kind: Kind }> {
  if (reply.kind !== kind) throw new Error(`The answer is ${reply.kind}, expected ${kind}.`)
  return reply as Extract<TerminalReply, { kind: Kind }>
}

/** Runs a round, and adds the share of others. */
export async function withNoise<Found extends object>(run: () => Promise<Found>): Promise<Found & Noise> {
  const [machine, own] = [readMachine(), readTree()]
  const found = await run()
  return { ...found, othersShare: shareOfOthers(machine, readTree() - own) }
}

/** Share of a core below which a server counts as idle, and milliseconds between two checks. */
const idle = { share: 0.05, lookMs: 100 } as const

/** Resolves when a server is idle, also its screens; returns the seconds until then. */
export async function awaitIdle(server: ServerProcess): Promise<number> {
  const since = performance.now()
  let before = { at: since, cpuSeconds: (await server.counters()).cpuSeconds }
  for (let quietLooks = 0; quietLooks < 2; ) {
    await delay(idle.lookMs)
    const now = { at: performance.now(), cpuSeconds: (await server.counters()).cpuSeconds }
    const share = (now.cpuSeconds - before.cpuSeconds) / ((now.at - before.at) / 1000)
    quietLooks = share <= idle.share ? quietLooks + 1 : 0
    before = now
  }
  return (performance.now() - since - 2 * idle.lookMs) / 1000
}

/** One transfer. */
export type Transfer = Noise & {
  readonly mbPerSecond: number
  /** CPU of the process that reads the terminal, with all threads, until the last byte arrived. */
  readonly cpuMsPerMb: number
  /** The same with the work after that: the screen. */
  readonly wholeCpuMsPerMb: number
  /** Seconds of the work after the last byte. */
  readonly catchUpSeconds: number
  /** The speed with that time included. */
  readonly wholeMbPerSecond: number
  /** CPU of the client, as a share of a core. */
  readonly clientShare: number
  readonly skipped: number
  readonly rssMb: number
}

/** Measures a transfer by the server, until it is idle again. */
export function transferByServer(
  { server }: Pick<TerminalProcesses, 'server'>,
  run: () => Promise<TerminalReply>,
): Promise<Transfer> {
  return withNoise(async () => {
    const before = await server.counters()
    const moved = expectKind(await run(), 'moved')
    const after = await server.counters()
    const catchUpSeconds = await awaitIdle(server)
    const end = await server.counters()
    const mb = moved.bytes / 1e6
    return {
      mbPerSecond: mb / moved.seconds,
      cpuMsPerMb: ((after.cpuSeconds - before.cpuSeconds) * 1000) / mb,
      wholeCpuMsPerMb: ((end.cpuSeconds - before.cpuSeconds) * 1000) / mb,
      catchUpSeconds,
      wholeMbPerSecond: mb / (moved.seconds + Math.max(0, catchUpSeconds)),
      clientShare: moved.cpuSeconds / moved.seconds,
      skipped: moved.skipped,
      rssMb: after.rss / 1e6,
    }
  })
}

/** Measures a transfer by a ceiling. */
export function transferByCeiling(run: () => Promise<TerminalReply>): Promise<Transfer> {
  return withNoise(async () => plain(expectKind(await run(), 'moved')))
}

function plain({ bytes, seconds, cpuSeconds, skipped }: Moved): Omit<Transfer, 'othersShare'> {
  const mb = bytes / 1e6
  const cpuMsPerMb = (cpuSeconds * 1000) / mb
  const mbPerSecond = mb / seconds
  const same = { cpuMsPerMb, wholeCpuMsPerMb: cpuMsPerMb, mbPerSecond, wholeMbPerSecond: mbPerSecond }
  return { ...same, catchUpSeconds: 0, clientShare: 0, skipped, rssMb: 0 }
}
