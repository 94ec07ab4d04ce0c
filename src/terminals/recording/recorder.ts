/** Terminals: what a PTY session needs of its recorder. Output is sent only after the recorder has it. */

/** The head of a recording; JSON in the file. Times are Unix milliseconds. */
export type RecordHead = {
  readonly v: 1
  readonly ptySessionId: string
  readonly startedAtMs: number
  readonly server: string
  readonly address: string
  readonly osUser: string
  readonly purpose: 'change_request' | 'health_check'
  readonly changeId: string | null
  readonly startedBy: string
  readonly cols: number
  readonly rows: number
  readonly inputIsRecorded: boolean
  /** The recording is kept at least until then. */
  readonly keepUntilMs: number
  /** SHA-256 of the public key that signs, hex. */
  readonly keyId: string
}

/** A recorded entry. `seq` is its offset in the terminal's output. */
export type RecordEvent =
  | { readonly kind: 'output'; readonly seq: number; readonly bytes: Uint8Array }
  | { readonly kind: 'input'; readonly seq: number; readonly bytes: Uint8Array }
  | { readonly kind: 'size'; readonly seq: number; readonly cols: number; readonly rows: number }
  /** joined, left, blocked, message, end ...: small JSON for users and players. */
  | { readonly kind: 'event'; readonly seq: number; readonly event: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'keyframe'
      readonly seq: number
      readonly cols: number
      readonly rows: number
      readonly bytes: Uint8Array
    }

/** The end of the file after an append: a reader may read up to it. */
export type RecordPosition = {
  /** Bytes of the file. */
  readonly length: number
  /** Output that these bytes hold. */
  readonly seq: number
}

/** Writes one recording. */
export type Recorder = {
  readonly path: string
  /**
   * Resolves when the operating system has the events, in the order of the calls.
   * @throws Error if it cannot write, or was blocked for 15 s; then every later call fails too.
   */
  readonly append: (events: readonly RecordEvent[]) => Promise<RecordPosition>
  /** Returns appended output from `seq` on, at most `limit` bytes, for a resume that the ring no longer covers. */
  readonly readOutput: (seq: number, limit: number) => Promise<Uint8Array>
  /** Seals the last segment and closes the file; may be called again, and after a failure. */
  readonly close: () => Promise<void>
}
