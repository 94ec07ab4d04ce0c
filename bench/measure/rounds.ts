/** Bench: measures by rounds; subjects and ceilings take turns, so that a noisy neighbour meets all of them alike. */
import type { Flow, Latencies, LoadReport, Plan } from '../load/plan.ts'
import type { Counters } from '../server/protocol.ts'
import { awaitQuiet, type Moment, quietShare, readMachine, shareOfOthers } from './others.ts'
import type { LoadProcess, ServerProcess } from './processes.ts'

/** One measured round of one contender. */
export type Sample = {
  readonly perSecond: number
  readonly latencies: Readonly<Record<string, Latencies>>
  /** CPU of the whole server process, its threads included, for one answer, in milliseconds. */
  readonly cpuMs: number
  readonly rssMb: number
  readonly loopP99Ms: number
  readonly loopMaxMs: number
  /** How busy the load's process was, as a share of a core: near 1 it is the load that is measured. */
  readonly loadShare: number
  /** What others used of all cores meanwhile, as a share. */
  readonly othersShare: number
}

/** How many rounds are kept, and how many are run at most to find ones in which the machine was left alone. */
export type Rounds = {
  readonly rounds: number
  readonly mostRounds: number
  /** How long each round may wait for such a moment before it begins. */
  readonly patienceMs: number
}

/** What every round tells, whatever it measures. */
export type Disturbed = Pick<Sample, 'othersShare'>

/** What takes turns: a name, and what one round of it is; rounds are counted from 0, and the first is not kept. */
export type Contender<Found extends Disturbed = Sample> = {
  readonly name: string
  readonly round: (round: number) => Promise<Found>
}

/** Milliseconds of a round that only warms up. */
export const warmUpMs = 1_000

/**
 * Runs one round of each contender in turn, after one that is thrown away, until there are enough in which the machine was
 * left alone, or there is no time left. Returns the samples of the rounds that others disturbed least.
 */
export async function takeTurns<Found extends Disturbed = Sample>(
  contenders: readonly Contender<Found>[],
  { rounds, mostRounds, patienceMs }: Rounds,
): Promise<ReadonlyMap<string, readonly Found[]>> {
  const turns: (readonly Found[])[] = []
  for (let round = 0; round <= mostRounds && !isEnough(turns, rounds); round += 1) {
    await awaitQuiet(patienceMs)
    const order = round % 2 === 0 ? contenders : contenders.toReversed()
    const samples = new Map<string, Found>()
    for (const { name, round: run } of order) samples.set(name, await run(round))
    if (round > 0) turns.push(contenders.map(({ name }) => samples.get(name) as Found))
  }
  const kept = [...turns].sort((one, other) => noiseOf(one) - noiseOf(other)).slice(0, rounds)
  return new Map(contenders.map(({ name }, place) => [name, kept.map((turn) => turn[place] as Found)]))
}

function isEnough(turns: readonly (readonly Disturbed[])[], rounds: number): boolean {
  return turns.filter((turn) => noiseOf(turn) <= quietShare).length >= rounds
}

function noiseOf(turn: readonly Disturbed[]): number {
  return Math.max(...turn.map(({ othersShare }) => othersShare))
}

/** What is read before a round. */
export type Before = { readonly counters: Counters; readonly machine: Moment }

/** Reads the counters that a round begins with. */
export async function readBefore(server: ServerProcess): Promise<Before> {
  return { counters: await server.counters(), machine: readMachine() }
}

/** Runs flows against a server and returns what the first of them met. @throws Error when an answer was not the expected one. */
export async function measureFlow(server: ServerProcess, load: LoadProcess, plan: Plan): Promise<Sample> {
  const before = await readBefore(server)
  const report = await load.run(server.port, [plan])
  return sampleOf(report, before, await server.counters())
}

/** Returns the sample of a report whose first flow counts. */
export function sampleOf(report: LoadReport, before: Before, after: Counters): Sample {
  for (const flow of report.flows) refuseSurprises(flow)
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

function refuseSurprises(flow: Flow): void {
  if (flow.surprises === 0 && flow.answers > 0) return
  throw new Error(`${flow.surprises} of ${flow.answers} answers were not expected: ${JSON.stringify(flow.statuses)}`)
}

/** Returns the middle value; of an even number of values the lower of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.ceil(values.length / 2) - 1] ?? Number.NaN
}

/** Returns the median of a figure over the samples of a contender. */
export function medianOf<Found>(samples: readonly Found[], figure: (sample: Found) => number): number {
  return median(samples.map(figure))
}

/** Returns the median of the ratios of samples that were taken in the same round. */
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
  if (found === undefined) throw new Error(`Nothing was measured of ${label}.`)
  return found
}
