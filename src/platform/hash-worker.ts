/** Platform: the program of a thread in the hash pool. Every task costs exactly one argon2id. */
import { hashSync, verifySync } from '@node-rs/argon2'

/** Parameters of a new hash; argon2id version 19 is the library's default. Memory in KiB. */
export type HashParameters = { readonly memoryCost: number; readonly timeCost: number; readonly parallelism: number }

/** A password to hash, or to compare with a PHC string; if `phc` is none, `decoy` is used. */
export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly parameters: HashParameters }
  | { readonly kind: 'verify'; readonly password: string; readonly phc: string; readonly decoy: string }

/** Runs one task: returns the PHC string of a new hash, or whether the password is right. */
export function runHashTask(task: HashTask): string | boolean {
  if (task.kind === 'hash') return hashSync(task.password, task.parameters)
  try {
    return verifySync(task.phc, task.password)
  } catch {
    verifySync(task.decoy, task.password)
    return false
  }
}
