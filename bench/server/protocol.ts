/** Bench: what the runner and the server's process say to each other. */

/** What a server is started with. */
export type ServerStart = {
  readonly dataDir: string
  /** As in a configuration file. */
  readonly config: Readonly<Record<string, unknown>>
  /** What terminals are: echo terminals in place of all, or what the inventory says (where not said). */
  readonly terminals?: 'echo' | 'real'
}

/** A server of the inventory that terminals lead to; every account of the group `ops` reaches it, under the change `BENCH`. */
export type TerminalTarget = {
  readonly transport: 'ssh' | 'local'
  /** IP literal. */
  readonly address: string
  readonly port: number
  readonly osUser: string
  readonly hostKey: string | null
}

/** What the server's process is asked for. */
export type ServerRequest =
  /** Counters now; the loop's delay since the last time. */
  | { readonly op: 'measure' }
  /** Collects garbage first, as far as it can be collected. */
  | { readonly op: 'settle' }
  | { readonly op: 'add-account'; readonly username: string; readonly password: string }
  /** Hashes by the bare library in one thread. */
  | { readonly op: 'raw-hashes'; readonly durationMs: number }
  /** The public key line that an sshd has to trust. */
  | { readonly op: 'authority' }
  /** Asked once. */
  | { readonly op: 'add-target'; readonly target: TerminalTarget }
  | { readonly op: 'close' }

/** Counters of the server's process. Times in seconds since its start, sizes in bytes. */
export type Counters = {
  readonly cpuSeconds: number
  readonly rss: number
  /** How late the event loop came to its timers since the last time, in milliseconds. */
  readonly loop: { readonly p99Ms: number; readonly maxMs: number }
}

/** What it answers. */
export type ServerReply =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'counters'; readonly counters: Counters }
  /** `cpuSeconds` is that of the hashing thread alone. */
  | { readonly kind: 'hashed'; readonly hashes: number; readonly cpuSeconds: number; readonly seconds: number }
  | { readonly kind: 'authority'; readonly publicLine: string }
  | { readonly kind: 'done' }
