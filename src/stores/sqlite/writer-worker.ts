/** SQLite store: the writer's thread. It owns the only connection that writes, because syncing the disk blocks its thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { openWriting } from './database.ts'
import type { WriterData, WriterReply, WriterRequest } from './messages.ts'
import { fileReserve } from './reserve.ts'
import { runBatch } from './run-batch.ts'

const port = parentPort
if (port === null) throw new Error('The writer runs as a thread of the store.')

const { path, chain, maxBytes, reserve: kept } = workerData as WriterData
const db = openWriting(path, maxBytes)
const reserve = fileReserve(kept.path, kept.bytes, `${path}-wal`)
let headKey: Uint8Array | null = null
const reply = (message: WriterReply): void => port.postMessage(message)

function restartLog(): void {
  try {
    db.all('PRAGMA wal_checkpoint(RESTART)')
  } catch {
    // The checkpointer meets the same error and reports it; a growing log does not harm the next batch.
  }
}

port.on('message', (request: WriterRequest) => {
  switch (request.kind) {
    case 'batch': {
      const result = runBatch({ db, chain, headKey, reserve }, request.commands)
      reply({ kind: 'batch', ...result, hasRoom: reserve.isWhole() })
      break
    }
    case 'check-room':
      reply({ kind: 'room', hasRoom: reserve.isWhole() })
      break
    case 'mark-heads':
      headKey = request.key
      break
    case 'restart-log':
      restartLog()
      break
    case 'close':
      db.close()
      port.close()
  }
})
reply({ kind: 'ready', hasRoom: reserve.isWhole() })
