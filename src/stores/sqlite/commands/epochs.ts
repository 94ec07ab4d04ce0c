/** SQLite store: ends all sessions of an account's epoch with one entry. */
import type { EpochRotation } from '../../../core/accounts/commands.ts'
import { subject } from '../../../core/revocation/log.ts'
import { appendEntry, type Tx } from '../write-transaction.ts'

/**
 * Gives the account another epoch and appends the entry that ends the old one; returns the entry's number.
 *
 * The kept session moves to the new epoch if it is a live one of the account.
 */
export function rotateEpoch(
  tx: Tx,
  account: { readonly id: number; readonly epoch: string },
  rotation: EpochRotation & { readonly nowMs: number },
): number {
  const { newEpoch, keptSessionRow, nowMs } = rotation
  const kept = tx.db.run(
    `UPDATE sessions SET epoch = :newEpoch
     WHERE row = :row AND account_id = :id AND epoch = :oldEpoch AND revoked_seq IS NULL`,
    { newEpoch, row: keptSessionRow, id: account.id, oldEpoch: account.epoch },
  )
  tx.db.run('UPDATE accounts SET epoch = :newEpoch, updated_at_ms = :nowMs WHERE id = :id', {
    newEpoch,
    nowMs,
    id: account.id,
  })
  const seq = appendEntry(tx, {
    kind: 'account_epoch',
    subject: subject.accountEpoch(account.id, account.epoch, kept === 1 ? keptSessionRow : 0),
    atMs: nowMs,
  })
  if (rotation.keepsCredentials === true) keepBearerCredentials(tx, account, rotation)
  else endBearerCredentials(tx, account.id, rotation)
  return seq
}

/** Bearer credentials are sessions: those of the ended epoch would still be listed. */
function endBearerCredentials(
  tx: Tx,
  accountId: number,
  { keptSessionRow, nowMs }: Pick<EpochRotation, 'keptSessionRow'> & { readonly nowMs: number },
): void {
  const ended = tx.db.all<{ id: string }>(
    `DELETE FROM credentials WHERE account_id = :accountId AND session_row IS NOT NULL AND session_row <> :keptSessionRow
     RETURNING id`,
    { accountId, keptSessionRow },
  )
  for (const { id } of ended) appendEntry(tx, { kind: 'credential', subject: id, atMs: nowMs })
}

/** Moves the sessions of bearer credentials to the new epoch; sessions that they started stay in the old one. */
function keepBearerCredentials(
  tx: Tx,
  account: { readonly id: number; readonly epoch: string },
  { newEpoch, nowMs }: Pick<EpochRotation, 'newEpoch'> & { readonly nowMs: number },
): void {
  const kept = tx.db.all<{ row: number }>(
    `UPDATE sessions SET epoch = :newEpoch
     WHERE account_id = :id AND epoch = :oldEpoch AND revoked_seq IS NULL
       AND row IN (SELECT session_row FROM credentials WHERE account_id = :id AND session_row IS NOT NULL)
     RETURNING row`,
    { newEpoch, id: account.id, oldEpoch: account.epoch },
  )
  for (const { row } of kept) {
    appendEntry(tx, { kind: 'access_changed', subject: subject.access('session', String(row)), atMs: nowMs })
  }
}

/** Appends the entry that makes nodes read the account again; its sessions stay. */
export function appendAccountChanged(tx: Tx, accountId: number, nowMs: number): void {
  appendEntry(tx, { kind: 'access_changed', subject: subject.access('account', String(accountId)), atMs: nowMs })
}
