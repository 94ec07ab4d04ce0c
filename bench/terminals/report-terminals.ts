/** Bench: the figures of terminals as tables, and each aim with its measured value. */
import { median, medianOf, medianRatio } from '../measure/rounds.ts'
import { type Aim, fixed, type Result, type Table, whole } from '../report/result.ts'
import type { FanOut } from './fan-out.ts'
import { type FloodMemory, type IdleMemory, idleCounts, restMs } from './footprint.ts'
import type { Joins } from './join.ts'
import type { Keys, Typed } from './keys.ts'
import type { Painted } from './messages.ts'
import type { Transfer } from './terminal-processes.ts'
import type { Throughput } from './throughput.ts'

/** All measurements. */
export type Findings = {
  readonly local: Throughput
  readonly ssh: Throughput
  /** Local; the server and the plain PTY on all cores. */
  readonly everywhere: Throughput
  readonly keys: Keys
  readonly joins: Joins
  readonly flood: FloodMemory
  readonly fanOut: FanOut
  readonly idle: IdleMemory
  /** Size of one transfer. */
  readonly textBytes: number
}

/** Returns the result. */
export function reportTerminals(findings: Findings): Result {
  const { local, ssh, everywhere, keys, joins, flood, fanOut, idle } = findings
  return {
    title: 'terminals',
    method: methodOf(findings),
    tables: [throughputTable(findings), keysTable(keys), joinsTable(joins), memoryTable(idle, flood)],
    aims: [
      ...throughputAims({ local, ssh, everywhere }),
      ...keysAims(keys),
      ratioAim(
        `bytes/s to ${fanOut.sockets} sockets, terminal : bare broadcast`,
        0.8,
        speedRatio(fanOut.gateway, fanOut.bare),
      ),
      ...joinsAims(joins),
      ...memoryAims(idle, flood),
    ],
    samples: findings,
  }
}

function methodOf({ textBytes, fanOut, flood, joins, idle }: Findings): string {
  return [
    `Terminals behind the gateway, recorded and with their screens as always; there is no way to switch a recorder off. The shell, its \`ssh\` and all threads of the server share one core with it, the client and the sshd have the other. On *all cores*, the server and the plain PTY may use both. The client looks at the heads of frames, acknowledges as it reads and keeps nothing.`,
    `Throughput: \`cat\` of a text, ${whole(textBytes / 1e6)} MB as a terminal shows it, from the first byte to the last, beside the same command in the same shell under a plain PTY whose output is thrown away by a process on the server's core; for ssh, a plain \`ssh\` with a key under such a PTY, to the same sshd. The screen may be up to 64 MiB behind: *in all* goes on until it had caught up. It skips lines that have scrolled out of view.`,
    `Keys: one byte each 10 to 20 ms into a terminal that echoes, timed to its OUTPUT; *flood* is while \`yes\` runs in another terminal and is read as it comes.`,
    `Fan-out: an echo terminal that puts out 48 MiB in 64 KiB pieces to the one who types and ${fanOut.sockets - 1} observers, beside a bare server of the \`ws\` package that sends the same frames to as many sockets.`,
    `Joins: ${joins.caughtUp.length} observers one after the other, from the open socket to the screen in a headless terminal; after ${whole(textBytes / 1e6)} MB of output, and while \`yes\` runs.`,
    `Memory: RSS of the server's process with ${idleCounts.few} and ${idleCounts.many} idle shells with their clients, ${restMs / 1000} s after the last was opened (screens rest after 15 s) and after a garbage collection (${fixed(idle.fresh.rss / 1e6, 0)} MB before that rest); and around ${flood.seconds} s of \`yes\`.`,
  ].join(' ')
}

function throughputTable({ local, ssh, everywhere, fanOut }: Findings): Table {
  const row = (name: string, samples: readonly Transfer[]): readonly string[] => [
    name,
    fixed(
      medianOf(samples, (sample) => sample.mbPerSecond),
      0,
    ),
    fixed(
      medianOf(samples, (sample) => sample.wholeMbPerSecond),
      0,
    ),
    fixed(medianOf(samples, (sample) => sample.cpuMsPerMb)),
    fixed(medianOf(samples, (sample) => sample.wholeCpuMsPerMb)),
    fixed(
      medianOf(samples, (sample) => sample.catchUpSeconds),
      1,
    ),
    fixed(medianOf(samples, (sample) => sample.clientShare)),
    fixed(medianOf(samples, (sample) => sample.othersShare)),
  ]
  return {
    columns: [
      '',
      'MB/s',
      'MB/s in all',
      'CPU ms/MB',
      'CPU ms/MB in all',
      'screen behind s',
      'client busy',
      'others busy',
    ],
    rows: [
      row('plain PTY, local', local.plain),
      row('terminal, local', local.gateway),
      row('terminal, local, one observer stalled', local.stalled),
      row('terminal, local, coloured text', local.coloured),
      row('plain PTY, local, all cores', everywhere.plain),
      row('terminal, local, all cores', everywhere.gateway),
      row('terminal, local, coloured text, all cores', everywhere.coloured),
      row('plain PTY, ssh', ssh.plain),
      row('terminal, ssh', ssh.gateway),
      row(`bare broadcast to ${fanOut.sockets}`, fanOut.bare),
      row(`echo terminal to ${fanOut.sockets}`, fanOut.gateway),
    ],
  }
}

