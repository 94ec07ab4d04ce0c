/** Bench: the cost of a sign-in beyond its password hash, and verification during continuous sign-ins. */
import type { Plan } from '../load/plan.ts'
import { readMachine, shareOfOthers } from '../measure/others.ts'
import { type LoadProcess, type ServerProcess, separateCores, startServer } from '../measure/processes.ts'
import {
  type Contender,
  latencyOf,
  measureFlow,
  medianOf,
  medianRatio,
  readBefore,
  type Sample,
  sampleOf,
  takeTurns,
  warmUpMs,
} from '../measure/rounds.ts'
import { type Aim, fixed, type Result, tableOf } from '../report/result.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

const account = { username: 'bench', password: 'correct horse battery staple' } as const
const signInConnections = 8
const hotTokens = 1_000
const pacePerSecond = 500

/** The cores of the server: its own core, and all of them. */
const places: readonly (string | null)[] = separateCores.server === null ? [null] : [separateCores.server, null]

/** The scenario. */
export const signIn: Scenario = async (load, effort) => {
  const costs: Costs[] = []
  const mixes: Mix[] = []
  for (const core of places) {
    await withStore({ accounts: 100, sessions: hotTokens }, async (dataDir) => {
      await using server = await startServer({ dataDir, config: {}, core })
      await server.ask({ op: 'add-account', ...account })
      costs.push(await measureCost({ core, server, load, effort }))
      mixes.push(await measureMix({ core, server, load, effort }))
    })
  }
  return report(costs, mixes)
}

type Bench = {
  readonly core: string | null
  readonly server: ServerProcess
  readonly load: LoadProcess
  readonly effort: Effort
}

type Costs = { readonly core: string | null; readonly raw: readonly Sample[]; readonly signIn: readonly Sample[] }

async function measureCost({ core, server, load, effort }: Bench): Promise<Costs> {
  const durationOf = (round: number): number => (round === 0 ? warmUpMs : effort.roundMs)
  const contenders: Contender[] = [
    { name: 'raw', round: (round) => hashRaw(server, durationOf(round)) },
    { name: 'sign-in', round: (round) => measureFlow(server, load, signIns(durationOf(round))) },
  ]
  const samples = await takeTurns(contenders, effort)
  return { core, raw: samples.get('raw') ?? [], signIn: samples.get('sign-in') ?? [] }
}

function signIns(durationMs: number): Plan {
  return { script: { kind: 'sign-in', ...account }, connections: signInConnections, durationMs, pace: null }
}

function verifies(durationMs: number): Plan {
  const rows = { first: 1, count: hotTokens, stride: 1 }
  const script = { kind: 'get', path: '/api/v1/verify', rows, order: 'cycle' } as const
  return { script, connections: 32, durationMs, pace: pacePerSecond }
}

async function hashRaw(server: ServerProcess, durationMs: number): Promise<Sample> {
  const machine = readMachine()
  const done = await server.ask({ op: 'raw-hashes', durationMs })
  if (done.kind !== 'hashed') throw new Error('The server did not hash.')
  const { loop, rss } = await server.counters()
  const perHashMs = (done.seconds * 1000) / done.hashes
  return {
    perSecond: done.hashes / done.seconds,
    latencies: { hash: { count: done.hashes, p50: perHashMs, p99: perHashMs, max: perHashMs } },
    cpuMs: (done.cpuSeconds * 1000) / done.hashes,
    rssMb: rss / 1e6,
    loopP99Ms: loop.p99Ms,
    loopMaxMs: loop.maxMs,
    loadShare: 0,
    othersShare: shareOfOthers(machine, done.cpuSeconds),
  }
}

type Mix = { readonly core: string | null; readonly alone: readonly Sample[]; readonly beside: readonly Sample[] }

async function measureMix({ core, server, load, effort }: Bench): Promise<Mix> {
  const run = async (plans: readonly Plan[]): Promise<Sample> => {
    const before = await readBefore(server)
    const loaded = await load.run(server.port, plans)
    return sampleOf(loaded, before, await server.counters())
  }
  const samples = await takeTurns(
    [
      { name: 'alone', round: () => run([verifies(effort.roundMs)]) },
      { name: 'beside', round: () => run([verifies(effort.roundMs), signIns(effort.roundMs)]) },
    ],
    effort,
  )
  return { core, alone: samples.get('alone') ?? [], beside: samples.get('beside') ?? [] }
}

function report(costs: readonly Costs[], mixes: readonly Mix[]): Result {
  const place = ({ core }: { readonly core: string | null }): string => (core === null ? 'all cores' : 'one core')
  const ratio = ({ raw, signIn: subject }: Costs): number => medianRatio(subject, raw, (sample) => sample.cpuMs)
  const p99 = ({ beside }: Mix): number => medianOf(beside, (sample) => latencyOf(sample, 'get').p99)
  return {
    title: 'sign-in',
    method: `\`POST /api/v1/sessions\` over ${signInConnections} connections, beside a thread of the same process that does nothing but argon2id with the same parameters, and whose own CPU is counted. Then \`GET /api/v1/verify\` offered at ${pacePerSecond}/s, timed from the moment each request was due, alone and while ${signInConnections} connections sign in without pause. Once with the server on one core, where its hashing thread shares the core of its event loop, once on all of them. CPU beside sign-ins is that of both.`,
    tables: [
      tableOf(
        costs.flatMap((cost) => [
          { name: `raw hash, ${place(cost)}`, samples: cost.raw, label: 'hash' },
          { name: `sign-in, ${place(cost)}`, samples: cost.signIn, label: 'sign-in' },
        ]),
      ),
      tableOf(
        mixes.flatMap((mix) => [
          { name: `verify alone, ${place(mix)}`, samples: mix.alone, label: 'get' },
          { name: `verify beside sign-ins, ${place(mix)}`, samples: mix.beside, label: 'get' },
        ]),
      ),
    ],
    aims: [
      ...costs.map(
        (cost): Aim => ({
          what: `CPU, sign-in : raw hash, ${place(cost)}`,
          aim: '<= 1.10',
          measured: fixed(ratio(cost)),
          isReached: ratio(cost) <= 1.1,
        }),
      ),
      ...mixes.map(
        (mix): Aim => ({
          what: `p99 of verify at ${pacePerSecond}/s beside sign-ins, ${place(mix)}`,
          aim: '< 25 ms',
          measured: `${fixed(p99(mix))} ms`,
          isReached: p99(mix) < 25,
        }),
      ),
    ],
    samples: { costs, mixes },
  }
}
