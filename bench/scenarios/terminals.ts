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
import { onStage, type Stage } from '../terminals/stage.ts'
import { type TextFiles, withTextFiles } from '../terminals/text-file.ts'
import { measureThroughput, type Throughput } from '../terminals/throughput.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

/** One account for whoever types, and one for each who watches. */
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

/** Says what is measured: all of it takes minutes. */
function part<Value>(name: string, measure: () => Promise<Value>): Promise<Value> {
  console.error(`terminals: ${name}`)
  return measure()
}

/** First, because the user of shells is made with the sshd. */
function onSsh(files: TextFiles, effort: Effort): Promise<Throughput> {
  return withStage('real', async (stage) => {
    const authority = await stage.server.ask({ op: 'authority' })
    if (authority.kind !== 'authority') throw new Error('The server told no authority.')
    return await withSshd(authority.publicLine, async ({ target, plainWords }) => {
      await stage.server.ask({ op: 'add-target', target })
      return await measureThroughput(stage, { target, files, effort, sshWords: plainWords, variants: [] })
    })
  })
}

type Shell = { readonly local: Throughput; readonly keys: Keys; readonly joins: Joins; readonly flood: FloodMemory }

function onLocal(files: TextFiles, effort: Effort): Promise<Shell> {
  return withStage('real', async (stage) => {
    await stage.server.ask({ op: 'add-target', target: local })
    return {
      local: await measureThroughput(stage, {
        target: local,
        files,
        effort,
        sshWords: null,
        variants: ['stalled', 'coloured'],
      }),
      keys: await measureKeys(stage, local, effort),
      joins: await measureJoins(stage, { target: local, file: files.plain, effort }),
      flood: await measureFlood(stage, local, effort),
    }
  })
}

/** Where the screens need not share the core of everything else. */
function onAllCores(files: TextFiles, effort: Effort): Promise<Throughput> {
  return withStore(seed, (dataDir) =>
    onStage({ dataDir, config, terminals: 'real', core: null }, async (stage) => {
      await stage.server.ask({ op: 'add-target', target: local })
      return await measureThroughput(stage, { target: local, files, effort, sshWords: null, variants: ['coloured'] })
    }),
  )
}

function onEcho(effort: Effort): Promise<FanOut> {
  return withStage('echo', (stage) => measureFanOut(stage, effort))
}

function onIdle(): Promise<IdleMemory> {
  return withStage('real', async (stage) => {
    await stage.server.ask({ op: 'add-target', target: local })
    return await measureIdle(stage, local)
  })
}

function withStage<Value>(kind: 'echo' | 'real', use: (stage: Stage) => Promise<Value>): Promise<Value> {
  return withStore(seed, (dataDir) => onStage({ dataDir, config, terminals: kind }, use))
}
