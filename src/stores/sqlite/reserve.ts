/** SQLite store: the reserve: room on the disk for ends. A file of random bytes beside the database, given up piece by piece on a full disk. */
import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, ftruncateSync, openSync, statfsSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** 16 MiB: hundreds of ends, each committed by itself, before the log of the database starts again. */
export const usualReserveBytes: number = 16 * 1024 * 1024

/** The size of a piece: 1 MiB. */
const pieceBytes = 1024 * 1024

/** The part of a piece that does not extend the log: 64 KiB, for its index and for the database. */
const looseBytes = 64 * 1024

/** What stays free for others when the reserve is filled: as much as the log grows before it is copied. */
const marginBytes = 4 * 1024 * 1024

/** The reserve of one store. */
export type Reserve = {
  /** Returns whether it is whole. If a part is missing and there is room again, it is filled first. */
  readonly isWhole: () => boolean
  /** Gives up a piece for the next write. Returns whether there was one. */
  readonly giveUp: () => boolean
}

/**
 * Keeps the reserve in a file (0600) for all processes on the store; a reserve of 0 bytes is always whole.
 *
 * @param log The write-ahead log of the store. It grows by the given-up piece at once, before another process can take
 * the room. SQLite ignores and overwrites bytes behind the last commit (SQLite, "WAL-mode File Format", 4.4).
 */
export function fileReserve(path: string, bytes: number, log: string | null = null): Reserve {
  return {
    isWhole: () => sizeOf(path) >= bytes || succeeds(() => fill(path, bytes)),
    giveUp: () => bytes > 0 && succeeds(() => cut(path, log)),
  }
}

/** Runs something that may find no room, again for every piece of the reserve that it gives up. */
export function withReserve<Result>(
  { giveUp }: Reserve,
  isFull: (error: unknown) => boolean,
  work: () => Result,
): Result {
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isFull(error) || !giveUp()) throw error
    }
  }
}

/** If the file cannot be used, there is no reserve; nothing else fails. */
function succeeds(work: () => boolean): boolean {
  try {
    return work()
  } catch {
    return false
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The bytes are random, so that no file system compresses them. They need no sync: what a crash loses is filled again. */
function fill(path: string, bytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(path))
  const sizeBefore = sizeOf(path)
  if (bavail * bsize < bytes - sizeBefore + marginBytes) return false
  const descriptor = openSync(path, 'a', 0o600)
  try {
    for (let size = sizeBefore; size < bytes; ) {
      size += writeSync(descriptor, randomFillSync(Buffer.allocUnsafe(Math.min(pieceBytes, bytes - size))))
    }
    return true
  } catch (error) {
    // Another process was faster: the written bytes are removed, so that this file does not fill the disk.
    ftruncateSync(descriptor, sizeBefore)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Some file systems free room only after a commit of their own, hence the sync and the second try. */
function cut(path: string, log: string | null): boolean {
  const size = sizeOf(path)
  if (size === 0) return false
  const left = Math.max(0, size - pieceBytes)
  using opened = new DisposableStack()
  const descriptor = opened.adopt(openSync(path, 'r+'), closeSync)
  const logDescriptor = log === null ? null : opened.adopt(openSync(log, 'a', 0o600), closeSync)
  const filler = randomFillSync(Buffer.allocUnsafe(Math.max(0, size - left - looseBytes)))
  ftruncateSync(descriptor, left)
  const taken = logDescriptor === null ? 0 : append(logDescriptor, filler)
  fsyncSync(descriptor)
  if (logDescriptor !== null) append(logDescriptor, filler.subarray(taken))
  return true
}

/** Writes as much as fits, and returns how much. */
function append(descriptor: number, bytes: Uint8Array): number {
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written)
  } catch {
    // Others took the rest of the room.
  }
  return written
}
