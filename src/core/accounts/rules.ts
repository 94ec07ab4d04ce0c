/** Core: account rules: networks, times, dialects and login methods that are allowed, and actions that are due first. */

import { type Network, networkHas, parseNetwork } from '../addresses.ts'
import type { Dialect } from '../dialects.ts'

/** One access time of the week; UTC, both ends included to the minute. */
export type AccessTime = {
  /** 0 is Sunday. */
  readonly dayOfWeek: number
  /** `HH:MM`. */
  readonly from: string
  /** `HH:MM`. */
  readonly to: string
}

/** Rules as they are stored: a JSON object; an absent member sets no rule. Networks are CIDRs or bare addresses. */
export type KeptRules = {
  /** If it is not empty, only these networks are allowed. */
  readonly allowedNetworks?: readonly string[]
  /** These networks are denied, unless the address is in one of `allowedNetworks`. */
  readonly deniedNetworks?: readonly string[]
  readonly deniedDoors?: readonly Dialect[]
  /** The account's own password is not accepted. */
  readonly deniesPassword?: boolean
  readonly accessTimes?: readonly AccessTime[]
  /** The account needs a second factor. */
  readonly needsSecondFactor?: boolean
  /** The account must set a new password first. */
  readonly passwordChangeDue?: boolean
  /** Days after which a password is too old; undefined: never. */
  readonly passwordMaxAgeDays?: number
}

/** Parsed rules. */
export type AccountRules = {
  /** As they are stored; null: there are none. */
  readonly text: string | null
  readonly allowedNetworks: readonly Network[]
  readonly deniedNetworks: readonly Network[]
  readonly deniedDoors: readonly Dialect[]
  readonly deniesPassword: boolean
  readonly accessTimes: readonly AccessTime[]
  readonly needsSecondFactor: boolean
  readonly passwordChangeDue: boolean
  /** 0: never too old. */
  readonly passwordMaxAgeDays: number
}

/** The rules of an account without any. One object, so that verification compares a reference. */
export const noRules: AccountRules = {
  text: null,
  allowedNetworks: [],
  deniedNetworks: [],
  deniedDoors: [],
  deniesPassword: false,
  accessTimes: [],
  needsSecondFactor: false,
  passwordChangeDue: false,
  passwordMaxAgeDays: 0,
}

/** Most texts whose parsed rules are remembered. Accounts share texts, and each is parsed once. */
const mostRemembered = 4_096

const remembered = new Map<string, AccountRules>()

/** Returns the rules of a stored text; null is none. A malformed network matches no address. */
export function parseRules(text: string | null): AccountRules {
  if (text === null) return noRules
  const known = remembered.get(text)
  if (known !== undefined) return known
  const rules = compile(text)
  if (remembered.size >= mostRemembered) remembered.clear()
  remembered.set(text, rules)
  return rules
}

/** Returns the text to store for rules; null if they set nothing. */
export function writeRules(rules: KeptRules): string | null {
  const said = Object.entries(rules).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== 0,
  )
  return said.length === 0 ? null : JSON.stringify(Object.fromEntries(said))
}

function compile(text: string): AccountRules {
  const kept = JSON.parse(text) as KeptRules
  return {
    text,
    allowedNetworks: (kept.allowedNetworks ?? []).map(parseNetwork),
    deniedNetworks: (kept.deniedNetworks ?? []).map(parseNetwork),
    deniedDoors: kept.deniedDoors ?? [],
    deniesPassword: kept.deniesPassword ?? false,
    accessTimes: kept.accessTimes ?? [],
    needsSecondFactor: kept.needsSecondFactor ?? false,
    passwordChangeDue: kept.passwordChangeDue ?? false,
    passwordMaxAgeDays: kept.passwordMaxAgeDays ?? 0,
  }
}

/** How an account uses a dialect. */
export type RuleContext = {
  readonly door: Dialect
  /** Canonical; null: not known, which no network rule allows. */
  readonly ip: string | null
  /** By the account's own password, now or when its session signed in. */
  readonly isByPassword: boolean
  /** Unix milliseconds. */
  readonly nowMs: number
}

/** A rule that refuses an account. */
export type BrokenRule = 'door' | 'password' | 'network' | 'access-time'

/** Returns the first rule that refuses, or null; `noRules` costs nothing. */
export function brokenRule(rules: AccountRules, { door, ip, isByPassword, nowMs }: RuleContext): BrokenRule | null {
  if (rules === noRules) return null
  if (rules.deniedDoors.includes(door)) return 'door'
  if (isByPassword && rules.deniesPassword) return 'password'
  if (!admitsAddress(rules, ip)) return 'network'
  return isWithinAccessTimes(rules.accessTimes, nowMs) ? null : 'access-time'
}

/** Returns whether the network rules allow an address. An unknown one is allowed only without network rules. */
export function admitsAddress({ allowedNetworks, deniedNetworks }: AccountRules, ip: string | null): boolean {
  if (allowedNetworks.length === 0 && deniedNetworks.length === 0) return true
  if (ip === null) return false
  if (allowedNetworks.length > 0) return allowedNetworks.some((network) => networkHas(network, ip))
  return !deniedNetworks.some((network) => networkHas(network, ip))
}

/** Returns whether an account may be used at `nowMs` (Unix milliseconds). */
export function isWithinAccessTimes(accessTimes: readonly AccessTime[], nowMs: number): boolean {
  return accessTimes.length === 0 || endOfWindowAt(accessTimes, nowMs) !== null
}

const minuteMs = 60_000
const dayMs = 86_400_000

/** Access times that follow one another without a gap, at most a week of days, and the first one again. */
const mostWindows = 8

/**
 * Returns when the access time at `nowMs` ends; access times without a gap are one.
 *
 * @param nowMs Unix milliseconds.
 * @returns Unix seconds; null: it does not end, or has ended.
 */
export function accessEndsAt({ accessTimes }: Pick<AccountRules, 'accessTimes'>, nowMs: number): number | null {
  let endMs = endOfWindowAt(accessTimes, nowMs)
  for (let windows = 0; endMs !== null && windows < mostWindows; windows += 1) {
    const nextMs = endOfWindowAt(accessTimes, endMs)
    if (nextMs === null) return endMs / 1000
    endMs = nextMs
  }
  return null
}

function endOfWindowAt(accessTimes: readonly AccessTime[], nowMs: number): number | null {
  const now = new Date(nowMs)
  const time = now.toISOString().slice(11, 16)
  const ends = accessTimes
    .filter(({ dayOfWeek, from, to }) => dayOfWeek === now.getUTCDay() && from <= time && time <= to)
    .map(({ to }) => nowMs - (nowMs % dayMs) + minutesOf(to) * minuteMs + minuteMs)
  return ends.length === 0 ? null : Math.max(...ends)
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

/** Returns the rules after the account set a new password. */
export function afterPasswordChange(rules: AccountRules): AccountRules {
  if (rules.text === null || !rules.passwordChangeDue) return rules
  return parseRules(writeRules({ ...(JSON.parse(rules.text) as KeptRules), passwordChangeDue: false }))
}
