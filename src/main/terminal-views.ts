/** Main: the terminals for HTTP: recordings as asciicast, and running terminals to follow. */
import { open, stat } from 'node:fs/promises'
import type { ByteRange, CastVersion, RecordingExport, Terminals as TerminalViews } from '../http/context.ts'
import { exportAsciicast } from '../terminals/recording/asciicast.ts'
import { recordPath } from '../terminals/recording/record-path.ts'
import type { Terminals } from './terminals.ts'

/** Most cached sizes of exports. Players request many ranges of one export. */
const cachedSizes = 64

/** Returns the terminals of this node for HTTP. */
export function terminalViews({ gateway, folder }: Terminals): TerminalViews {
  const sizes = new Map<string, number>()
  const exportRecording = async (id: string, version: CastVersion): Promise<RecordingExport | null> => {
    const path = recordPath(folder, id)
    const length = await lengthOf(path)
    if (length === null) return null
    const isLive = gateway.find(id) !== undefined
    const key = `${id} ${length} ${version}`
    const all = (): AsyncIterable<Uint8Array> => whole(path, { length, version })
    return {
      isLive,
      size: async () => {
        const size = sizes.get(key) ?? (await sizeOf(all()))
        if (!isLive) cache(sizes, key, size)
        return size
      },
      read: (range) => (range === null ? all() : slice(all(), range)),
    }
  }
  return {
    exportRecording,
    follow: (id, follower, signal) => gateway.follow(id, follower, signal),
    hasRecording: async (id) => (await lengthOf(recordPath(folder, id))) !== null,
  }
}

async function* whole(
  path: string,
  range: { readonly length: number; readonly version: CastVersion },
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r')
  try {
    yield* exportAsciicast(file, range)
  } finally {
    await file.close()
  }
}

async function* slice(source: AsyncIterable<Uint8Array>, { from, to }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const bytes of source) {
    const piece = bytes.subarray(Math.max(0, from - at), Math.max(0, to + 1 - at))
    at += bytes.length
    if (piece.length > 0) yield piece
    if (at > to) return
  }
}

async function sizeOf(source: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const bytes of source) size += bytes.length
  return size
}

function cache(sizes: Map<string, number>, key: string, size: number): void {
  sizes.set(key, size)
  const [oldest] = sizes.keys()
  if (sizes.size > cachedSizes && oldest !== undefined) sizes.delete(oldest)
}

async function lengthOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
