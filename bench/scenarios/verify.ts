/** Bench: verification of tokens in memory, beside a route of the same application that verifies nothing. */
import { type LoadProcess, startServer } from '../measure/processes.ts'
import {
  type Contender,
  latencyOf,
  measureFlow,
  medianOf,
  medianRatio,
  type Sample,
  takeTurns,
  warmUpMs,
} from '../measure/rounds.ts'
import { fixed, type Result, tableOf } from '../report/result.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

const hotTokens = 1_000
const connections = 32

/** Processes that are measured one after the other, because V8 optimizes the same code differently in each. */
const processes = 3

/** The scenario. */
export const verify: Scenario = async (load, effort) => {
  const samples = new Map<string, Sample[]>()
  for (let count = 0; count < processes; count += 1) {
    for (const [name, found] of await measureOne(load, effort)) {
      samples.set(name, [...(samples.get(name) ?? []), ...found])
    }
  }
  return report(samples)
}

function measureOne(load: LoadProcess, effort: Effort): Promise<ReadonlyMap<string, readonly Sample[]>> {
  return withStore({ accounts: 100, sessions: hotTokens }, async (dataDir) => {
    await using server = await startServer({ dataDir, config: {} })
    const contender = (name: string, path: string): Contender => ({
      name,
      round: (round) =>
        measureFlow(server, load, {
          script: { kind: 'get', path, rows: { first: 1, count: hotTokens, stride: 1 }, order: 'cycle' },
          connections,
          durationMs: round === 0 ? warmUpMs : effort.roundMs,
          pace: null,
        }),
    })
    const rounds = Math.ceil(effort.rounds / 2)
    return await takeTurns([contender('bare route', '/bench/verify'), contender('verify', '/api/v1/verify')], {
      ...effort,
      rounds,
    })
  })
}

function report(samples: ReadonlyMap<string, readonly Sample[]>): Result {
  const bare = samples.get('bare route') ?? []
  const subject = samples.get('verify') ?? []
  const ratio = medianRatio(subject, bare, (sample) => sample.perSecond)
  const cpuRatio = medianRatio(bare, subject, (sample) => sample.cpuMs)
  const p99 = medianOf(subject, (sample) => latencyOf(sample, 'get').p99)
  return {
    title: 'verify',
    method: `\`GET /api/v1/verify\` with ${hotTokens} tokens that are in memory, ${connections} connections, each sending its next request when the last is answered. The bare route answers with the same headers to the same requests and looks at no token. Medians over ${processes} processes.`,
    tables: [
      tableOf([
        { name: 'bare route', samples: bare, label: 'get' },
        { name: 'verify', samples: subject, label: 'get' },
      ]),
    ],
    aims: [
      {
        what: 'requests/s, verify : bare',
        aim: '>= 0.75, better 0.9',
        measured: fixed(ratio),
        isReached: ratio >= 0.75,
      },
      { what: 'CPU, bare : verify', aim: '(reported)', measured: fixed(cpuRatio), isReached: true },
      { what: 'p99 of verify', aim: '< 10 ms', measured: `${fixed(p99)} ms`, isReached: p99 < 10 },
    ],
    samples: Object.fromEntries(samples),
  }
}
