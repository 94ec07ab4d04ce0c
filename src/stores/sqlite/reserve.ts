/** SQLite store: room that is kept for ends; a file of random bytes beside the database, given up piece by piece on a full disk. */
import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, ftruncateSync, openSync, statfsSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** 16 MiB: hundreds of ends, each committed by itself, before the log of the database is used anew. */
export const usualReserveBytes: number = 16 * 1024 * 1024

/** What is given up at once, and written at once: 1 MiB. */
const pieceBytes = 1024 * 1024

/** What of a piece the log is not made longer by: 64 KiB, for its index and for the database. */
const looseBytes = 64 * 1024

/** What is left for all others where the reserve is filled: as long as the log grows before it is copied. */
const marginBytes = 4 * 1024 * 1024

/** The room of one store. */
export type Reserve = {
  /** Tells whether it is whole; where a part is missing and there is room again, it is filled first. */
  readonly isWhole: () => boolean
  /** Gives a piece of it to whatever writes next. Returns whether there was one. */
  readonly giveUp: () => boolean
}

/**
 * Keeps the reserve in a file (0600) that every process on the store sees; a reserve of 0 bytes is always whole.
 *
 * @param log The write-ahead log of the store: it grows by what is given up, before whoever else fills the disk can take it.
 * What lies behind its last commit is rubbish to SQLite, and is written over (SQLite, "WAL-mode File Format", 4.4).
 */
export function fileReserve(path: string, bytes: number, log: string | null = null): Reserve {
  return {
    isWhole: () => sizeOf(path) >= bytes || did(() => fill(path, bytes)),
    giveUp: () => bytes > 0 && did(() => cut(path, log)),
  }
}

/** Runs what may find no room, and again for every piece of the reserve that is given up for it. */
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

/** A file that cannot be had is no room, and takes nobody down. */
function did(work: () => boolean): boolean {
  try {
    return work()
  } catch {
    return false
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The bytes are random, so that no file system keeps them in less room. They need no sync: what a crash took is filled again. */
function fill(path: string, bytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(path))
  const had = sizeOf(path)
  if (bavail * bsize < bytes - had + marginBytes) return false
  const descriptor = openSync(path, 'a', 0o600)
  try {
    for (let size = had; size < bytes; ) {
      size += writeSync(descriptor, randomFillSync(Buffer.allocUnsafe(Math.min(pieceBytes, bytes - size))))
    }
    return true
  } catch (error) {
    // Somebody else was faster: what was written goes back, so that it is not this file that fills the disk.
    ftruncateSync(descriptor, had)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** Some file systems hand freed room out only after a commit of their own, hence the sync and the second try. */
function cut(path: string, log: string | null): boolean {
  const size = sizeOf(path)
  if (size === 0) return false
  const left = Math.max(0, size - pieceBytes)
  using opened = new DisposableStack()
  const descriptor = opened.adopt(openSync(path, 'r+'), closeSync)
  const logDescriptor = log === null ? null : opened.adopt(openSync(log, 'a', 0o600), closeSync)
  const rubbish = randomFillSync(Buffer.allocUnsafe(Math.max(0, size - left - looseBytes)))
  ftruncateSync(descriptor, left)
  const taken = logDescriptor === null ? 0 : append(logDescriptor, rubbish)
  fsyncSync(descriptor)
  if (logDescriptor !== null) append(logDescriptor, rubbish.subarray(taken))
  return true
}

/** Writes as much as there is room for, and returns how much that was. */
function append(descriptor: number, bytes: Uint8Array): number {
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written)
  } catch {
    // What did not fit was taken by others.
  }
  return written
}
