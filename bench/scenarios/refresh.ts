/** Bench: durable refreshes, beside a route that writes the same rows through the same kind of group commit. */
import { startServer } from '../measure/processes.ts'
import {
  type Contender,
  latencyOf,
  measureFlow,
  medianOf,
  medianRatio,
  takeTurns,
  warmUpMs,
} from '../measure/rounds.ts'
import { fixed, tableOf, whole } from '../report/result.ts'
import { type Scenario, withStore } from './scenario.ts'

/** Enough connections to fill a batch of commands while the last one is synced. */
const connections = 64

/** Every round refreshes new sessions, so that no session comes near its limit of live tokens. */
const sessionsPerMs = 4

/** The scenario. */
export const refresh: Scenario = (load, effort) => {
  const perRound = effort.roundMs * sessionsPerMs
  const contenders = 2
  const sessions = perRound * contenders * (effort.mostRounds + 1)
  return withStore({ accounts: 1_000, sessions }, async (dataDir) => {
    await using server = await startServer({ dataDir, config: {} })
    const contender = (name: string, path: string, place: number): Contender => ({
      name,
      round: (round) =>
        measureFlow(server, load, {
          script: {
            kind: 'refresh',
            path,
            isBare: name === 'bare write',
            rows: { first: 1 + (round * contenders + place) * perRound, count: perRound, stride: 1 },
          },
          connections,
          durationMs: round === 0 ? warmUpMs : effort.roundMs,
          pace: null,
        }),
    })
    const samples = await takeTurns(
      [contender('bare write', '/bench/refresh', 0), contender('refresh', '/api/v1/sessions/refresh', 1)],
      effort,
    )
    const bare = samples.get('bare write') ?? []
    const subject = samples.get('refresh') ?? []
    const ratio = medianRatio(subject, bare, (sample) => sample.perSecond)
    const cpuRatio = medianRatio(bare, subject, (sample) => sample.cpuMs)
    const perSecond = medianOf(subject, (sample) => sample.perSecond)
    const p99 = medianOf(subject, (sample) => latencyOf(sample, 'refresh').p99)
    return {
      title: 'refresh',
      method: `\`POST /api/v1/sessions/refresh\` over ${connections} connections; each answer is durable before it is sent. The bare route inserts and updates the same rows of the same size in a batch of the same kind, synced alike, and answers as many bytes; it reads, decides, digests, signs and seals nothing.`,
      tables: [
        tableOf([
          { name: 'bare write', samples: bare, label: 'refresh' },
          { name: 'refresh', samples: subject, label: 'refresh' },
        ]),
      ],
      aims: [
        {
          what: 'requests/s, refresh : bare write',
          aim: '>= 0.5, better 0.7',
          measured: fixed(ratio),
          isReached: ratio >= 0.5,
        },
        { what: 'CPU, bare write : refresh', aim: '(reported)', measured: fixed(cpuRatio), isReached: true },
        {
          what: 'durable refreshes',
          aim: '(reported; a prototype: 7,000/s)',
          measured: `${whole(perSecond)}/s`,
          isReached: true,
        },
        { what: 'p99 of refresh', aim: '(reported)', measured: `${fixed(p99)} ms`, isReached: true },
      ],
      samples: Object.fromEntries(samples),
    }
  })
}
