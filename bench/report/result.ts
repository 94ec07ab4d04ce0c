/** Bench: the result of a scenario: figures as tables, and each aim with its measured value. */
import { latencyOf, medianOf, type Sample } from '../measure/rounds.ts'

/** A table; the first column names the row. */
export type Table = { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }

/** One aim. */
export type Aim = {
  readonly what: string
  readonly aim: string
  readonly measured: string
  readonly isReached: boolean
}

/** The outcome of one scenario. */
export type Result = {
  readonly title: string
  /** How it was measured, in sentences. */
  readonly method: string
  readonly tables: readonly Table[]
  readonly aims: readonly Aim[]
  /** Every sample, for the JSON file. */
  readonly samples: Readonly<Record<string, unknown>>
}

const sampleColumns = [
  '',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'CPU ms/request',
  'loop p99 ms',
  'loop max ms',
  'RSS MB',
  'load busy',
  'others busy',
]

/** Returns the table of contenders; each row is the median over its rounds. `label`: the kind of request whose latency is shown. */
export function tableOf(rows: readonly { name: string; samples: readonly Sample[]; label: string }[]): Table {
  return {
    columns: sampleColumns,
    rows: rows.map(({ name, samples, label }) => [
      name,
      whole(medianOf(samples, (sample) => sample.perSecond)),
      fixed(medianOf(samples, (sample) => latencyOf(sample, label).p50)),
      fixed(medianOf(samples, (sample) => latencyOf(sample, label).p99)),
      fixed(
        medianOf(samples, (sample) => sample.cpuMs),
        4,
      ),
      fixed(medianOf(samples, (sample) => sample.loopP99Ms)),
      fixed(medianOf(samples, (sample) => sample.loopMaxMs)),
      fixed(
        medianOf(samples, (sample) => sample.rssMb),
        0,
      ),
      fixed(medianOf(samples, (sample) => sample.loadShare)),
      fixed(medianOf(samples, (sample) => sample.othersShare)),
    ]),
  }
}

/** Writes a number with a fixed number of digits after the point. */
export function fixed(value: number, digits = 2): string {
  return value.toFixed(digits)
}

/** Writes a rounded number with separated thousands. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
