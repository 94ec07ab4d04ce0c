/** Bench: what the process under measurement's load is told to do, and what it reports. */

/** Rows of seeded tokens: `count` of them, `stride` apart. */
export type Rows = { readonly first: number; readonly count: number; readonly stride: number }

/** What each connection sends. */
export type Script =
  /** GET with the access tokens of rows; `cycle` goes round them, `once` ends with the last. */
  | { readonly kind: 'get'; readonly path: string; readonly rows: Rows; readonly order: 'cycle' | 'once' }
  /** POST of refresh tokens; each answer's refresh token takes the place of the one that was sent. */
  | { readonly kind: 'refresh'; readonly path: string; readonly rows: Rows; readonly isBare: boolean }
  /** A sign-out with each row's token, and a verification of the same token right after its answer. */
  | { readonly kind: 'sign-out'; readonly rows: Rows }
  | { readonly kind: 'sign-in'; readonly username: string; readonly password: string }

/** One flow of requests. */
export type Plan = {
  readonly script: Script
  readonly connections: number
  readonly durationMs: number
  /** Requests per second, sent when they are due; null: each connection sends its next when the last is answered. */
  readonly pace: number | null
}

/** Latencies of one kind of request, in milliseconds; from the due time where there is a pace. */
export type Latencies = {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What became of a flow. */
export type Flow = {
  /** All answers, those included that came after the window had ended. */
  readonly answers: number
  /** Answers within the window, and its length. */
  readonly timed: number
  readonly seconds: number
  /** Answers by status; an answer of an unexpected one is also among `surprises`. */
  readonly statuses: Readonly<Record<string, number>>
  readonly surprises: number
  readonly latencies: Readonly<Record<string, Latencies>>
}

/** What the load process is asked, and what it answers; `cpuSeconds` is its own. */
export type LoadRequest = { readonly port: number; readonly plans: readonly Plan[] }
export type LoadReport = { readonly flows: readonly Flow[]; readonly cpuSeconds: number; readonly seconds: number }
