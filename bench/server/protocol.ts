/** Bench: the messages between the runner and the process of the server. */

/** The parameters of a server. */
export type ServerStart = {
  readonly dataDir: string
  /** As in a configuration file. */
  readonly config: Readonly<Record<string, unknown>>
  /** `echo`: every terminal is an echo terminal; `real` (default): as in the inventory. */
  readonly terminals?: 'echo' | 'real'
}

/** A server of the inventory. Every account of the group `ops` may reach it, under the change request `BENCH`. */
export type TerminalTarget = {
  readonly transport: 'ssh' | 'local'
  /** IP literal. */
  readonly address: string
  readonly port: number
  readonly osUser: string
  readonly hostKey: string | null
}

/** The requests to the process of the server. */
export type ServerRequest =
  /** Reads the counters; the loop's delay is since the last time. */
  | { readonly op: 'measure' }
  /** Collects garbage, then reads the counters. */
  | { readonly op: 'settle' }
  | { readonly op: 'add-account'; readonly username: string; readonly password: string }
  /** Hashes with the bare library in one thread. */
  | { readonly op: 'raw-hashes'; readonly durationMs: number }
  /** Returns the public key line that an sshd must trust. */
  | { readonly op: 'authority' }
  /** Sent once. */
  | { readonly op: 'add-target'; readonly target: TerminalTarget }
  | { readonly op: 'close' }

/** Counters of the server's process. Times in seconds since its start, sizes in bytes. */
export type Counters = {
  readonly cpuSeconds: number
  readonly rss: number
  /** Delay of the event loop's timers since the last time, in milliseconds. */
  readonly loop: { readonly p99Ms: number; readonly maxMs: number }
}

/** The answers of the process. */
export type ServerReply =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'counters'; readonly counters: Counters }
  /** `cpuSeconds`: the hashing thread alone. */
  | { readonly kind: 'hashed'; readonly hashes: number; readonly cpuSeconds: number; readonly seconds: number }
  | { readonly kind: 'authority'; readonly publicLine: string }
  | { readonly kind: 'done' }
