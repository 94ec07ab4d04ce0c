/** Bench: the messages to and from the process of the load. */

/** Rows of seeded tokens: `count` of them, `stride` apart. */
export type Rows = { readonly first: number; readonly count: number; readonly stride: number }

/** The requests of each connection. */
export type Script =
  /** GET with the access tokens of rows; `cycle` repeats them, `once` ends with the last. */
  | { readonly kind: 'get'; readonly path: string; readonly rows: Rows; readonly order: 'cycle' | 'once' }
  /** POST of refresh tokens; each answer's refresh token replaces the sent one. */
  | { readonly kind: 'refresh'; readonly path: string; readonly rows: Rows; readonly isBare: boolean }
  /** A sign-out with each row's token, and a verification of the same token right after its answer. */
  | { readonly kind: 'sign-out'; readonly rows: Rows }
  | { readonly kind: 'sign-in'; readonly username: string; readonly password: string }

/** One flow of requests. */
export type Plan = {
  readonly script: Script
  readonly connections: number
  readonly durationMs: number
  /** Requests per second, sent when they are due; null: each connection sends its next request after the last answer. */
  readonly pace: number | null
}

/** Latencies of one kind of request, in milliseconds; with a pace, from the due time. */
export type Latencies = {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** The outcome of a flow. */
export type Flow = {
  /** All answers, also those after the end of the window. */
  readonly answers: number
  /** Answers within the window, and its length in seconds. */
  readonly timed: number
  readonly seconds: number
  /** Answers by status; `unexpected` counts those with another status than expected. */
  readonly statuses: Readonly<Record<string, number>>
  readonly unexpected: number
  readonly latencies: Readonly<Record<string, Latencies>>
}

/** Request and report of the load process; `cpuSeconds` is its own. */
export type LoadRequest = { readonly port: number; readonly plans: readonly Plan[] }
export type LoadReport = { readonly flows: readonly Flow[]; readonly cpuSeconds: number; readonly seconds: number }
