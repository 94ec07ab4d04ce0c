/** Bench: the memory of live sessions. Two processes do the same work, and one of them may remember almost nothing. */
import type { Plan } from '../load/plan.ts'
import { type LoadProcess, startServer } from '../measure/processes.ts'
import { median } from '../measure/rounds.ts'
import { fixed, type Result, whole } from '../report/result.ts'
import type { Counters } from '../server/protocol.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

const sessions = 100_000
/** Accounts with ten sessions each: a person with a few devices and programs. */
const mostLikely = 10_000
/** The smallest value of the option. */
const fewest = 100

/** Memory of a server right after its start, built and from sources. */
type Starts = { readonly built: Counters; readonly sources: Counters }

type Population = { readonly accounts: number; readonly full: readonly Counters[]; readonly empty: readonly Counters[] }

/** The scenario. */
export const memory: Scenario = async (load, effort) => {
  const rounds = effort.isQuick ? 1 : 3
  const populations: Population[] = []
  let afterLoad: Counters | null = null
  const starts = await withStore({ accounts: 1, sessions: 1 }, async (dataDir) => ({
    built: await countersOf(dataDir, 'built'),
    sources: await countersOf(dataDir, 'sources'),
  }))
  for (const accounts of effort.isQuick ? [mostLikely] : [mostLikely, 1_000, sessions]) {
    await withStore({ accounts, sessions }, async (dataDir) => {
      const full: Counters[] = []
      const empty: Counters[] = []
      for (let round = 0; round < rounds; round += 1) {
        empty.push((await fill(load, dataDir, { maxSessions: fewest, afterwardsMs: 0 })).filled)
        const isLast = accounts === mostLikely && round === rounds - 1
        const found = await fill(load, dataDir, {
          maxSessions: sessions * 2,
          afterwardsMs: isLast ? loadMs(effort) : 0,
        })
        full.push(found.filled)
        afterLoad ??= found.loaded
      }
      populations.push({ accounts, full, empty })
    })
  }
  return report({ starts, populations, afterLoad }, effort)
}

async function countersOf(dataDir: string, form: 'built' | 'sources'): Promise<Counters> {
  await using server = await startServer({ dataDir, config: {}, form })
  return await server.counters('settle')
}

function loadMs(effort: Effort): number {
  return effort.isQuick ? 6_000 : 60_000
}

type Filling = { readonly maxSessions: number; readonly afterwardsMs: number }

/** Presents every token once, then collects garbage. With `afterwardsMs`, also loads the server and reads its memory right after the load. */
async function fill(
  load: LoadProcess,
  dataDir: string,
  { maxSessions, afterwardsMs }: Filling,
): Promise<{ filled: Counters; loaded: Counters | null }> {
  await using server = await startServer({ dataDir, config: { maxSessions } })
  const verify = (order: 'once' | 'cycle', durationMs: number): Plan => ({
    script: { kind: 'get', path: '/api/v1/verify', rows: { first: 1, count: sessions, stride: 1 }, order },
    connections: 32,
    durationMs,
    pace: null,
  })
  await load.run(server.port, [verify('once', 120_000)])
  const filled = await server.counters('settle')
  if (afterwardsMs === 0) return { filled, loaded: null }
  const rows = { first: 1, count: sessions, stride: 1 }
  const refresh = { kind: 'refresh', path: '/api/v1/sessions/refresh', isBare: false, rows } as const
  await load.run(server.port, [
    verify('cycle', afterwardsMs),
    { script: refresh, connections: 16, durationMs: afterwardsMs, pace: null },
  ])
  return { filled, loaded: await server.counters() }
}

type Findings = {
  readonly starts: Starts
  readonly populations: readonly Population[]
  readonly afterLoad: Counters | null
}

function report({ starts, populations, afterLoad }: Findings, effort: Effort): Result {
  const mb = (values: readonly Counters[]): number => median(values.map(({ rss }) => rss)) / 1e6
  const added = ({ full, empty }: Population): number =>
    median(full.map((counters, round) => counters.rss - (empty[round] as Counters).rss)) / 1e6
  const loadedMb = (afterLoad?.rss ?? Number.NaN) / 1e6
  return {
    title: 'memory',
    method: `Two processes answer one verification of each of ${whole(sessions)} tokens; one may keep them all, the other ${fewest}. Both collect their garbage, and their difference in resident memory (RSS) is what the live sessions cost. At last the full one is loaded by 32 connections that verify and 16 that refresh for ${loadMs(effort) / 1000} s.`,
    tables: [
      {
        columns: ['server that has just started', 'RSS MB'],
        rows: [
          ['installed (JavaScript)', fixed(starts.built.rss / 1e6, 0)],
          ['in a checkout (TypeScript, stripped at every start)', fixed(starts.sources.rss / 1e6, 0)],
        ],
      },
      {
        columns: ['', 'RSS MB, none', 'RSS MB, 100,000', 'RSS added MB', 'bytes/session'],
        rows: populations.map((population) => [
          `${whole(sessions)} sessions of ${whole(population.accounts)} accounts`,
          fixed(mb(population.empty), 0),
          fixed(mb(population.full), 0),
          fixed(added(population), 1),
          whole((added(population) * 1e6) / sessions),
        ]),
      },
    ],
    aims: [
      ...populations.map((population) => ({
        what: `RSS that ${whole(sessions)} live sessions of ${whole(population.accounts)} accounts add`,
        aim: '<= 25 MB',
        measured: `${fixed(added(population), 1)} MB`,
        isReached: added(population) <= 25,
      })),
      {
        what: `RSS with them after ${loadMs(effort) / 1000} s of load`,
        aim: '<= 170 MB',
        measured: `${fixed(loadedMb, 0)} MB`,
        isReached: loadedMb <= 170,
      },
    ],
    samples: { starts, populations, afterLoad },
  }
}
