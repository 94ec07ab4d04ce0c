/** Bench: sign-outs, each followed by a verification of the ended token. */
import { startServer } from '../measure/processes.ts'
import { latencyOf, measureFlow, medianOf, takeTurns } from '../measure/rounds.ts'
import { fixed, tableOf, whole } from '../report/result.ts'
import { type Scenario, withStore } from './scenario.ts'

const connections = 32
const signOutsPerMs = 3

/** The scenario. */
export const revoke: Scenario = (load, effort) => {
  const perRound = effort.roundMs * signOutsPerMs
  return withStore({ accounts: 1_000, sessions: perRound * (effort.mostRounds + 1) }, async (dataDir) => {
    await using server = await startServer({ dataDir, config: {} })
    const samples = await takeTurns(
      [
        {
          name: 'sign-out',
          round: async (round) => {
            const rows = { first: 1 + round * perRound, count: perRound, stride: 1 }
            const common = { connections, durationMs: 60_000, pace: null }
            const used = { kind: 'get', path: '/api/v1/verify', rows, order: 'once' } as const
            await load.run(server.port, [{ script: used, ...common }])
            return await measureFlow(server, load, { script: { kind: 'sign-out', rows }, ...common })
          },
        },
      ],
      effort,
    )
    const found = samples.get('sign-out') ?? []
    const pairs = medianOf(found, (sample) => sample.perSecond / 2)
    const p99 = (label: string): string => `${fixed(medianOf(found, (sample) => latencyOf(sample, label).p99))} ms`
    return {
      title: 'revoke',
      method: `\`DELETE /api/v1/sessions/current\` with ${whole(perRound)} tokens a round that were used before, over ${connections} connections; as soon as one is answered, the same connection verifies the same token. Any answer but 204 and then 401 fails the run. Requests and CPU count both.`,
      tables: [
        tableOf([
          { name: 'sign-out', samples: found, label: 'sign-out' },
          { name: 'verify after it', samples: found, label: 'verify after' },
        ]),
      ],
      aims: [
        {
          what: 'sign-outs with their verifications',
          aim: '(reported)',
          measured: `${whole(pairs)}/s`,
          isReached: true,
        },
        { what: 'p99 of a sign-out', aim: '(reported)', measured: p99('sign-out'), isReached: true },
        { what: 'tokens accepted after their sign-out', aim: '0', measured: '0', isReached: true },
      ],
      samples: Object.fromEntries(samples),
    }
  })
}
