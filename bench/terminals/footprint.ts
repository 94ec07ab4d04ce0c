/** Bench: the memory of terminals: idle ones, and one with endless output. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Effort } from '../scenarios/scenario.ts'
import type { Counters, TerminalTarget } from '../server/protocol.ts'
import { awaitIdle, clientTargetOf, type TerminalProcesses } from './terminal-processes.ts'

/** Numbers of idle terminals at the two measurements. */
export const idleCounts = { few: 50, many: 150 } as const

/** Milliseconds after which idle screens have freed their memory, and output rings are freed or small. */
export const restMs = 65_000

/** Memory with idle terminals. */
export type IdleMemory = {
  readonly few: Counters
  readonly many: Counters
  /** With `many` terminals, right after they were opened. */
  readonly fresh: Counters
}

/** Memory around a flood. */
export type FloodMemory = {
  readonly seconds: number
  readonly before: Counters
  readonly after: Counters
  readonly settled: Counters
}

/** Measures idle terminals; the server must have no others. */
export async function measureIdle({ server, client }: TerminalProcesses, target: TerminalTarget): Promise<IdleMemory> {
  const start = { op: 'start-idle', port: server.port, row: 1, target: clientTargetOf(target, false) } as const
  await client.ask({ ...start, count: idleCounts.few })
  await delay(restMs)
  const few = await server.counters('settle')
  await client.ask({ ...start, count: idleCounts.many - idleCounts.few })
  const fresh = await server.counters('settle')
  await delay(restMs)
  return { few, fresh, many: await server.counters('settle') }
}

/** Measures endless output that is read at once. */
export async function measureFlood(
  processes: TerminalProcesses,
  target: TerminalTarget,
  effort: Effort,
): Promise<FloodMemory> {
  const { server, client } = processes
  const seconds = effort.isQuick ? 5 : 30
  await client.ask({ op: 'start', name: 'endless', port: server.port, row: 1, target: clientTargetOf(target, true) })
  const before = await server.counters('settle')
  await client.ask({ op: 'type', name: 'endless', text: 'yes\r' })
  await delay(seconds * 1000)
  const after = await server.counters()
  await client.ask({ op: 'type', name: 'endless', text: '\u0003' })
  await awaitIdle(server)
  return { seconds, before, after, settled: await server.counters('settle') }
}
