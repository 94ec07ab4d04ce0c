/** Terminals: lists recordings and removes expired ones. A recording stays at least as long as its own head says. */
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises'
import { RecordDamage, readFully } from './read-record.ts'
import { syncFolder } from './record-file.ts'
import { readHead } from './record-head.ts'
import { isRecordId, recordedSession, recordPath } from './record-path.ts'
import type { RecordHead } from './recorder.ts'
import { decodeSeal, sealBytes } from './seal.ts'

/** Half a day more than the longest month, in milliseconds, so that no month is too short. */
const monthMs = 31 * 24 * 3_600_000

/** A recording in a list; nothing of it is verified. */
export type ListedRecord = {
  readonly ptySessionId: string
  readonly bytes: number
  /** null: it cannot be read. */
  readonly head: RecordHead | null
  /** Whether it ends with the recorder's end. */
  readonly isEnded: boolean
}

/** Returns the moment until which a recording is kept, in Unix milliseconds, for a number of months. */
export function keptUntil(startedAtMs: number, months: number): number {
  return startedAtMs + months * monthMs
}

/** Returns the recordings of a folder, oldest first; none if there is no folder. */
export async function listRecords(folder: string): Promise<ListedRecord[]> {
  const ids = (await namesIn(folder)).map(recordedSession).filter((id) => id !== null)
  const records: ListedRecord[] = []
  for (const id of ids) {
    const record = await withRecord(folder, id, (file) => describe(id, file))
    if (record !== null) records.push(record)
  }
  return records.sort((one, other) => (one.head?.startedAtMs ?? 0) - (other.head?.startedAtMs ?? 0))
}

/** Opens a recording for reading while the work lasts; null: there is none, or the id is not valid. */
export async function withRecord<Result>(
  folder: string,
  ptySessionId: string,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result | null> {
  if (!isRecordId(ptySessionId)) return null
  let file: FileHandle
  try {
    file = await open(recordPath(folder, ptySessionId), 'r')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/**
 * Removes expired recordings; never a live one, nor one whose head cannot be read.
 *
 * @param now `nowMs`: Unix milliseconds; `isLive`: returns whether a PTY session still writes its recording.
 * @returns The removed ones, for the audit trail.
 */
export async function removeExpired(
  folder: string,
  now: { readonly nowMs: number; readonly isLive: (ptySessionId: string) => boolean },
): Promise<ListedRecord[]> {
  const removed: ListedRecord[] = []
  for (const record of await listRecords(folder)) {
    const { ptySessionId, head } = record
    if (head === null || head.ptySessionId !== ptySessionId || head.keepUntilMs > now.nowMs) continue
    if (now.isLive(ptySessionId)) continue
    await unlink(recordPath(folder, ptySessionId))
    removed.push(record)
  }
  if (removed.length > 0) await syncFolder(folder)
  return removed
}

async function describe(ptySessionId: string, file: FileHandle): Promise<ListedRecord> {
  const { size } = await file.stat()
  const end = await readFully(file, Math.max(0, size - sealBytes), sealBytes)
  return { ptySessionId, bytes: size, head: await headOf(file), isEnded: decodeSeal(end)?.isFinal === true }
}

async function headOf(file: FileHandle): Promise<RecordHead | null> {
  try {
    return await readHead(file)
  } catch (error) {
    if (error instanceof RecordDamage) return null
    throw error
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
