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
import { type TextFile, withTextFile } from '../terminals/text-file.ts'
import { measureThroughput, type Throughput } from '../terminals/throughput.ts'
import { type Effort, type Scenario, withStore } from './scenario.ts'

/** One account for whoever types, and one for each who watches. */
const seed = { accounts: 32, sessions: 32 } as const

const config = { allowLocalShell: true, terminals: { maxSessions: 200 } } as const

const local: TerminalTarget = { transport: 'local', address: '127.0.0.1', port: 22, osUser, hostKey: null }

/** The scenario. */
export const terminals: Scenario = (_load, effort) =>
  withTextFile(effort.isQuick ? 30_000_000 : 100_000_000, async (file): Promise<Result> => {
    const ssh = await onSsh(file, effort)
    const shell = await onLocal(file, effort)
    const everywhere = await onAllCores(file, effort)
    const fanOut = await onEcho(effort)
    const idle = await onIdle()
    return reportTerminals({ ...shell, ssh, everywhere, fanOut, idle, textBytes: file.shownBytes })
  })

/** First, because the user of shells is made with the sshd. */
function onSsh(file: TextFile, effort: Effort): Promise<Throughput> {
  return withStage('real', async (stage) => {
    const authority = await stage.server.ask({ op: 'authority' })
    if (authority.kind !== 'authority') throw new Error('The server told no authority.')
    return await withSshd(authority.publicLine, async ({ target, plainWords }) => {
      await stage.server.ask({ op: 'add-target', target })
      return await measureThroughput(stage, { target, file, effort, sshWords: plainWords, withStalled: false })
    })
  })
}

type Shell = { readonly local: Throughput; readonly keys: Keys; readonly joins: Joins; readonly flood: FloodMemory }

function onLocal(file: TextFile, effort: Effort): Promise<Shell> {
  return withStage('real', async (stage) => {
    await stage.server.ask({ op: 'add-target', target: local })
    return {
      local: await measureThroughput(stage, { target: local, file, effort, sshWords: null, withStalled: true }),
      keys: await measureKeys(stage, local, effort),
      joins: await measureJoins(stage, { target: local, file, effort }),
      flood: await measureFlood(stage, local, effort),
    }
  })
}

/** Where the screens need not share the core of everything else. */
function onAllCores(file: TextFile, effort: Effort): Promise<Throughput> {
  return withStore(seed, (dataDir) =>
    onStage({ dataDir, config, terminals: 'real', core: null }, async (stage) => {
      await stage.server.ask({ op: 'add-target', target: local })
      return await measureThroughput(stage, { target: local, file, effort, sshWords: null, withStalled: false })
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
