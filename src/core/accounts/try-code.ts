/** Core: tries a one-time code of a secret that is shown, not stored; a right one is used up wherever codes are asked for. */
import type { Ports } from '../wiring.ts'

/** Returns a code as it is compared: people type the blanks that their program shows between its digits. */
export function withoutBlanks(code: string): string {
  return code.replace(/\s/g, '')
}

/** What became of a code: `used` is right, and was accepted before. */
export type CodeOutcome = 'accepted' | 'wrong' | 'used'

/** Accepts a code of a secret once. */
export async function tryCode(
  ports: Pick<Ports, 'clock' | 'codes' | 'digests' | 'store'>,
  secret: Uint8Array,
  code: string,
): Promise<CodeOutcome> {
  const nowMs = ports.clock.wallMs()
  const step = ports.codes.matchingStep(secret, withoutBlanks(code), nowMs)
  if (step === null) return 'wrong'
  const used = { secretDigest: ports.digests.sha256(secret), step }
  const result = await ports.store.execute('useCode', { code: used, nowMs })
  return result.kind === 'used' ? 'accepted' : 'used'
}
