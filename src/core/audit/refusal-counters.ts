/** Core: counts refusals that come in floods in memory, so that a flood of them writes no flood of rows and lines. */
import type { RefusalCode } from '../errors.ts'
import type { AuditEvent } from './event.ts'

/** Pairs of reason and address that are told apart; further ones are counted under one address. */
const mostPairs = 1_000

/** What stands for the addresses beyond the limit. */
const otherAddresses = 'others'

/** What was counted: an event per pair of reason and address, and how often each reason was given. */
export type CountedRefusals = {
  readonly events: readonly AuditEvent[]
  readonly times: Readonly<Partial<Record<RefusalCode, number>>>
}

/** Counts by reason and address until they are taken. */
export class RefusalCounters {
  #counts = new Map<string, { code: RefusalCode; ip: string; times: number }>()
  readonly #codes = new Set<RefusalCode>()

  /** Counts one refusal. Returns whether it is the first of its code since the counts were taken. */
  count(code: RefusalCode, ip: string): boolean {
    const address = this.#counts.size < mostPairs || this.#counts.has(`${code} ${ip}`) ? ip : otherAddresses
    const key = `${code} ${address}`
    const counted = this.#counts.get(key)
    if (counted === undefined) this.#counts.set(key, { code, ip: address, times: 1 })
    else counted.times += 1
    const isFirst = !this.#codes.has(code)
    this.#codes.add(code)
    return isFirst
  }

  /** Returns one event per pair counted since the last call, with the sums of the codes, and starts anew. */
  take(nowMs: number): CountedRefusals {
    const counts = this.#counts
    this.#counts = new Map()
    this.#codes.clear()
    const sums: Partial<Record<RefusalCode, number>> = {}
    for (const { code, times } of counts.values()) sums[code] = (sums[code] ?? 0) + times
    const events = [...counts.values()].map(({ code, ip, times }) => toEvent({ code, ip, times, nowMs }))
    return { events, times: sums }
  }
}

type Counted = { readonly code: RefusalCode; readonly ip: string; readonly times: number; readonly nowMs: number }

function toEvent({ code, ip, times, nowMs }: Counted): AuditEvent {
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
    detail: { times },
  }
}
