/** Platform: random values from the system's generator only. */
import { randomFillSync, randomUUID } from 'node:crypto'
import type { Random } from '../core/ports.ts'

/** Returns the system's generator; no two values share memory. */
export function systemRandom(): Random {
  return { bytes: (length) => randomFillSync(new Uint8Array(length)), uuid: () => randomUUID() }
}
