/** SQLite store: the checkpointer's thread. It copies the write-ahead log into the database beside the writer, and says when the log may start again. */
import { statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openWriting } from './database.ts'

/** The start data of the checkpointer's thread. */
export type CheckpointData = { readonly path: string }

/** Its messages: nearly all of a long log is copied, or why copying failed; it tries again by itself. */
export type CheckpointReport = { readonly kind: 'caught-up' } | { readonly kind: 'failed'; readonly cause: unknown }

/** SQLite's result of a checkpoint: frames in the log, and how many are copied; -1: it could not look. */
type Progress = { readonly log: number; readonly checkpointed: number }

const pollMs = 500
/** Size of the log file in bytes from which it is copied, and above which a fully copied log is cut. */
const copyFromBytes = 4 * 1024 * 1024
const cutFromBytes = 64 * 1024 * 1024
/** Frames (pages of 4 KiB) from which a log should start again, and how few the writer may still have to copy. */
const longLogFrames = 4_096
const fewFrames = 1_024
/** If the writer is faster than this thread, it must help after this many rounds. */
const copyRounds = 6

const port = parentPort
if (port === null) throw new Error('The checkpointer runs as a thread of the store.')

const { path } = workerData as CheckpointData
const db = openWriting(path)
const report = (message: CheckpointReport): void => port.postMessage(message)

function copy(mode: 'PASSIVE' | 'TRUNCATE'): Progress {
  return db.one<Progress>(`PRAGMA wal_checkpoint(${mode})`) ?? { log: -1, checkpointed: -1 }
}

function checkpoint(): void {
  const bytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (bytes <= copyFromBytes) return
  let { log, checkpointed } = copy('PASSIVE')
  if (log === checkpointed && bytes > cutFromBytes) copy('TRUNCATE')
  if (log < longLogFrames) return
  for (let round = 1; round < copyRounds && log - checkpointed > fewFrames; round += 1) {
    const progress = copy('PASSIVE')
    log = progress.log
    checkpointed = progress.checkpointed
  }
  // A busy writer leaves this thread no gap to restart the log in, so the writer does it between two batches.
  report({ kind: 'caught-up' })
}

const timer = setInterval(() => {
  try {
    checkpoint()
  } catch (cause) {
    report({ kind: 'failed', cause })
  }
}, pollMs)

port.once('message', () => {
  clearInterval(timer)
  try {
    copy('TRUNCATE')
  } finally {
    db.close()
    port.close()
  }
})
