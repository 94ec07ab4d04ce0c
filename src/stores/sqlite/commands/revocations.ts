/** SQLite store: commands that end sessions, tokens and epochs. If the subject ended before, they return the entry that ended it. */
import { subject } from '../../../core/revocation/log.ts'
import type { RevocationOutcome, RevocationTarget } from '../../../core/sessions/commands.ts'
import { findAccount } from '../rows/account-rows.ts'
import { appendAudit, appendEntry, headSeq, type Tx } from '../write-transaction.ts'
import type { Input, Output } from './command.ts'
import { rotateEpoch } from './epochs.ts'

type Of<Kind extends RevocationTarget['kind']> = Extract<RevocationTarget, { kind: Kind }>

type Ending = {
  readonly session_row: number
  readonly session_seq: number | null
  readonly is_of_ended_epoch: number
}

/** Ends the target; only the first of several callers writes anything. */
export function revoke(tx: Tx, input: Input<'revoke'>): Output<'revoke'> {
  const outcome = end(tx, input.target, input.nowMs)
  if (outcome.kind === 'revoked') appendAudit(tx, input.audit)
  return outcome
}

/**
 * Ends a live session and returns the number of the entry. The session of a bearer credential ends the credential too.
 */
export function endSession(tx: Tx, row: number, nowMs: number): number {
  const seq = appendEntry(tx, { kind: 'session', subject: subject.session(row), atMs: nowMs })
  tx.db.run('UPDATE sessions SET revoked_seq = :seq WHERE row = :row', { seq, row })
  const credential = tx.db.one<{ id: string }>(
    `SELECT c.id FROM sessions s JOIN credentials c ON c.id = s.credential_id AND c.session_row = s.row
     WHERE s.row = :row`,
    { row },
  )
  if (credential !== undefined) endCredential(tx, credential.id, nowMs)
  return seq
}

/** Removes an existing credential and ends every session that it started. */
export function endCredential(tx: Tx, id: string, nowMs: number): void {
  // The credential goes first: its own session, which ends too, then finds none to remove.
  tx.db.run('DELETE FROM credentials WHERE id = :id', { id })
  const started = tx.db.all<{ row: number }>(
    'SELECT row FROM sessions WHERE credential_id = :id AND revoked_seq IS NULL ORDER BY row',
    { id },
  )
  for (const { row } of started) endSession(tx, row, nowMs)
  appendEntry(tx, { kind: 'credential', subject: id, atMs: nowMs })
}

/** Ends a live token and returns the number of the entry. */
export function endToken(
  tx: Tx,
  token: { readonly row: number; readonly accessDigest: Uint8Array },
  nowMs: number,
): number {
  const seq = appendEntry(tx, { kind: 'token', subject: subject.token(token.accessDigest), atMs: nowMs })
  tx.db.run('UPDATE tokens SET revoked_seq = :seq WHERE row = :row', { seq, row: token.row })
  return seq
}

function end(tx: Tx, target: RevocationTarget, nowMs: number): RevocationOutcome {
  switch (target.kind) {
    case 'session':
      return endNamedSession(tx, target, nowMs)
    case 'token':
      return endNamedToken(tx, target, nowMs)
    case 'account_epoch':
      return endEpoch(tx, target, nowMs)
  }
}

function endNamedSession(tx: Tx, target: Of<'session'>, nowMs: number): RevocationOutcome {
  const found = tx.db.one<Ending>(
    `SELECT s.row AS session_row, s.revoked_seq AS session_seq, s.epoch <> a.epoch AS is_of_ended_epoch
     FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.row = :row`,
    { row: target.sessionRow },
  )
  if (found === undefined) return { kind: 'missing' }
  return endedBefore(tx, found) ?? { kind: 'revoked', seq: endSession(tx, found.session_row, nowMs) }
}

function endNamedToken(tx: Tx, target: Of<'token'>, nowMs: number): RevocationOutcome {
  const found = tx.db.one<Ending & { accessDigest: Uint8Array; token_seq: number | null }>(
    `SELECT t.access_digest AS "accessDigest", t.revoked_seq AS token_seq, s.row AS session_row,
       s.revoked_seq AS session_seq, s.epoch <> a.epoch AS is_of_ended_epoch
     FROM tokens t JOIN sessions s ON s.row = t.session_row JOIN accounts a ON a.id = s.account_id
     WHERE t.row = :row`,
    { row: target.tokenRow },
  )
  if (found === undefined) return { kind: 'missing' }
  if (found.token_seq !== null) return { kind: 'already', seq: found.token_seq }
  const token = { row: target.tokenRow, accessDigest: found.accessDigest }
  return endedBefore(tx, found) ?? { kind: 'revoked', seq: endToken(tx, token, nowMs) }
}

/** The entry that ended the epoch is not searched: the head of the log is at it or behind it. */
function endedBefore(tx: Tx, found: Ending): RevocationOutcome | null {
  if (found.session_seq !== null) return { kind: 'already', seq: found.session_seq }
  return found.is_of_ended_epoch === 1 ? { kind: 'already', seq: headSeq(tx) } : null
}

function endEpoch(tx: Tx, target: Of<'account_epoch'>, nowMs: number): RevocationOutcome {
  const account = findAccount(tx.db, target.accountId)
  if (account === null) return { kind: 'missing' }
  if (target.expectedEpoch !== null && target.expectedEpoch !== account.epoch) return { kind: 'stale' }
  const seq = rotateEpoch(tx, account, { newEpoch: target.newEpoch, keptSessionRow: 0, nowMs })
  return { kind: 'revoked', seq }
}
