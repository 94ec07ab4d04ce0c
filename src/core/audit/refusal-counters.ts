/** Core: counts refused tokens and throttled sign-ins in memory, so that a flood of them writes no flood of rows. */
import type { RefusalCode } from '../errors.ts'
import type { AuditEvent } from './event.ts'

/** Pairs of reason and address that are told apart; further ones are counted under one address. */
const mostPairs = 1_000

/** What stands for the addresses beyond the limit. */
const otherAddresses = 'others'

/** Counts by reason and address until they are taken. */
export class RefusalCounters {
  #counts = new Map<string, { code: RefusalCode; ip: string; times: number }>()

  /** Counts one refusal. */
  count(code: RefusalCode, ip: string): void {
    const address = this.#counts.size < mostPairs || this.#counts.has(`${code} ${ip}`) ? ip : otherAddresses
    const key = `${code} ${address}`
    const counted = this.#counts.get(key)
    if (counted === undefined) this.#counts.set(key, { code, ip: address, times: 1 })
    else counted.times += 1
  }

  /** Returns one event per pair counted since the last call, and starts anew. */
  take(nowMs: number): AuditEvent[] {
    const counts = this.#counts
    this.#counts = new Map()
    return [...counts.values()].map(({ code, ip, times }) => ({
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
    }))
  }
}
