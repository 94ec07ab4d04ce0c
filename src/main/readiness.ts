/** Main: the reasons why this node is not fully ready. */
import type { ReadinessReason } from '../http/readiness.ts'
import type { SqliteStore } from '../stores/sqlite/open-store.ts'
import type { DiskRoom } from '../terminals/recording/disk-room.ts'

/** 1 MiB: with less free space a write may fail. */
const fullBytes = 1024 * 1024

/** Checks the disk and returns the reasons; none if the node is ready. */
export async function readinessReasons(
  store: Pick<SqliteStore, 'hasRoom'>,
  disk: Pick<DiskRoom, 'look' | 'state' | 'freeBytes'>,
): Promise<readonly ReadinessReason[]> {
  await disk.look()
  if (!store.hasRoom() || disk.freeBytes < fullBytes) {
    const sentence = 'The disk is full; sign-outs and other ends are taken, and nothing else.'
    return [{ part: 'disk', code: 'disk-full', sentence, isBlocking: true }]
  }
  if (disk.state === 'enough') return []
  const sentence = 'The disk has too little room left; no terminal is opened.'
  return [{ part: 'disk', code: 'disk-low', sentence, isBlocking: false }]
}
