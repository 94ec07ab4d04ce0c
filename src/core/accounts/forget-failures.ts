/** Core: shows and forgets the failed sign-ins of one address. Only keyed digests of addresses are stored, so they cannot be listed. */

import { addressKey } from '../addresses.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { Account } from './account.ts'
import { isForgotten, type ThrottleKey, waitMs } from './throttle.ts'

/** Returns the digest under which failures of an address are counted. */
export function addressThrottleDigest({ digests }: Pick<Ports, 'digests'>, ip: string): Uint8Array {
  return digests.keyed('throttle address', addressKey(ip))
}

function keyOf(ports: Pick<Ports, 'digests' | 'settings'>, ip: string): ThrottleKey | null {
  const rule = ports.settings.throttle?.address
  return rule === undefined ? null : { digest: addressThrottleDigest(ports, ip), rule }
}

/** The failures of an address, and for how many more milliseconds they block it; 0: it is not blocked. */
export type AddressFailures = { readonly failures: number; readonly waitMs: number }

/** Returns the failures of an address, or null if none count. */
export async function failuresOf(
  ports: Pick<Ports, 'digests' | 'settings' | 'store' | 'throttleTime'>,
  ip: string,
): Promise<AddressFailures | null> {
  const key = keyOf(ports, ip)
  if (key === null) return null
  const [state] = await ports.store.throttle([key])
  const nowMs = ports.throttleTime.nowMs()
  if (state === undefined || isForgotten(state, key.rule, nowMs)) return null
  return { failures: state.failures, waitMs: waitMs(state, key.rule, nowMs) }
}

/**
 * Forgets the failures of an address, which may then try again at once.
 *
 * @throws ADDRESS_NOT_FOUND if there are none.
 */
export async function forgetAddress(
  ports: Pick<Ports, 'clock' | 'digests' | 'settings' | 'store' | 'throttleTime'>,
  ip: string,
  how: { readonly by: Pick<Account, 'id' | 'username'>; readonly request: RequestFacts },
): Promise<void> {
  const key = keyOf(ports, ip)
  if (key === null || (await failuresOf(ports, ip)) === null) throw new Refusal('ADDRESS_NOT_FOUND')
  const atMs = ports.clock.wallMs()
  const audit = auditEvent(how.request, { account: how.by, atMs }, { action: 'throttle', subject: `address:${ip}` })
  const { kind } = await ports.store.execute('forgetFailures', { keys: [key.digest], audit })
  if (kind === 'missing') throw new Refusal('ADDRESS_NOT_FOUND')
}
