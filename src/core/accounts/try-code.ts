/** Core: checks a one-time code of a secret. A right code is used everywhere at once. */
import type { Ports } from '../wiring.ts'

/** Returns a code for comparison: authenticator apps show blanks between the digits, and users type them. */
export function withoutBlanks(code: string): string {
  return code.replace(/\s/g, '')
}

/** The result; `used`: right, but accepted before. */
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
