/** Core: counts refusals in memory, so that a flood of them does not write a flood of rows and lines. */
import type { RefusalCode } from '../errors.ts'
import type { AuditEvent } from './event.ts'

/** Most pairs of reason and address; further ones are counted under one address. */
const mostPairs = 1_000

/** The address of the pairs beyond the limit. */
const otherAddresses = 'others'

/** The counts: an event for each pair, and the number of each reason. */
export type CountedRefusals = {
  readonly events: readonly AuditEvent[]
  readonly times: Readonly<Partial<Record<RefusalCode, number>>>
}

/** Counts by reason and address until the counts are taken. */
export class RefusalCounters {
  #counts = new Map<string, Counted>()
  readonly #codes = new Set<RefusalCode>()

  /**
   * Counts one refusal. Returns whether it is the first of its code since the counts were taken.
   *
   * @param missing The missing permissions; they are part of the reason.
   */
  count(code: RefusalCode, ip: string, missing: readonly string[] = []): boolean {
    const pair = { code, ip, missing: missing.join(' ') }
    const isListed = this.#counts.size < mostPairs || this.#counts.has(keyOf(pair))
    const one = isListed ? pair : { code, ip: otherAddresses, missing: '' }
    const counted = this.#counts.get(keyOf(one))
    if (counted === undefined) this.#counts.set(keyOf(one), { ...one, times: 1 })
    else counted.times += 1
    const isFirst = !this.#codes.has(code)
    this.#codes.add(code)
    return isFirst
  }

  /** Returns one event per pair since the last call, and the sums of the codes; then starts again. */
  take(nowMs: number): CountedRefusals {
    const counts = this.#counts
    this.#counts = new Map()
    this.#codes.clear()
    const sums: Partial<Record<RefusalCode, number>> = {}
    for (const { code, times } of counts.values()) sums[code] = (sums[code] ?? 0) + times
    const events = [...counts.values()].map((counted) => toEvent(counted, nowMs))
    return { events, times: sums }
  }
}

/** `missing`: names with blanks between them; empty: no permissions are missing. */
type Counted = { readonly code: RefusalCode; readonly ip: string; readonly missing: string; times: number }

function keyOf({ code, ip, missing }: Omit<Counted, 'times'>): string {
  return [code, ip, missing].join(' ')
}

function toEvent({ code, ip, missing, times }: Counted, nowMs: number): AuditEvent {
  return {
    atMs: nowMs,
    by: 'server',
    accountId: null,
    username: null,
    ip,
    requestId: null,
    activity: null,
    commandLine: null,
    action: 'refused-in-bulk',
    outcome: 'refused',
    code,
    detail: missing === '' ? { times } : { times, missing },
  }
}
