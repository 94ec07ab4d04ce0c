/** Bench: verify and refresh of this checkout beside those of another one. Both take turns in one run. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Script } from '../load/plan.ts'
import type { buildServer } from '../measure/build.ts'
import { type LoadProcess, type ServerProcess, startServer } from '../measure/processes.ts'
import { type Contender, measureFlow, medianRatio, type Sample, takeTurns, warmUpMs } from '../measure/rounds.ts'
import { type Aim, fixed, type Result, tableOf } from '../report/result.ts'
import type { seedStore } from '../seed/seed-store.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

const hotTokens = 1_000

/** Every round refreshes new sessions. */
const sessionsPerMs = 4

/** Many short rounds, because the difference of the two is smaller than the difference of two rounds. */
const manyRounds = { rounds: 31, mostRounds: 31, roundMs: 1_000 }

/** The requests to both servers. */
type Flow = {
  readonly label: 'get' | 'refresh'
  readonly connections: number
  readonly script: (round: number) => Script
}

type Pair = { readonly now: ServerProcess; readonly before: ServerProcess }

/** Returns the scenario. @param folder The other checkout. */
export function beside(folder: string): Scenario {
  const checkout = resolve(folder)
  return async (load, asked) => {
    const effort = asked.isQuick ? asked : { ...asked, ...manyRounds }
    await build(checkout)
    const perRound = effort.roundMs * sessionsPerMs
    const sessions = perRound * (effort.mostRounds + 1)
    const flows: readonly Flow[] = [
      {
        label: 'get',
        connections: 32,
        script: () => ({
          kind: 'get',
          path: '/api/v1/verify',
          rows: { first: 1, count: hotTokens, stride: 1 },
          order: 'cycle',
        }),
      },
      {
        label: 'refresh',
        connections: 64,
        script: (round) => ({
          kind: 'refresh',
          path: '/api/v1/sessions/refresh',
          isBare: false,
          rows: { first: 1 + round * perRound, count: perRound, stride: 1 },
        }),
      },
    ]
    return withBoth({ accounts: 1_000, sessions }, checkout, async (pair) => {
      const found: Found[] = []
      for (const flow of flows) found.push(await measure(load, effort, { pair, flow }))
      return report(found)
    })
  }
}

async function build(checkout: string): Promise<void> {
  const other = (await import(pathToFileURL(`${checkout}/bench/measure/build.ts`).href)) as {
    readonly buildServer: typeof buildServer
  }
  other.buildServer()
}

/** Each server has its own store, because the schemas may differ. */
async function withBoth<Value>(
  seed: { readonly accounts: number; readonly sessions: number },
  checkout: string,
  use: (pair: Pair) => Promise<Value>,
): Promise<Value> {
  const other = (await import(pathToFileURL(`${checkout}/bench/seed/seed-store.ts`).href)) as {
    readonly seedStore: typeof seedStore
  }
  return withStore(seed, (nowDir) =>
    withStore(
      seed,
      async (beforeDir) => {
        await using now = await startServer({ dataDir: nowDir, config: {} })
        await using before = await startServer({ dataDir: beforeDir, config: {}, checkout })
        return await use({ now, before })
      },
      other.seedStore,
    ),
  )
}

type Found = { readonly flow: Flow; readonly now: readonly Sample[]; readonly before: readonly Sample[] }

async function measure(
  load: LoadProcess,
  effort: Effort,
  { pair, flow }: { readonly pair: Pair; readonly flow: Flow },
): Promise<Found> {
  const contender = (name: keyof Pair): Contender => ({
    name,
    round: (round) =>
      measureFlow(pair[name], load, {
        script: flow.script(round),
        connections: flow.connections,
        durationMs: round === 0 ? warmUpMs : effort.roundMs,
        pace: null,
      }),
  })
  const samples = await takeTurns([contender('before'), contender('now')], effort)
  return { flow, now: samples.get('now') ?? [], before: samples.get('before') ?? [] }
}

function report(found: readonly Found[]): Result {
  const nameOf = ({ label }: Flow): string => (label === 'get' ? 'verify' : label)
  return {
    title: 'beside',
    method: 'This checkout beside another one: both servers run all the time, and take turns under the same load.',
    tables: [
      tableOf(
        found.flatMap(({ flow, now, before }) => [
          { name: `${nameOf(flow)}, before`, samples: before, label: flow.label },
          { name: `${nameOf(flow)}, now`, samples: now, label: flow.label },
        ]),
      ),
    ],
    aims: found.map(({ flow, now, before }): Aim => {
      const ratio = medianRatio(now, before, (sample) => sample.perSecond)
      return {
        what: `requests/s of ${nameOf(flow)}, now : before`,
        aim: '>= 0.95',
        measured: fixed(ratio),
        isReached: ratio >= 0.95,
      }
    }),
    samples: Object.fromEntries(found.map(({ flow, now, before }) => [nameOf(flow), { now, before }])),
  }
}
