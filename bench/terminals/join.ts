/** Bench: how long a joining observer waits for the screen: after much output, and during endless output. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Effort } from '../scenarios/scenario.ts'
import type { TerminalTarget } from '../server/protocol.ts'
import type { Painted } from './messages.ts'
import { awaitIdle, clientTargetOf, expectKind, type TerminalProcesses } from './terminal-processes.ts'
import type { TextFile } from './text-file.ts'

const observerRow = 2
const controlC = '\u0003'

/** Milliseconds of endless output before the first join, and between two joins. */
const pauses = { flood: 1_500, between: 200 } as const

/** The painted screens. */
export type Joins = {
  readonly caughtUp: readonly Painted[]
  /** `behindBytes`: output that the implementor had received beyond the painted screen. */
  readonly flood: readonly (Painted & { readonly behindBytes: number })[]
}

/** Measures joins in a new terminal. */
export async function measureJoins(
  processes: TerminalProcesses,
  { target, file, effort }: { readonly target: TerminalTarget; readonly file: TextFile; readonly effort: Effort },
): Promise<Joins> {
  const { server, client } = processes
  const name = 'joined'
  const times = effort.isQuick ? 5 : 20
  const paint = async (): Promise<Painted> => {
    await delay(pauses.between)
    return expectKind(await client.ask({ op: 'paint', row: observerRow, to: name }), 'painted')
  }
  const position = async (): Promise<number> => expectKind(await client.ask({ op: 'position', name }), 'position').seq
  await client.ask({ op: 'start', name, port: server.port, row: 1, target: clientTargetOf(target, true) })
  await client.ask({ op: 'transfer', names: [name], command: `cat ${file.path}\r`, bytes: file.shownBytes })
  await awaitIdle(server)
  const end = await position()
  const caughtUp: Painted[] = []
  for (let count = 0; count < times; count += 1) {
    const painted = await paint()
    if (painted.seq !== end) throw new Error('The screen had not caught up.')
    caughtUp.push(painted)
  }
  await client.ask({ op: 'type', name, text: 'yes\r' })
  await delay(pauses.flood)
  const flood: (Painted & { readonly behindBytes: number })[] = []
  for (let count = 0; count < times; count += 1) {
    const painted = await paint()
    flood.push({ ...painted, behindBytes: (await position()) - painted.seq })
  }
  await client.ask({ op: 'type', name, text: controlC })
  await awaitIdle(server)
  return { caughtUp, flood }
}
