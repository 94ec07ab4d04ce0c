/** Bench: measures in rounds. Subjects and ceilings take turns, so that noise affects all of them equally. */
import type { Flow, Latencies, LoadReport, Plan } from '../load/plan.ts'
import type { Counters } from '../server/protocol.ts'
import { awaitQuiet, type Moment, quietShare, readMachine, shareOfOthers } from './others.ts'
import type { LoadProcess, ServerProcess } from './processes.ts'

/** One measured round of one contender. */
export type Sample = {
  readonly perSecond: number
  readonly latencies: Readonly<Record<string, Latencies>>
  /** CPU of the server process with all threads for one answer, in milliseconds. */
  readonly cpuMs: number
  readonly rssMb: number
  readonly loopP99Ms: number
  readonly loopMaxMs: number
  /** CPU of the load process, as a share of a core. Near 1 the load itself is the limit. */
  readonly loadShare: number
  /** The share of all cores that others used meanwhile. */
  readonly othersShare: number
}

/** How many rounds count, and how many are run at most to find quiet ones. */
export type Rounds = {
  readonly rounds: number
  readonly mostRounds: number
  /** Longest wait for a quiet machine before each round. */
  readonly maxWaitMs: number
}

/** The noise during a round. */
export type Noise = Pick<Sample, 'othersShare'>

/** A subject or a ceiling: its name, and one round of it. Rounds are counted from 0; the first does not count. */
export type Contender<Found extends Noise = Sample> = {
  readonly name: string
  readonly round: (round: number) => Promise<Found>
}

/** Milliseconds of a warm-up round. */
export const warmUpMs = 1_000

/**
 * Runs one round of each contender in turn, after a warm-up, until there are enough quiet rounds or the most are run.
 * Returns the samples of the rounds with the least noise.
 */
export async function takeTurns<Found extends Noise = Sample>(
  contenders: readonly Contender<Found>[],
  { rounds, mostRounds, maxWaitMs }: Rounds,
): Promise<ReadonlyMap<string, readonly Found[]>> {
  const turns: (readonly Found[])[] = []
  for (let round = 0; round <= mostRounds && !isEnough(turns, rounds); round += 1) {
    await awaitQuiet(maxWaitMs)
    const order = round % 2 === 0 ? contenders : contenders.toReversed()
    const samples = new Map<string, Found>()
    for (const { name, round: run } of order) samples.set(name, await run(round))
    if (round > 0) turns.push(contenders.map(({ name }) => samples.get(name) as Found))
  }
  const kept = [...turns].sort((one, other) => noiseOf(one) - noiseOf(other)).slice(0, rounds)
  return new Map(contenders.map(({ name }, place) => [name, kept.map((turn) => turn[place] as Found)]))
}

function isEnough(turns: readonly (readonly Noise[])[], rounds: number): boolean {
  return turns.filter((turn) => noiseOf(turn) <= quietShare).length >= rounds
}

function noiseOf(turn: readonly Noise[]): number {
  return Math.max(...turn.map(({ othersShare }) => othersShare))
}

/** Counters before a round. */
export type Before = { readonly counters: Counters; readonly machine: Moment }

/** Reads the counters before a round. */
export async function readBefore(server: ServerProcess): Promise<Before> {
  return { counters: await server.counters(), machine: readMachine() }
}

/** Runs a flow against a server and returns its sample. @throws Error if an answer has an unexpected status. */
export async function measureFlow(server: ServerProcess, load: LoadProcess, plan: Plan): Promise<Sample> {
  const before = await readBefore(server)
  const report = await load.run(server.port, [plan])
  return sampleOf(report, before, await server.counters())
}

/** Returns the sample of the first flow of a report. */
export function sampleOf(report: LoadReport, before: Before, after: Counters): Sample {
  for (const flow of report.flows) refuseUnexpected(flow)
  const [flow] = report.flows
  if (flow === undefined) throw new Error('The load reported no flow.')
  const cpuSeconds = after.cpuSeconds - before.counters.cpuSeconds
  return {
    perSecond: flow.timed / flow.seconds,
    latencies: flow.latencies,
    cpuMs: (cpuSeconds * 1000) / flow.answers,
    rssMb: after.rss / 1e6,
    loopP99Ms: after.loop.p99Ms,
    loopMaxMs: after.loop.maxMs,
    loadShare: report.cpuSeconds / report.seconds,
    othersShare: shareOfOthers(before.machine, cpuSeconds + report.cpuSeconds),
  }
}

function refuseUnexpected(flow: Flow): void {
  if (flow.unexpected === 0 && flow.answers > 0) return
  throw new Error(`${flow.unexpected} of ${flow.answers} answers were not expected: ${JSON.stringify(flow.statuses)}`)
}

/** Returns the median; of an even number of values the lower one. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.ceil(values.length / 2) - 1] ?? Number.NaN
}

/** Returns the median of a figure over the samples of a contender. */
export function medianOf<Found>(samples: readonly Found[], figure: (sample: Found) => number): number {
  return median(samples.map(figure))
}

/** Returns the median of the ratios of samples of the same round. */
export function medianRatio<Found>(
  ones: readonly Found[],
  others: readonly Found[],
  figure: (sample: Found) => number,
): number {
  return median(ones.map((one, index) => figure(one) / figure(others[index] as Found)))
}

/** Returns the latencies of a kind of request in a sample. */
export function latencyOf({ latencies }: Sample, label: string): Latencies {
  const found = latencies[label]
  if (found === undefined) throw new Error(`There are no latencies of ${label}.`)
  return found
}
