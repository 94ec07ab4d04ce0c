/** Cli: reads the values of flags. A malformed value is a usage error that names the flag. Pure. */
import { UsageError } from './failure.ts'

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** Days of 24 hours, hours and minutes, in this order. */
const span = /^\+(?=\d)(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?$/

/** The forms of a time, for the help of flags. */
export const timeForms = 'RFC 3339 with offset, now, or a span such as +8h or +1d12h'

/** Unix milliseconds. */
export type TimeReference = {
  readonly nowMs: number
  /** Start of a span. */
  readonly fromMs: number
}

/**
 * Returns a time in Unix milliseconds. `now` and spans are whole seconds.
 *
 * @throws UsageError unless the text is `now`, a span, or an existing RFC 3339 time with an offset. Leap seconds are refused.
 */
export function readTime(flag: string, text: string, { nowMs, fromMs }: TimeReference): number {
  if (text === 'now') return wholeSecond(nowMs)
  const parts = span.exec(text)
  if (parts === null) return readMoment(flag, text)
  const [days = 0, hours = 0, minutes = 0] = parts.slice(1, 4).map((part) => Number(part ?? 0))
  return wholeSecond(fromMs) + ((days * 24 + hours) * 60 + minutes) * 60_000
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

function readMoment(flag: string, text: string): number {
  const match = rfc3339.exec(text)
  if (match === null) throw badTime(flag)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const offset = [Number(match[9] ?? 0), Number(match[10] ?? 0)] as const
  const local = new Date(0)
  local.setUTCFullYear(year, month - 1, day)
  const isDate = local.getUTCMonth() === month - 1 && local.getUTCDate() === day
  if (!isDate || hour > 23 || minute > 59 || second > 59 || offset[0] > 23 || offset[1] > 59) throw badTime(flag)
  local.setUTCHours(hour, minute, second, Math.floor(Number(match[7] ?? 0) * 1000))
  const offsetMs = (offset[0] * 60 + offset[1]) * 60_000
  return local.getTime() - (match[8] === '-' ? -offsetMs : offsetMs)
}

/** Returns a time in Unix seconds; null for `never`. A span starts now. @throws UsageError as {@link readTime} does. */
export function readExpiry(flag: string, text: string, nowMs: number): number | null {
  return text === 'never' ? null : Math.floor(readTime(flag, text, { nowMs, fromMs: nowMs }) / 1000)
}

/** Returns a whole number. @throws UsageError when the text is none, or out of range. */
export function readInteger(flag: string, text: string, range: { readonly from: number; readonly to: number }): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (number >= range.from && number <= range.to) return number
  throw new UsageError(`${flag} takes a whole number from ${range.from} to ${range.to}.`)
}

/** Returns one of the choices. @throws UsageError when the text is none of them. */
export function readChoice<Choice extends string>(flag: string, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  const first = choices.slice(0, -1).join(', ')
  throw new UsageError(`${flag} takes ${first} or ${choices.at(-1)}.`)
}

/** Returns the values of a repeated flag in their order, without duplicates. */
export function distinct(values: readonly string[] | undefined): readonly string[] {
  return [...new Set(values ?? [])]
}

/** Returns names of groups without duplicates. @throws UsageError for a name that no group may have. */
export function readGroups(flag: string, values: readonly string[] | undefined): readonly string[] {
  const groups = distinct(values)
  if (groups.every((group) => /^[A-Za-z0-9._-]{1,64}$/.test(group))) return groups
  throw new UsageError(`${flag} takes 1 to 64 letters, digits, dots, hyphens or underscores.`)
}

/** Collects the values of a repeated flag. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** Returns Unix milliseconds as RFC 3339 in UTC, without a fraction; null stays null. */
export function timeText(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
}

function badTime(flag: string): UsageError {
  return new UsageError(
    `${flag} takes a time with its offset, such as 2026-01-31T18:00:00+01:00 (RFC 3339), now, or a span such as +8h.`,
  )
}