function keysTable({ plain, idle, flood }: Keys): Table {
  const row = (name: string, samples: readonly Typed[]): readonly string[] => [
    name,
    whole(samples.reduce((sum, { count }) => sum + count, 0)),
    ...(['p50', 'p99', 'max'] as const).map((figure) => fixed(medianOf(samples, (sample) => sample[figure]))),
    fixed(medianOf(samples, (sample) => sample.othersShare)),
  ]
  return {
    columns: ['', 'keys', 'p50 ms', 'p99 ms', 'max ms', 'others busy'],
    rows: [row('key, plain PTY', plain), row('key, idle', idle), row('key, flood', flood)],
  }
}

function joinsTable({ caughtUp, flood }: Joins): Table {
  const row = (name: string, painted: readonly Painted[], behind: number): readonly string[] => [
    name,
    fixed(median(painted.map(({ ms }) => ms)), 1),
    fixed(Math.max(...painted.map(({ ms }) => ms)), 1),
    fixed(median(painted.map(({ waitedMs }) => waitedMs)), 1),
    fixed(median(painted.map(({ bytes }) => bytes)) / 1000, 1),
    fixed(behind / 1e6, 1),
  ]
  return {
    columns: ['', 'painted ms', 'max ms', 'screen came ms', 'screen kB', 'screen behind MB'],
    rows: [
      row('join, caught up', caughtUp, 0),
      row('join, flood', flood, median(flood.map(({ behindBytes }) => behindBytes))),
    ],
  }
}

function memoryTable(idle: IdleMemory, flood: FloodMemory): Table {
  const mb = ({ rss }: { readonly rss: number }): string => fixed(rss / 1e6, 0)
  return {
    columns: ['', 'RSS MB'],
    rows: [
      [`${idleCounts.few} idle terminals`, mb(idle.few)],
      [`${idleCounts.many} idle terminals`, mb(idle.many)],
      ['before the flood', mb(flood.before)],
      [`in the flood, after ${flood.seconds} s`, mb(flood.after)],
      ['after the flood', mb(flood.settled)],
    ],
  }
}

function throughputAims({ local, ssh, everywhere }: Pick<Findings, 'local' | 'ssh' | 'everywhere'>): readonly Aim[] {
  return [
    ratioAim('MB/s, terminal : plain PTY, local', 0.75, speedRatio(local.gateway, local.plain)),
    reported('the same without a recorder', 'cannot be switched off', '(0.85)'),
    reported('the same, coloured text', fixed(speedRatio(local.coloured, local.plain))),
    ratioAim('MB/s, terminal : plain PTY, ssh', 0.85, speedRatio(ssh.gateway, ssh.plain)),
    reported('MB/s, terminal : plain PTY, local, all cores', fixed(speedRatio(everywhere.gateway, everywhere.plain))),
    reported('the same, coloured text, all cores', fixed(speedRatio(everywhere.coloured, everywhere.plain))),
    reported('MB/s, with a stalled observer : without', fixed(speedRatio(local.stalled, local.gateway))),
  ]
}

function keysAims({ idle, flood }: Keys): readonly Aim[] {
  const of = (samples: readonly Typed[], figure: 'p50' | 'p99'): number => medianOf(samples, (sample) => sample[figure])
  return [
    millisecondsAim('p50 of a key, idle', 0.5, of(idle, 'p50')),
    millisecondsAim('p99 of a key, idle', 5, of(idle, 'p99')),
    millisecondsAim('p99 of a key, flood', 20, of(flood, 'p99')),
  ]
}

function joinsAims({ caughtUp, flood }: Joins): readonly Aim[] {
  const middle = (painted: readonly Painted[]): number => median(painted.map(({ ms }) => ms))
  return [
    millisecondsAim('join to painted, caught up', 100, middle(caughtUp)),
    millisecondsAim('join to painted, flood', 500, middle(flood)),
  ]
}

function memoryAims(idle: IdleMemory, flood: FloodMemory): readonly Aim[] {
  const kib = (idle.many.rss - idle.few.rss) / (idleCounts.many - idleCounts.few) / 1024
  return [
    {
      what: 'RSS of the server for each idle terminal',
      aim: '<= 150 KiB',
      measured: `${fixed(kib, 0)} KiB`,
      isReached: kib <= 150,
    },
    reported('RSS that a flood leaves behind', `${fixed((flood.settled.rss - flood.before.rss) / 1e6, 0)} MB`),
  ]
}

function speedRatio(ones: readonly Transfer[], others: readonly Transfer[]): number {
  return medianRatio(ones, others, (sample) => sample.mbPerSecond)
}

function ratioAim(what: string, least: number, ratio: number): Aim {
  return { what, aim: `>= ${least}`, measured: fixed(ratio), isReached: ratio >= least }
}

function millisecondsAim(what: string, most: number, ms: number): Aim {
  return { what, aim: `<= ${most} ms`, measured: `${fixed(ms)} ms`, isReached: ms <= most }
}

function reported(what: string, measured: string, aim = '(reported)'): Aim {
  return { what, aim, measured, isReached: true }
}
