/** Bench: verification with few and with many stored sessions: hot tokens from memory, cold ones from the store. */
import type { Plan } from '../load/plan.ts'
import { type LoadProcess, type ServerProcess, startServer } from '../measure/processes.ts'
import {
  type Contender,
  latencyOf,
  measureFlow,
  medianOf,
  medianRatio,
  type Sample,
  takeTurns,
} from '../measure/rounds.ts'
import { fixed, type Result, tableOf, whole } from '../report/result.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

const hotTokens = 500
/** One connection, so that the latency has no queue. */
const connections = 1
const mostColdTokens = 80

/** The scenario. */
export const stored: Scenario = (load, effort) => {
  const sizes = effort.isQuick ? [1_000, 100_000] : [1_000, 100_000, 1_000_000]
  return withServers(sizes, async (servers) => {
    const contenders = servers.flatMap(({ size, server }) => [
      hot(size, { server, load, effort }),
      cold(size, { server, load, effort }),
    ])
    return report(sizes, await takeTurns(contenders, effort))
  })
}

type Sized = { readonly size: number; readonly server: ServerProcess }

/** Opens all servers at the same time; they take turns on the same core. */
async function withServers(
  sizes: readonly number[],
  use: (servers: readonly Sized[]) => Promise<Result>,
): Promise<Result> {
  const open = async (left: readonly number[], opened: readonly Sized[]): Promise<Result> => {
    const [size, ...rest] = left
    if (size === undefined) return await use(opened)
    return await withStore({ accounts: Math.min(size, 10_000), sessions: size }, async (dataDir) => {
      await using server = await startServer({ dataDir, config: {} })
      return await open(rest, [...opened, { size, server }])
    })
  }
  return await open(sizes, [])
}

type Bench = { readonly server: ServerProcess; readonly load: LoadProcess; readonly effort: Effort }

/** Hot tokens have odd rows all over the table, cold ones the even rows between. A cold token is presented once. */
function hot(size: number, { server, load, effort }: Bench): Contender {
  const rows = { first: 1, count: hotTokens, stride: evenStride(size / hotTokens) }
  return {
    name: `hot ${size}`,
    round: () =>
      measureFlow(
        server,
        load,
        plan({ kind: 'get', path: '/api/v1/verify', rows, order: 'cycle' }, effort.roundMs / 2),
      ),
  }
}

function cold(size: number, { server, load, effort }: Bench): Contender {
  const perRound = Math.min(mostColdTokens, Math.floor(size / 2 / (effort.mostRounds + 1)))
  const stride = evenStride(size / (perRound * (effort.mostRounds + 1)))
  return {
    name: `cold ${size}`,
    round: (round) => {
      const rows = { first: 2 + round * perRound * stride, count: perRound, stride }
      return measureFlow(server, load, plan({ kind: 'get', path: '/api/v1/verify', rows, order: 'once' }, 60_000))
    },
  }
}

function evenStride(stride: number): number {
  return Math.max(2, Math.floor(stride / 2) * 2)
}

function plan(script: Plan['script'], durationMs: number): Plan {
  return { script, connections, durationMs, pace: null }
}

function report(sizes: readonly number[], samples: ReadonlyMap<string, readonly Sample[]>): Result {
  const of = (kind: 'hot' | 'cold', size: number): readonly Sample[] => samples.get(`${kind} ${size}`) ?? []
  const p50 = (sample: Sample): number => latencyOf(sample, 'get').p50
  const fewest = sizes[0] ?? 0
  const most = sizes.at(-1) ?? 0
  const ratio = medianRatio(of('hot', most), of('hot', fewest), p50)
  const coldMs = medianOf(of('cold', most), p50)
  return {
    title: 'stored',
    method: `\`GET /api/v1/verify\` over one connection: ${hotTokens} tokens spread over the whole table that are in memory (hot), and at most ${mostColdTokens} a round that were never presented to the process (cold; the operating system may still have their pages).`,
    tables: [
      tableOf(
        (['hot', 'cold'] as const).flatMap((kind) =>
          sizes.map((size) => ({ name: `${kind}, ${whole(size)} stored`, samples: of(kind, size), label: 'get' })),
        ),
      ),
    ],
    aims: [
      {
        what: `hot p50, ${whole(most)} : ${whole(fewest)} stored`,
        aim: '<= 1.3',
        measured: fixed(ratio),
        isReached: ratio <= 1.3,
      },
      { what: `cold p50, ${whole(most)} stored`, aim: '(reported)', measured: `${fixed(coldMs)} ms`, isReached: true },
    ],
    samples: Object.fromEntries(samples),
  }
}
