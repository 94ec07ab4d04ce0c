/** Bench: terminals behind the gateway, beside plain PTYs, plain ssh and a bare server of WebSockets. */
import { osUser } from '../../test/fixtures/sshd.ts'
import type { Result } from '../report/result.ts'
import type { TerminalTarget } from '../server/protocol.ts'
import { type FanOut, measureFanOut } from '../terminals/fan-out.ts'
import { type FloodMemory, type IdleMemory, measureFlood, measureIdle } from '../terminals/footprint.ts'
import { type Joins, measureJoins } from '../terminals/join.ts'
import { type Keys, measureKeys } from '../terminals/keys.ts'
import { reportTerminals } from '../terminals/report-terminals.ts'
import { withSshd } from '../terminals/sshd.ts'
import { type TerminalProcesses, withProcesses } from '../terminals/terminal-processes.ts'
import { type TextFiles, withTextFiles } from '../terminals/text-file.ts'
import { measureThroughput, type Throughput } from '../terminals/throughput.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

/** One account for the implementor, and one for each observer. */
const seed = { accounts: 32, sessions: 32 } as const

const config = {
  allowLocalShell: true,
  terminals: { maxSessions: 200, maxPerAccount: 200 },
  pty: { maxUnusedTokens: 200 },
} as const

const local: TerminalTarget = { transport: 'local', address: '127.0.0.1', port: 22, osUser, hostKey: null }

/** The scenario. */
export const terminals: Scenario = (_load, effort) =>
  withTextFiles(effort.isQuick ? 30_000_000 : 100_000_000, async (files): Promise<Result> => {
    const ssh = await part('ssh', () => onSsh(files, effort))
    const shell = await part('local shells', () => onLocal(files, effort))
    const everywhere = await part('local shells on all cores', () => onAllCores(files, effort))
    const fanOut = await part('fan-out', () => onEcho(effort))
    const idle = await part('idle terminals', () => onIdle())
    return reportTerminals({ ...shell, ssh, everywhere, fanOut, idle, textBytes: files.plain.shownBytes })
  })

/** Prints the name of each part, because all of it takes minutes. */
function part<Value>(name: string, measure: () => Promise<Value>): Promise<Value> {
  console.error(`terminals: ${name}`)
  return measure()
}

/** Runs first, because the OS user of the shells is created with the sshd. */
function onSsh(files: TextFiles, effort: Effort): Promise<Throughput> {
  return onSeededStore('real', async (processes) => {
    const authority = await processes.server.ask({ op: 'authority' })
    if (authority.kind !== 'authority') throw new Error('The server sent no authority.')
    return await withSshd(authority.publicLine, async ({ target, plainWords }) => {
      await processes.server.ask({ op: 'add-target', target })
      return await measureThroughput(processes, { target, files, effort, sshWords: plainWords, variants: [] })
    })
  })
}

type Shell = { readonly local: Throughput; readonly keys: Keys; readonly joins: Joins; readonly flood: FloodMemory }

function onLocal(files: TextFiles, effort: Effort): Promise<Shell> {
  return onSeededStore('real', async (processes) => {
    await processes.server.ask({ op: 'add-target', target: local })
    return {
      local: await measureThroughput(processes, {
        target: local,
        files,
        effort,
        sshWords: null,
        variants: ['stalled', 'coloured'],
      }),
      keys: await measureKeys(processes, local, effort),
      joins: await measureJoins(processes, { target: local, file: files.plain, effort }),
      flood: await measureFlood(processes, local, effort),
    }
  })
}

/** Measures with all cores, so that the screens do not share one core with everything else. */
function onAllCores(files: TextFiles, effort: Effort): Promise<Throughput> {
  return withStore(seed, (dataDir) =>
    withProcesses({ dataDir, config, terminals: 'real', core: null }, async (processes) => {
      await processes.server.ask({ op: 'add-target', target: local })
      return await measureThroughput(processes, {
        target: local,
        files,
        effort,
        sshWords: null,
        variants: ['coloured'],
      })
    }),
  )
}

function onEcho(effort: Effort): Promise<FanOut> {
  return onSeededStore('echo', (processes) => measureFanOut(processes, effort))
}

function onIdle(): Promise<IdleMemory> {
  return onSeededStore('real', async (processes) => {
    await processes.server.ask({ op: 'add-target', target: local })
    return await measureIdle(processes, local)
  })
}

function onSeededStore<Value>(
  kind: 'echo' | 'real',
  use: (processes: TerminalProcesses) => Promise<Value>,
): Promise<Value> {
  return withStore(seed, (dataDir) => withProcesses({ dataDir, config, terminals: kind }, use))
}
