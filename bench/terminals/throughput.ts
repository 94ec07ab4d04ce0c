/** Bench: a long text in a terminal behind the gateway, beside the same command in a plain PTY. */
import { type Contender, takeTurns } from '../measure/rounds.ts'
import type { Effort } from '../scenarios/scenario.ts'
import type { TerminalTarget } from '../server/protocol.ts'
import {
  clientTargetOf,
  type TerminalProcesses,
  type Transfer,
  transferByCeiling,
  transferByServer,
} from './terminal-processes.ts'
import type { TextFile, TextFiles } from './text-file.ts'

/** The samples of each contender. */
export type Throughput = {
  readonly plain: readonly Transfer[]
  readonly gateway: readonly Transfer[]
  /** The same with a stalled observer; empty if that was not measured. */
  readonly stalled: readonly Transfer[]
  /** The text with colours; empty if that was not measured. */
  readonly coloured: readonly Transfer[]
}

/** The setup of the measurement. */
export type ThroughputSetup = {
  readonly target: TerminalTarget
  readonly files: TextFiles
  readonly effort: Effort
  /** The plain `ssh`; null: a plain local shell. */
  readonly sshWords: readonly string[] | null
  /** Measured besides the plain text. */
  readonly variants: readonly ('stalled' | 'coloured')[]
}

/** Measures the throughput. */
export async function measureThroughput(processes: TerminalProcesses, setup: ThroughputSetup): Promise<Throughput> {
  const { server, client, ceilings } = processes
  const { target, files, effort, sshWords, variants } = setup
  const common = show(files.plain)
  await client.ask({ op: 'start', name: 'gateway', port: server.port, row: 1, target: clientTargetOf(target, true) })
  if (sshWords === null) await ceilings.ask({ op: 'open-local', name: 'plain', osUser: target.osUser })
  else await ceilings.ask({ op: 'open-ssh', name: 'plain', words: sshWords })
  const throughGateway = (what = common): Promise<Transfer> =>
    transferByServer(processes, () => client.ask({ op: 'transfer', names: ['gateway'], ...what }))
  const contenders: Contender<Transfer>[] = [
    {
      name: 'plain',
      round: () => transferByCeiling(() => ceilings.ask({ op: 'transfer', name: 'plain', ...common })),
    },
    { name: 'gateway', round: () => throughGateway() },
    { name: 'coloured', round: () => throughGateway(show(files.coloured)) },
    {
      name: 'stalled',
      round: async () => {
        await client.ask({ op: 'join', name: 'stalled', row: 2, to: 'gateway', isStalled: true })
        const found = await throughGateway()
        await client.ask({ op: 'leave', names: ['stalled'] })
        return found
      },
    },
  ]
  const found = await takeTurns(
    contenders.filter(({ name }) => (name !== 'stalled' && name !== 'coloured') || variants.includes(name)),
    effort,
  )
  await client.ask({ op: 'leave', names: ['gateway'] })
  await ceilings.ask({ op: 'close' })
  return {
    plain: found.get('plain') ?? [],
    gateway: found.get('gateway') ?? [],
    stalled: found.get('stalled') ?? [],
    coloured: found.get('coloured') ?? [],
  }
}

function show({ path, shownBytes }: TextFile): { readonly command: string; readonly bytes: number } {
  return { command: `cat ${path}\r`, bytes: shownBytes }
}
