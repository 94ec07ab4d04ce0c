/**
 * SQLite store: collects commands into batches for the writer's thread. A caller gets its answer after the batch is
 * durable and its revocations are applied.
 */
import type { Worker } from 'node:worker_threads'
import { Refusal } from '../../core/errors.ts'
import type { RevocationEntry } from '../../core/revocation/log.ts'
import { ownBytes } from './bytes.ts'
import type {
  Audited,
  BatchResult,
  CommandResult,
  PostedCommand,
  WriterCommands,
  WriterReply,
  WriterRequest,
} from './messages.ts'

/** Most commands of one transaction. */
const batchLength = 64

/** Milliseconds between two checks of the room while the disk is full. */
const roomCheckMs = 1_000

/** Most commands that wait for the writer; more are refused at once. */
const longestQueue = 10_000

type WaitingCommand = PostedCommand & {
  readonly resolve: (output: unknown) => void
  readonly reject: (refusal: Refusal) => void
}

/** Gets entries before their commands are answered. */
export type RevocationListener = (entries: readonly RevocationEntry[]) => Promise<void>

/** The writer as the main thread sees it. */
export class GroupCommit {
  readonly #worker: Worker
  #waiting: WaitingCommand[] = []
  #inFlight: WaitingCommand[] | null = null
  #isScheduled = false
  #delivery: Promise<void> = Promise.resolve()
  #listener: RevocationListener = async () => {}
  #hasRoom = true
  #onRoom: (hasRoom: boolean) => void = () => {}
  #roomTimer: NodeJS.Timeout | null = null
  #auditListener: (audited: Audited) => void = () => {}
  /** Why nothing is accepted any more; null: the writer works. */
  #end: Refusal | null = null
  #whenIdle: (() => void) | null = null
  #ready: { readonly resolve: () => void; readonly reject: (error: Refusal) => void } | null = null
  readonly #exited: Promise<void>

  /** Uses a thread that was just started with the writer's program. */
  constructor(worker: Worker) {
    this.#worker = worker
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
    worker.on('message', (reply: WriterReply) => this.#receive(reply))
    worker.on('messageerror', (cause) => this.#fail(cause))
    worker.on('error', (cause) => this.#fail(cause))
    worker.on('exit', (code) => this.#fail(new Error(`the writer's thread ended with ${code}`)))
  }

  /** Waits until the writer has opened the database. @throws STORE_UNAVAILABLE if it could not. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#end === null) this.#ready = { resolve, reject }
      else reject(this.#end)
    })
  }

  /** Whether the writer accepts more than ends. */
  get hasRoom(): boolean {
    return this.#hasRoom
  }

  /** Sets the listener for a full disk and for new room; it is called at once if the disk is full already. */
  onRoom(listener: (hasRoom: boolean) => void): void {
    this.#onRoom = listener
    if (!this.#hasRoom) listener(false)
  }

  /** Sets the listener for the entries of a batch. */
  onRevocations(listener: RevocationListener): void {
    this.#listener = listener
  }

  /** Sets the listener for the head of the audit chain. */
  onAudited(listener: (audited: Audited) => void): void {
    this.#auditListener = listener
  }

  /** Marks the heads of audit chains with a key from now on. */
  markHeads(key: Uint8Array): void {
    this.#post({ kind: 'mark-heads', key })
  }

  /**
   * Runs one command together with others that are waiting.
   *
   * @throws STORE_UNAVAILABLE if it failed, too many wait, or the writer is gone.
   */
  execute<Name extends keyof WriterCommands>(
    name: Name,
    input: WriterCommands[Name]['input'],
  ): Promise<WriterCommands[Name]['output']> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#end !== null) return reject(this.#end)
      if (this.#waiting.length >= longestQueue) return reject(unavailable('too many commands wait', undefined))
      this.#waiting.push({ name, input: ownBytes(input), resolve, reject })
      this.#schedule()
    }) as Promise<WriterCommands[Name]['output']>
  }

  /** Restarts the write-ahead log between two batches; call it when nearly all of it is copied. */
  restartLog(): void {
    if (this.#end === null) this.#post({ kind: 'restart-log' })
  }

  /** Runs waiting commands, and ends the thread. */
  async close(): Promise<void> {
    this.#end ??= unavailable('the store is closed', undefined)
    if (this.#waiting.length > 0 || this.#inFlight !== null) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    await this.#delivery
    clearTimeout(this.#roomTimer ?? undefined)
    this.#worker.ref()
    this.#post({ kind: 'close' })
    await this.#exited
  }

  /** Waits for the end of the turn, so that commands of many requests share a batch. */
  #schedule(): void {
    if (this.#isScheduled || this.#inFlight !== null) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#postBatch()
    })
  }

  #postBatch(): void {
    if (this.#inFlight !== null) return
    if (this.#waiting.length === 0) {
      this.#worker.unref()
      this.#whenIdle?.()
      return
    }
    const batch = this.#waiting.splice(0, batchLength)
    try {
      this.#post({ kind: 'batch', commands: batch.map(({ name, input }) => ({ name, input })) })
      this.#inFlight = batch
      this.#worker.ref()
    } catch (cause) {
      for (const waiting of batch) waiting.reject(unavailable('a command cannot be sent to the writer', cause))
      this.#schedule()
    }
  }

  #post(request: WriterRequest): void {
    this.#worker.postMessage(request)
  }

  #receive(reply: WriterReply): void {
    this.#noteRoom(reply.hasRoom)
    if (reply.kind !== 'batch') {
      if (this.#inFlight === null) this.#worker.unref()
      this.#ready?.resolve()
      return
    }
    const batch = this.#inFlight ?? []
    this.#inFlight = null
    this.#postBatch()
    this.#delivery = this.#delivery.then(() => this.#deliver(batch, reply))
  }

  /** Checks again while there is no room: a server without requests must notice too. */
  #noteRoom(hasRoom: boolean): void {
    if (hasRoom !== this.#hasRoom) {
      this.#hasRoom = hasRoom
      this.#onRoom(hasRoom)
    }
    if (hasRoom || this.#roomTimer !== null || this.#end !== null) return
    this.#roomTimer = setTimeout(() => {
      this.#roomTimer = null
      if (this.#end === null) this.#post({ kind: 'check-room' })
    }, roomCheckMs).unref()
  }

  async #deliver(batch: readonly WaitingCommand[], { results, entries, audited }: BatchResult): Promise<void> {
    if (audited !== null) this.#auditListener(audited)
    try {
      if (entries.length > 0) await this.#listener(entries)
    } catch (cause) {
      // The revocations are in the log, but memory may not know them, so their callers get no success.
      for (const waiting of batch) waiting.reject(unavailable('the revocation log could not be applied', cause))
      return
    }
    for (const [index, waiting] of batch.entries()) settle(waiting, results[index])
  }

  #fail(cause: unknown): void {
    const refusal = unavailable('the writer of the store is gone', cause)
    this.#end ??= refusal
    for (const waiting of [...(this.#inFlight ?? []), ...this.#waiting]) waiting.reject(refusal)
    this.#inFlight = null
    this.#waiting = []
    this.#ready?.reject(refusal)
    this.#whenIdle?.()
  }
}

function settle(waiting: WaitingCommand, result: CommandResult | undefined): void {
  if (result?.kind === 'done') waiting.resolve(result.output)
  else waiting.reject(unavailable(`the command ${waiting.name} failed`, result?.error))
}

function unavailable(detail: string, cause: unknown): Refusal {
  return new Refusal('STORE_UNAVAILABLE', { detail, retryAfterSeconds: 1, ...(cause === undefined ? {} : { cause }) })
}
