/** Terminals: the room that is left on the disk of the recordings, held against two floors. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../../core/ports.ts'

/** Free bytes below which something stops. */
export type DiskFloors = {
  /** No terminal opens. */
  readonly openBytes: number
  /** Running terminals end. At most `openBytes`. */
  readonly endBytes: number
}

/** What was found: `low` below the floor for opening, `out` below that for running. */
export type DiskState = 'enough' | 'low' | 'out'

/** What the room is read with. */
export type DiskRoomParts = {
  readonly floors: DiskFloors
  readonly freeBytes: () => Promise<number>
  readonly log: Log
}

/** The room as it was at the last look. */
export class DiskRoom {
  readonly #parts: DiskRoomParts
  #freeBytes = Number.POSITIVE_INFINITY
  #looking: Promise<DiskState> | null = null
  #onOut: () => void = () => undefined

  constructor(parts: DiskRoomParts) {
    this.#parts = parts
  }

  get state(): DiskState {
    const { openBytes, endBytes } = this.#parts.floors
    if (this.#freeBytes < endBytes) return 'out'
    return this.#freeBytes < openBytes ? 'low' : 'enough'
  }

  /** Bytes that were free. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Sets who is told, at each look that finds it, that running terminals have to end. */
  onOut(listener: () => void): void {
    this.#onOut = listener
  }

  /** Looks anew, once for all who ask meanwhile. What cannot be read stays as it was. */
  look(): Promise<DiskState> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #look(): Promise<DiskState> {
    const { freeBytes, log } = this.#parts
    const before = this.state
    try {
      this.#freeBytes = await freeBytes()
    } catch (cause) {
      log.warn({ err: cause }, 'the room on the disk of the recordings could not be read')
    }
    if (this.state !== before) {
      const facts = { state: this.state, freeBytes: this.#freeBytes }
      if (this.state === 'enough') log.info(facts, 'the disk of the recordings has room again')
      else log.warn(facts, 'the disk of the recordings has little room left')
    }
    if (this.state === 'out') this.#onOut()
    return this.state
  }
}

/** Returns the bytes that this user may still write in a folder, or above it while it is not there. */
export async function freeBytesIn(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isMissing && dirname(folder) !== folder) return freeBytesIn(dirname(folder))
    throw error
  }
}
