/** Bench: one terminal with many observers, beside a bare server that sends the same frames to as many sockets. */
import { takeTurns } from '../measure/rounds.ts'
import type { Effort } from '../scenarios/scenario.ts'
import type { TerminalTarget } from '../server/protocol.ts'
import {
  clientTargetOf,
  expectKind,
  type TerminalProcesses,
  type Transfer,
  transferByServer,
  withNoise,
} from './terminal-processes.ts'

/** Observers, besides the implementor. */
const observers = 20

/** Bytes of a round: less than the screen may be behind before the program must wait. */
const roundBytes = 48 * 1024 * 1024

/** An inventory entry for echo terminals; there is no host at its address. */
const echoTarget: TerminalTarget = {
  transport: 'local',
  address: '10.0.0.1',
  port: 22,
  osUser: 'bench',
  hostKey: null,
}

/** The samples of each contender. */
export type FanOut = {
  readonly sockets: number
  readonly bare: readonly Transfer[]
  readonly gateway: readonly Transfer[]
}

/** Measures the fan-out; every terminal must be an echo terminal. */
export async function measureFanOut(processes: TerminalProcesses, effort: Effort): Promise<FanOut> {
  const { server, client, ceilings } = processes
  await server.ask({ op: 'add-target', target: echoTarget })
  const subjects = await openSubjects(processes)
  const bare = await openBare(processes, subjects.length)
  const common = { op: 'transfer', bytes: roundBytes } as const
  const found = await takeTurns<Transfer>(
    [
      {
        name: 'bare',
        round: () =>
          withNoise(async () => {
            const moving = client.ask({ ...common, names: bare, command: null })
            await ceilings.ask({ op: 'broadcast', bytes: roundBytes })
            const { bytes, seconds, cpuSeconds, skipped } = expectKind(await moving, 'moved')
            const mbPerSecond = bytes / 1e6 / seconds
            const speed = { mbPerSecond, wholeMbPerSecond: mbPerSecond, clientShare: cpuSeconds / seconds }
            return { ...speed, cpuMsPerMb: 0, wholeCpuMsPerMb: 0, catchUpSeconds: 0, skipped, rssMb: 0 }
          }),
      },
      {
        name: 'gateway',
        round: () =>
          transferByServer(processes, () =>
            client.ask({ ...common, names: subjects, command: `bytes ${roundBytes}\r` }),
          ),
      },
    ],
    effort,
  )
  await client.ask({ op: 'leave', names: [...bare, ...subjects.toReversed()] })
  return { sockets: subjects.length, bare: found.get('bare') ?? [], gateway: found.get('gateway') ?? [] }
}

async function openSubjects({ server, client }: TerminalProcesses): Promise<string[]> {
  const target = clientTargetOf(echoTarget, false)
  await client.ask({ op: 'start', name: 'shown', port: server.port, row: 1, target })
  const names = ['shown']
  for (let count = 1; count <= observers; count += 1) {
    const name = `observer ${count}`
    await client.ask({ op: 'join', name, row: 1 + count, to: 'shown', isStalled: false })
    names.push(name)
  }
  return names
}

async function openBare({ client, ceilings }: TerminalProcesses, count: number): Promise<string[]> {
  const { port } = expectKind(await ceilings.ask({ op: 'listen' }), 'listening')
  const names = Array.from({ length: count }, (_, place) => `bare ${place}`)
  for (const name of names) await client.ask({ op: 'connect', name, port })
  return names
}
