/** SQLite store: the checkpointer as the main thread sees it. Without it the store works, only the log grows. */
import { Worker } from 'node:worker_threads'
import type { Log } from '../../core/ports.ts'
import type { CheckpointData, CheckpointReport } from './checkpoint-worker.ts'

/** Milliseconds between two log lines about failed checkpoints; a full disk fails every one. */
const quietMs = 60_000

export type Checkpoints = {
  /** Sets the listener for a long log that is nearly copied and may start again. */
  readonly onCaughtUp: (listener: () => void) => void
  /** Copies the rest, cuts the log, and ends the thread. */
  readonly close: () => Promise<void>
}

/** Starts the checkpointer's thread for the database at `path`. */
export function startCheckpoints(path: string, log: Log): Checkpoints {
  const data: CheckpointData = { path }
  const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: data })
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let caughtUp = (): void => {}
  const logFailure = failureLogger(log, () => performance.now())
  worker.on('message', (report: CheckpointReport) => {
    if (report.kind === 'caught-up') caughtUp()
    else logFailure(report.cause)
  })
  worker.on('error', (cause) => {
    log.error({ error: sentenceOf(cause) }, 'the checkpointer of the store is gone; its log grows until a restart')
  })
  // Listening for messages refs the thread, so this comes last: a process that forgets to close still ends.
  worker.unref()
  return {
    onCaughtUp: (listener) => {
      caughtUp = listener
    },
    close: async () => {
      worker.ref()
      worker.postMessage('close')
      await exited
    },
  }
}

/**
 * Returns a function that logs failed checkpoints at most once a minute.
 *
 * @param nowMs Milliseconds of the monotonic clock.
 */
export function failureLogger(log: Pick<Log, 'warn'>, nowMs: () => number): (cause: unknown) => void {
  let loggedAtMs = Number.NEGATIVE_INFINITY
  return (cause) => {
    if (nowMs() - loggedAtMs < quietMs) return
    loggedAtMs = nowMs()
    log.warn({ error: sentenceOf(cause) }, 'a checkpoint of the store failed; it is tried again')
  }
}

function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
