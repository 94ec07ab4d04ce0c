/** Bench: the writer of the ceiling. It writes the same rows as a refresh, one transaction a batch, and reads nothing. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Commands } from '../../src/core/store.ts'
import { openWriting } from '../../src/stores/sqlite/database.ts'
import type { WriterReply, WriterRequest } from '../../src/stores/sqlite/messages.ts'

type Exchange = Commands['exchangeToken']['input']

const port = parentPort
if (port === null) throw new Error('The writer runs as a thread of the server.')

const db = openWriting(workerData as string)
const chain = 'bench'
const reply = (message: WriterReply): void => port.postMessage(message)
let seq = db.one<{ seq: number }>('SELECT max(seq) AS seq FROM audit_events WHERE chain = :chain', { chain })?.seq ?? 0

port.on('message', (request: WriterRequest) => {
  if (request.kind === 'close') {
    db.close()
    port.close()
  }
  if (request.kind !== 'batch') return
  db.exec('BEGIN IMMEDIATE')
  for (const { input } of request.commands) write(input as Exchange)
  db.exec('COMMIT')
  const results = request.commands.map(() => ({ kind: 'done', output: { kind: 'exchanged' } }) as const)
  reply({ kind: 'batch', hasRoom: true, results, entries: [], audited: null })
})
reply({ kind: 'ready', hasRoom: true })

function write({ successor, tokenRow, sealedAnswer, nowMs, audit }: Exchange): void {
  db.run(
    `INSERT INTO tokens (row, session_row, access_digest, is_indexed, issued_at, expires_at, refresh_digest,
       refresh_expires_at, ends_at, answered_at_ms, sealed_answer)
     VALUES (:row, :sessionRow, :accessDigest, 0, :issuedAt, :expiresAt, :refreshDigest, :expiresAt, :expiresAt, :nowMs,
       :sealedAnswer)`,
    {
      row: successor.row,
      sessionRow: successor.sessionRow,
      accessDigest: successor.accessDigest,
      issuedAt: successor.issuedAt,
      expiresAt: successor.expiresAt,
      refreshDigest: successor.refreshDigest,
      nowMs,
      sealedAnswer,
    },
  )
  db.run(
    'UPDATE tokens SET successor_row = :successor, sealed_answer = NULL, answer_ends_at_ms = NULL WHERE row = :row',
    {
      row: tokenRow,
      successor: successor.row,
    },
  )
  const seenAt = Math.floor(nowMs / 1000)
  db.run('UPDATE sessions SET last_seen_at = :seenAt WHERE row = :row', { row: successor.sessionRow, seenAt })
  seq += 1
  const head = { chain, seq, hash: '0'.repeat(64) }
  const text = JSON.stringify(audit)
  db.run('INSERT INTO audit_events (chain, seq, text, hash) VALUES (:chain, :seq, :text, :hash)', { ...head, text })
  db.run(
    `INSERT INTO audit_heads (chain, seq, hash) VALUES (:chain, :seq, :hash)
     ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
    head,
  )
}
