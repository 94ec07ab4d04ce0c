/** Core: the life of signing keys. Pure: the keys and the time are parameters. */
import type { StoredKey } from './commands.ts'

const hourMs = 3_600_000

/**
 * Added to the longest life of a token before its key is deleted: clocks of nodes differ, and the digest of a revoked
 * token is kept a minute beyond its end.
 */
const slackMs = 5 * 60_000

/** How keys of one name rotate. All in milliseconds. */
export type RotationRules = {
  /** How long a key signs. */
  readonly periodMs: number
  /** How long a key is published before it signs, so that caches have it. */
  readonly publishAheadMs: number
  /** Longest life of a token that these keys sign. */
  readonly longestTokenMs: number
}

/** A new key every 30 days, published one hour ahead; our choice. */
export const defaultRotation: Pick<RotationRules, 'periodMs' | 'publishAheadMs'> = {
  periodMs: 30 * 24 * hourMs,
  publishAheadMs: hourMs,
}

/** What to do with the keys of one name. */
export type RotationPlan = {
  /** The key that signs now; null: none. */
  readonly activeKey: StoredKey | null
  /** Keys whose tokens may be in use, now or soon, oldest first. */
  readonly toPublish: readonly StoredKey[]
  /** The generation to add now, and from when it signs; null: none. */
  readonly addNext: { readonly generation: number; readonly activeFromMs: number } | null
  /** Generations before this one signed no token that is still live; null: there is none to delete. */
  readonly retireBefore: number | null
}

/**
 * Plans the keys of one name at `nowMs`.
 *
 * The first key signs at once. Its successor is added a publishing time before the period ends, and signs a publishing
 * time after it was added at the earliest. A key is deleted when every token that it can have signed has expired.
 *
 * @param keys Keys of one name, in any order.
 * @param rules null: the key never changes by itself, as for HMAC secrets.
 * @see OpenID Connect Core 1.0 section 10.1.1 for the rotation; the times are our choice.
 */
export function planRotation(keys: readonly StoredKey[], rules: RotationRules | null, nowMs: number): RotationPlan {
  const sorted = [...keys].sort((one, other) => one.generation - other.generation)
  const activeKey = activeKeyAt(sorted, nowMs)
  const retireBefore = rules === null ? null : retiredBefore(sorted, rules, nowMs)
  return {
    activeKey,
    toPublish: sorted.filter(({ generation }) => retireBefore === null || generation >= retireBefore),
    addNext: nextKey(sorted, rules, nowMs),
    retireBefore,
  }
}

/**
 * Returns the key that signs at `nowMs`: the latest generation whose time has come; null: there is no key.
 *
 * If no time has come, because the clock was set back, the first generation signs.
 */
export function activeKeyAt<Key extends { readonly generation: number; readonly activeFromMs: number }>(
  keys: readonly Key[],
  nowMs: number,
): Key | null {
  let active: Key | null = null
  let first: Key | null = null
  for (const key of keys) {
    if (key.activeFromMs <= nowMs && (active === null || key.generation > active.generation)) active = key
    if (first === null || key.generation < first.generation) first = key
  }
  return active ?? first
}

function nextKey(sorted: readonly StoredKey[], rules: RotationRules | null, nowMs: number): RotationPlan['addNext'] {
  const newest = sorted.at(-1)
  if (newest === undefined) return { generation: 1, activeFromMs: nowMs }
  if (rules === null || nowMs < newest.activeFromMs + rules.periodMs - rules.publishAheadMs) return null
  return { generation: newest.generation + 1, activeFromMs: nowMs + rules.publishAheadMs }
}

// A key signs until its successor does; its last token ends one token life later.
function retiredBefore(sorted: readonly StoredKey[], rules: RotationRules, nowMs: number): number | null {
  const successor = sorted.findLast(
    ({ activeFromMs }, index) => index > 0 && nowMs >= activeFromMs + rules.longestTokenMs + slackMs,
  )
  return successor?.generation ?? null
}
