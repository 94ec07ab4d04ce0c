/** Terminals: the free room on the recordings' disk, compared with two floors. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../../core/ports.ts'

/** Free bytes below which something stops. */
export type DiskFloors = {
  /** Below this, no terminal opens. */
  readonly openBytes: number
  /** Below this, running terminals end. At most `openBytes`. */
  readonly endBytes: number
}

/** `low`: below the floor for opening; `out`: below the floor for running. */
export type DiskState = 'enough' | 'low' | 'out'

/** The ports of the check. */
export type DiskRoomParts = {
  readonly floors: DiskFloors
  readonly freeBytes: () => Promise<number>
  readonly log: Log
}

/** The room at the last check. */
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

  /** Free bytes. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Sets the listener for the lower floor; it runs at each check that finds too little room. */
  onOut(listener: () => void): void {
    this.#onOut = listener
  }

  /** Checks again, once for all concurrent callers. If it fails, the last result stays. */
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

/** Returns the free bytes for this user in a folder, or in its parent while it does not exist. */
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
