/** SQLite store: commands on second factors and on failed sign-ins. */
import { afterFailure, type ThrottleKey } from '../../../core/accounts/throttle.ts'
import { findAccount } from '../rows/account-rows.ts'
import { isSameDigest } from '../rows/digests.ts'
import { throttleOf } from '../rows/throttle-rows.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import { isCodeUsed, useCode as writeUsedCode } from './checks.ts'
import type { Input, Output } from './command.ts'
import { appendAccountChanged, rotateEpoch } from './epochs.ts'

/** Stores a secret that waits for its first code, instead of an earlier one. */
export function beginSecondFactor(tx: Tx, input: Input<'beginSecondFactor'>): Output<'beginSecondFactor'> {
  const { accountId, sealedSecret, nowMs, audit } = input
  const account = findAccount(tx.db, accountId)
  if (account === null) return { kind: 'missing' }
  if (account.totpSealed !== null) return { kind: 'exists' }
  tx.db.run('UPDATE accounts SET totp_pending_sealed = :sealedSecret, updated_at_ms = :nowMs WHERE id = :accountId', {
    accountId,
    sealedSecret,
    nowMs,
  })
  appendAccountChanged(tx, accountId, nowMs)
  appendAudit(tx, audit)
  return { kind: 'pending' }
}

/** Makes the waiting secret the second factor. */
export function confirmSecondFactor(tx: Tx, input: Input<'confirmSecondFactor'>): Output<'confirmSecondFactor'> {
  const { accountId, seenSealedSecret, code, rotation, nowMs, audit } = input
  const account = findAccount(tx.db, accountId)
  const pending = account?.totpPendingSealed ?? null
  if (account === null || pending === null || !isSameDigest(pending, seenSealedSecret)) return { kind: 'not-pending' }
  if (isCodeUsed(tx, code)) return { kind: 'code-used' }
  writeUsedCode(tx, code, nowMs)
  tx.db.run('UPDATE accounts SET totp_sealed = totp_pending_sealed, totp_pending_sealed = NULL WHERE id = :accountId', {
    accountId,
  })
  rotateEpoch(tx, account, { ...rotation, nowMs })
  appendAudit(tx, audit)
  return { kind: 'confirmed' }
}

export function useCode(tx: Tx, { code, nowMs }: Input<'useCode'>): Output<'useCode'> {
  if (isCodeUsed(tx, code)) return { kind: 'code-used' }
  writeUsedCode(tx, code, nowMs)
  return { kind: 'used' }
}

/** Counts a failed sign-in on every key. */
export function recordFailedSignIn(tx: Tx, input: Input<'recordFailedSignIn'>): Output<'recordFailedSignIn'> {
  for (const key of input.keys) countFailure(tx, key, input.nowMs)
  if (input.keys.length > 0) keepThrottleTime(tx, input)
  appendAudit(tx, input.audit)
  return { kind: 'counted' }
}

/** Keeps the time of the throttle. */
export function keepThrottleTime(
  tx: Tx,
  { nowMs }: Pick<Input<'keepThrottleTime'>, 'nowMs'>,
): Output<'keepThrottleTime'> {
  tx.db.run('UPDATE throttle_time SET latest_ms = :nowMs WHERE id = 1 AND latest_ms < :nowMs', { nowMs })
  return { kind: 'done' }
}

/** Forgets the failures of every key. */
export function forgetFailures(tx: Tx, { keys, audit }: Input<'forgetFailures'>): Output<'forgetFailures'> {
  let forgotten = 0
  for (const key of keys) forgotten += tx.db.run('DELETE FROM throttles WHERE key = :key', { key })
  if (forgotten === 0) return { kind: 'missing' }
  appendAudit(tx, audit)
  return { kind: 'forgotten' }
}

function countFailure(tx: Tx, { digest, rule }: ThrottleKey, nowMs: number): void {
  const { failures, firstFailureMs, blockedUntilMs } = afterFailure(throttleOf(tx.db, digest), rule, nowMs)
  tx.db.run(
    `INSERT INTO throttles (key, failures, first_failure_ms, blocked_until_ms, forgotten_at_ms)
     VALUES (:digest, :failures, :firstFailureMs, :blockedUntilMs, :forgottenAtMs)
     ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, first_failure_ms = excluded.first_failure_ms,
       blocked_until_ms = excluded.blocked_until_ms, forgotten_at_ms = excluded.forgotten_at_ms`,
    {
      digest,
      failures,
      firstFailureMs,
      blockedUntilMs,
      forgottenAtMs: Math.max(firstFailureMs + rule.windowMs, blockedUntilMs),
    },
  )
}
