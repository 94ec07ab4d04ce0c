/** Core: writes the last use of a credential, at most once in ten minutes. */
import type { Ports } from '../wiring.ts'
import type { Credential } from './credential.ts'

/** SFTPGo writes the last use of an API key at most every ten minutes; we do so for every kind. */
const grainMs = 600_000

/**
 * Writes that a credential was used now, if the last write is old.
 *
 * @param accountId The account that it acts for; this is its last sign-in too.
 */
export async function touchCredential(
  ports: Pick<Ports, 'clock' | 'store'>,
  credential: Pick<Credential, 'id' | 'lastUsedAtMs'>,
  accountId: number | null = null,
): Promise<void> {
  const usedAtMs = ports.clock.wallMs()
  if (credential.lastUsedAtMs !== null && usedAtMs - credential.lastUsedAtMs < grainMs) return
  await ports.store.execute('touchCredential', {
    id: credential.id,
    usedAtMs,
    ...(accountId === null ? {} : { accountId }),
  })
}
