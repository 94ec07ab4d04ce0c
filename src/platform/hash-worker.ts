/** Platform: runs in a thread of the hash pool. One task spends exactly one argon2id, whatever it finds. */
import { hashSync, verifySync } from '@node-rs/argon2'

/** What a new password is hashed with; argon2id version 19 is the library's default. Memory in KiB. */
export type HashParameters = { readonly memoryCost: number; readonly timeCost: number; readonly parallelism: number }

/** A password to be hashed, or to be held against a PHC string; `decoy` is hashed against where `phc` is none. */
export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly parameters: HashParameters }
  | { readonly kind: 'verify'; readonly password: string; readonly phc: string; readonly decoy: string }

/** Does one task: returns the PHC string of a new hash, or whether the password is right. */
export function runHashTask(task: HashTask): string | boolean {
  if (task.kind === 'hash') return hashSync(task.password, task.parameters)
  try {
    return verifySync(task.phc, task.password)
  } catch {
    verifySync(task.decoy, task.password)
    return false
  }
}
