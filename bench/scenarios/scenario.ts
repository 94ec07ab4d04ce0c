/** Bench: the parameters and the store of a scenario. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoadProcess } from '../measure/processes.ts'
import type { Rounds } from '../measure/rounds.ts'
import type { Result } from '../report/result.ts'
import { seedStore } from '../seed/seed-store.ts'

/** How long and how often a scenario measures. */
export type Effort = Rounds & { readonly isQuick: boolean; readonly roundMs: number }

/** A scenario. It opens and closes its own servers and stores. */
export type Scenario = (load: LoadProcess, effort: Effort) => Promise<Result>

/** Runs `use` with the folder of a seeded store, and removes the folder. */
export async function withStore<Value>(
  seed: { readonly accounts: number; readonly sessions: number },
  use: (dataDir: string) => Promise<Value>,
  fill: typeof seedStore = seedStore,
): Promise<Value> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  try {
    await fill({ dataDir, ...seed })
    return await use(dataDir)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
