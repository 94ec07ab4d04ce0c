/** Main: checks the administrators at the start of a server. */
import { isStandingOwner } from '../core/administration/standing-owner.ts'
import { isRefusal } from '../core/errors.ts'
import type { Ports } from '../core/wiring.ts'

/**
 * Checks the administrators of a store. At the first start with authorities, logs the number of administrators with a list
 * of permissions: outside sftpgo they have only the permissions that the list maps to.
 *
 * @returns whether no owner can sign in, although an administrator was created.
 */
export async function isOwnerMissing({ store, clock, log }: Pick<Ports, 'store' | 'clock' | 'log'>): Promise<boolean> {
  const administrators = await store.administrators()
  const custom = administrators.filter(({ authority }) => authority?.role === 'custom').length
  if ((await isFirstTime({ store, clock })) && custom > 0) {
    log.warn(
      { administrators: custom },
      'outside sftpgo, administrators with a list of permissions have only the permissions that it maps to',
    )
  }
  return !administrators.some(isStandingOwner) && (await store.wasAdministratorMade())
}

/** A full disk does not stop the start: without the mark, the next start logs again. */
async function isFirstTime({ store, clock }: Pick<Ports, 'store' | 'clock'>): Promise<boolean> {
  try {
    const { kind } = await store.execute('keepMark', { mark: 'authority-told', nowMs: clock.wallMs() })
    return kind === 'kept'
  } catch (cause) {
    if (isRefusal(cause, 'STORE_UNAVAILABLE')) return false
    throw cause
  }
}
