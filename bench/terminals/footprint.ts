/** Bench: what terminals cost in memory; idle ones, and one that never stops. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Effort } from '../scenarios/scenario.ts'
import type { Counters, TerminalTarget } from '../server/protocol.ts'
import { awaitIdle, placeOf, type Stage } from './stage.ts'

/** Idle terminals, first and then. */
export const idleCounts = { few: 50, many: 150 } as const

/** Milliseconds after which idle screens have given their memory back, and rings are gone or small. */
const restMs = 65_000

/** Memory with idle terminals. */
export type IdleMemory = {
  readonly few: Counters
  readonly many: Counters
  /** Of `many`, right after they were opened. */
  readonly fresh: Counters
}

/** Memory around a flood. */
export type FloodMemory = {
  readonly seconds: number
  readonly before: Counters
  readonly after: Counters
  readonly settled: Counters
}

/** Measures idle terminals, on a stage of their own. */
export async function measureIdle({ server, client }: Stage, target: TerminalTarget): Promise<IdleMemory> {
  const start = { op: 'start-idle', port: server.port, row: 1, target: placeOf(target, false) } as const
  await client.ask({ ...start, count: idleCounts.few })
  await delay(restMs)
  const few = await server.counters('settle')
  await client.ask({ ...start, count: idleCounts.many - idleCounts.few })
  const fresh = await server.counters('settle')
  await delay(restMs)
  return { few, fresh, many: await server.counters('settle') }
}

/** Measures a flood that is read as it comes. */
export async function measureFlood(stage: Stage, target: TerminalTarget, effort: Effort): Promise<FloodMemory> {
  const { server, client } = stage
  const seconds = effort.isQuick ? 5 : 30
  await client.ask({ op: 'start', name: 'endless', port: server.port, row: 1, target: placeOf(target, true) })
  const before = await server.counters('settle')
  await client.ask({ op: 'type', name: 'endless', text: 'yes\r' })
  await delay(seconds * 1000)
  const after = await server.counters()
  await client.ask({ op: 'type', name: 'endless', text: '\u0003' })
  await awaitIdle(server)
  return { seconds, before, after, settled: await server.counters('settle') }
}
