/** Bench: the time from a key to its echo: alone, during endless output of another terminal, and in a plain PTY. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Latencies } from '../load/plan.ts'
import { type Noise, takeTurns } from '../measure/rounds.ts'
import type { Effort } from '../scenarios/scenario.ts'
import type { TerminalTarget } from '../server/protocol.ts'
import type { TerminalReply } from './messages.ts'
import { awaitIdle, clientTargetOf, expectKind, type TerminalProcesses, withNoise } from './terminal-processes.ts'

/** One round of typing. */
export type Typed = Noise & Latencies

/** The samples of each contender. */
export type Keys = {
  readonly plain: readonly Typed[]
  readonly idle: readonly Typed[]
  readonly flood: readonly Typed[]
}

/** Milliseconds of endless output before the first key. */
const floodMs = 1_000

const echoing = 'stty echo; exec cat >/dev/null\r'
const controlC = '\u0003'

/** Measures keys in new terminals. */
export async function measureKeys(processes: TerminalProcesses, target: TerminalTarget, effort: Effort): Promise<Keys> {
  const { server, client, ceilings } = processes
  const count = effort.isQuick ? 150 : 400
  const place = clientTargetOf(target, true)
  await client.ask({ op: 'start', name: 'keys', port: server.port, row: 1, target: place })
  await client.ask({ op: 'start', name: 'flood', port: server.port, row: 2, target: place })
  await ceilings.ask({ op: 'open-local', name: 'keys', osUser: target.osUser })
  await client.ask({ op: 'type', name: 'keys', text: echoing })
  await ceilings.ask({ op: 'type', name: 'keys', text: echoing })
  await delay(floodMs)
  const typed = (run: () => Promise<TerminalReply>): Promise<Typed> =>
    withNoise(async () => expectKind(await run(), 'latencies'))
  const type = { op: 'keys', name: 'keys', count } as const
  const alone = await takeTurns<Typed>(
    [
      { name: 'plain', round: () => typed(() => ceilings.ask(type)) },
      { name: 'idle', round: () => typed(() => client.ask(type)) },
    ],
    effort,
  )
  const beside = await takeTurns<Typed>(
    [
      {
        name: 'flood',
        round: async () => {
          await client.ask({ op: 'type', name: 'flood', text: 'yes\r' })
          await delay(floodMs)
          const sample = await typed(() => client.ask(type))
          await client.ask({ op: 'type', name: 'flood', text: controlC })
          await awaitIdle(server)
          return sample
        },
      },
    ],
    effort,
  )
  return { plain: alone.get('plain') ?? [], idle: alone.get('idle') ?? [], flood: beside.get('flood') ?? [] }
}
