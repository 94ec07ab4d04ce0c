/** SQLite store: runs a batch of commands in one transaction. A command that throws does not fail the others. */
import { isEnd } from '../../core/ends.ts'
import type { RevocationEntry } from '../../core/revocation/log.ts'
import type { NumberedRows } from '../../core/store.ts'
import { commandTable } from './commands/table.ts'
import { type Database, isFull } from './database.ts'
import type { Audited, BatchResult, CommandResult, PostedCommand } from './messages.ts'
import type { Reserve } from './reserve.ts'
import { reserveRows } from './row-numbers.ts'
import { type Tx, writeChainHead } from './write-transaction.ts'

/** What a batch needs. */
export type Writer = {
  /** The connection that writes. */
  readonly db: Database
  /** The audit chain it writes for. */
  readonly chain: string
  /** The key of head marks; null: heads are not marked. */
  readonly headKey: Uint8Array | null
  /** The reserve of room for ends. */
  readonly reserve: Reserve
}

type AnyCommand = (tx: Tx, input: unknown) => unknown

type Outcome =
  | {
      readonly kind: 'committed'
      readonly outputs: readonly unknown[]
      readonly entries: readonly RevocationEntry[]
      readonly audited: Audited | null
    }
  | { readonly kind: 'rolled-back' | 'not-begun'; readonly error: unknown }

const table = {
  ...commandTable,
  reserveRows: (tx: Tx, input: { rows: NumberedRows; count: number }) => ({
    first: reserveRows(tx.db, input.rows, input.count),
  }),
}

/** Runs the commands. While the reserve is not whole, only ends are accepted. */
export function runBatch(writer: Writer, commands: readonly PostedCommand[]): BatchResult {
  if (commands.every(isEnding) || writer.reserve.isWhole()) return runAll(writer, commands)
  const ran = runAll(writer, commands.filter(isEnding))
  const results = ran.results.values()
  const refused: CommandResult = {
    kind: 'failed',
    error: new Error('the disk is full; only commands that end something are accepted'),
  }
  return {
    results: commands.map((command) => (isEnding(command) ? (results.next().value ?? refused) : refused)),
    entries: ran.entries,
    audited: ran.audited,
  }
}

/**
 * Runs the commands together, and each alone if one of them throws or the commit fails.
 *
 * If a transaction could not begin, it is not tried again for each command, because every try would wait for the lock.
 */
function runAll(writer: Writer, commands: readonly PostedCommand[]): BatchResult {
  const together = transact(writer, commands)
  if (together.kind !== 'rolled-back' || commands.length === 1) return resultOf(together, commands.length)
  const alone: BatchResult[] = []
  for (const [index, command] of commands.entries()) {
    const outcome = transact(writer, [command])
    const isBlocked = outcome.kind === 'not-begun'
    alone.push(resultOf(outcome, isBlocked ? commands.length - index : 1))
    if (isBlocked) break
  }
  const audited = alone.flatMap((result) => result.audited ?? [])
  const isBroken = audited.some((one) => one.isBroken)
  const last = audited.at(-1)
  return {
    results: alone.flatMap(({ results }) => results),
    entries: alone.flatMap(({ entries }) => entries),
    audited: last === undefined ? null : { seq: last.seq, isBroken },
  }
}

/** If all commands are ends and there is no room, the reserve gives up pieces. */
function transact(writer: Writer, commands: readonly PostedCommand[]): Outcome {
  const isForEnds = commands.every(isEnding)
  let outcome = tryOnce(writer, commands)
  while (outcome.kind !== 'committed' && isForEnds && isFull(outcome.error) && writer.reserve.giveUp()) {
    outcome = tryOnce(writer, commands)
  }
  return outcome
}

function tryOnce({ db, chain, headKey }: Writer, commands: readonly PostedCommand[]): Outcome {
  if (commands.length === 0) return { kind: 'committed', outputs: [], entries: [], audited: null }
  try {
    db.exec('BEGIN IMMEDIATE')
  } catch (error) {
    return { kind: 'not-begun', error }
  }
  const tx: Tx = { db, chain, headKey, entries: [], chainHead: null }
  try {
    const outputs = commands.map(({ name, input }) => (table[name] as AnyCommand)(tx, input))
    writeChainHead(tx)
    db.exec('COMMIT')
    return { kind: 'committed', outputs, entries: tx.entries, audited: auditedBy(tx) }
  } catch (error) {
    // SQLite ends the transaction by itself after some failures, such as a full disk.
    if (db.isInTransaction) db.exec('ROLLBACK')
    return { kind: 'rolled-back', error }
  }
}

function isEnding({ name, input }: PostedCommand): boolean {
  return name !== 'reserveRows' && isEnd(name, input as never)
}

function auditedBy({ chainHead }: Tx): Audited | null {
  return chainHead === null ? null : { seq: chainHead.seq, isBroken: chainHead.isBroken }
}

function resultOf(outcome: Outcome, count: number): BatchResult {
  if (outcome.kind === 'committed') {
    const { outputs, entries, audited } = outcome
    return { results: outputs.map((output) => ({ kind: 'done', output })), entries, audited }
  }
  const failed: CommandResult = { kind: 'failed', error: outcome.error }
  return { results: Array.from({ length: count }, () => failed), entries: [], audited: null }
}
