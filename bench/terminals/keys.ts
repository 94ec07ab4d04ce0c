/** Bench: how long a key takes to its echo; alone, while another terminal floods, and in a plain PTY. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Latencies } from '../load/plan.ts'
import { type Disturbed, takeTurns } from '../measure/rounds.ts'
import type { Effort } from '../scenarios/scenario.ts'
import type { TerminalTarget } from '../server/protocol.ts'
import type { TerminalReply } from './messages.ts'
import { awaitIdle, expectKind, placeOf, type Stage, watched } from './stage.ts'

/** One round of typing. */
export type Typed = Disturbed & Latencies

/** The samples of each contender. */
export type Keys = {
  readonly plain: readonly Typed[]
  readonly idle: readonly Typed[]
  readonly flood: readonly Typed[]
}

/** A flood is under way for so long before anybody types, in milliseconds. */
const floodMs = 1_000

const echoing = 'stty echo; exec cat >/dev/null\r'
const controlC = '\u0003'

/** Measures it; opens terminals of its own. */
export async function measureKeys(stage: Stage, target: TerminalTarget, effort: Effort): Promise<Keys> {
  const { server, client, ceilings } = stage
  const count = effort.isQuick ? 150 : 400
  const place = placeOf(target, true)
  await client.ask({ op: 'start', name: 'keys', port: server.port, row: 1, target: place })
  await client.ask({ op: 'start', name: 'flood', port: server.port, row: 2, target: place })
  await ceilings.ask({ op: 'open-local', name: 'keys', osUser: target.osUser })
  await client.ask({ op: 'type', name: 'keys', text: echoing })
  await ceilings.ask({ op: 'type', name: 'keys', text: echoing })
  await delay(floodMs)
  const typed = (run: () => Promise<TerminalReply>): Promise<Typed> =>
    watched(async () => expectKind(await run(), 'latencies'))
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
