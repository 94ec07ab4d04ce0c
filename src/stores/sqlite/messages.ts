/** SQLite store: what the main thread and the writer's thread say to each other; all of it survives a structured clone. */
import type { RevocationEntry } from '../../core/revocation/log.ts'
import type { Commands, NumberedRows } from '../../core/store.ts'

/** The commands of the port, and one of the store's own: numbers for rows, taken away for good. */
export type WriterCommands = Commands & {
  readonly reserveRows: {
    readonly input: { readonly rows: NumberedRows; readonly count: number }
    readonly output: { readonly first: number }
  }
}

/** A command on its way to the writer. */
export type PostedCommand = { readonly name: keyof WriterCommands; readonly input: unknown }

/**
 * What the main thread asks for. `restart-log`, once the log is copied, lets the next batch write from its beginning;
 * `look-for-room` fills the reserve where it can.
 */
export type WriterRequest =
  | { readonly kind: 'batch'; readonly commands: readonly PostedCommand[] }
  /** From here on heads are marked with this key. */
  | { readonly kind: 'mark-heads'; readonly key: Uint8Array }
  | { readonly kind: 'restart-log' | 'look-for-room' | 'close' }

/** What became of one command; a failed one has changed nothing. */
export type CommandResult =
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }

/** What became of a batch: one result for each command in order, and what was appended to the revocation log. */
export type BatchResult = {
  readonly results: readonly CommandResult[]
  readonly entries: readonly RevocationEntry[]
  /** Where the audit chain of this process has got to; null: nothing was appended. */
  readonly audited: Audited | null
}

/** What a batch did to the audit chain of its process. */
export type Audited = {
  /** Number of its newest event. */
  readonly seq: number
  /** Whether it went on from a head that nobody of ours has written. */
  readonly isBroken: boolean
}

/** What the writer answers: once that it is there, then once a batch. `hasRoom`: it takes more than ends. */
export type WriterReply = { readonly hasRoom: boolean } & (
  | { readonly kind: 'ready' | 'room' }
  | ({ readonly kind: 'batch' } & BatchResult)
)

/** What the writer's thread is started with. */
export type WriterData = {
  readonly path: string
  /** The audit chain of this process. */
  readonly chain: string
  /** Size that the database may not grow beyond; null: the disk's. */
  readonly maxBytes: number | null
  readonly reserve: { readonly path: string; readonly bytes: number }
}
