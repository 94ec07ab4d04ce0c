/** Main: what a server that starts says of its administrators. */
import { isStandingOwner } from '../core/administration/standing-owner.ts'
import { isRefusal } from '../core/errors.ts'
import type { Ports } from '../core/wiring.ts'

/**
 * Looks at the administrators of a store. At the first start of a version that knows authorities, the log says how many of
 * them are no owners: outside sftpgo such an administrator may do only what its list of permissions maps to.
 *
 * @returns whether an owner who can sign in is missing though an administrator was made.
 */
export async function isOwnerMissing({ store, clock, log }: Pick<Ports, 'store' | 'clock' | 'log'>): Promise<boolean> {
  const administrators = await store.administrators()
  const custom = administrators.filter(({ authority }) => authority?.role === 'custom').length
  if ((await isFirstTime({ store, clock })) && custom > 0) {
    log.warn(
      { administrators: custom },
      'administrators with a list of permissions may do outside sftpgo only what it maps to',
    )
  }
  return !administrators.some(isStandingOwner) && (await store.wasAdministratorMade())
}

/** A full disk keeps no server from starting: what could not be marked is told at the next start. */
async function isFirstTime({ store, clock }: Pick<Ports, 'store' | 'clock'>): Promise<boolean> {
  try {
    const { kind } = await store.execute('keepMark', { mark: 'authority-told', nowMs: clock.wallMs() })
    return kind === 'kept'
  } catch (cause) {
    if (isRefusal(cause, 'STORE_UNAVAILABLE')) return false
    throw cause
  }
}
