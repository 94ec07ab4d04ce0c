/** Terminals: what a PTY session needs of its recorder; nothing is sent before the recorder has it. */

/** What a record tells of itself, first; JSON in the file. Times are Unix milliseconds. */
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
  /** The record may go no earlier. */
  readonly keepUntilMs: number
  /** SHA-256 of the public key that signs, hex. */
  readonly keyId: string
}

/** What is recorded. `seq` is the offset in the terminal's output at which it belongs. */
export type RecordEvent =
  | { readonly kind: 'output'; readonly seq: number; readonly bytes: Uint8Array }
  | { readonly kind: 'input'; readonly seq: number; readonly bytes: Uint8Array }
  | { readonly kind: 'size'; readonly seq: number; readonly cols: number; readonly rows: number }
  /** joined, left, blocked, message, end ...: small JSON for people and players. */
  | { readonly kind: 'event'; readonly seq: number; readonly event: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'keyframe'
      readonly seq: number
      readonly cols: number
      readonly rows: number
      readonly bytes: Uint8Array
    }

/** Where the file stood after an append: what a reader of the file may rely on. */
export type RecordPosition = {
  /** Bytes of the file. */
  readonly length: number
  /** Output that they hold. */
  readonly seq: number
}

/** Writes one record. */
export type Recorder = {
  readonly path: string
  /**
   * Resolves once the operating system has the events, in the order of the calls.
   * @throws Error when it cannot write, or was blocked for 15 s; every later call then fails too.
   */
  readonly append: (events: readonly RecordEvent[]) => Promise<RecordPosition>
  /** Returns output from `seq` on, at most `limit` bytes, all of it appended before; for a resume that the ring no longer holds. */
  readonly readOutput: (seq: number, limit: number) => Promise<Uint8Array>
  /** Seals the last segment and closes the file; safe to call again, and after a failure. */
  readonly close: () => Promise<void>
}
