/** Core: enrols and removes the second factor (RFC 6238). A change of it ends every other session of the account. */
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { Account } from './account.ts'
import { provePassword } from './change-password.ts'
import { newRecoveryCodes } from './recovery-codes.ts'
import { withoutBlanks } from './try-code.ts'

/** A secret that waits for its first code. */
export type Enrolment = {
  /** Base32 without padding. */
  readonly secret: string
  /** `otpauth:` address for authenticator apps. */
  readonly uri: string
}

/** A request of an account about its own second factor. */
export type SecondFactorRequest = {
  readonly account: Account
  readonly sessionRow: number
  readonly request: RequestFacts
}

/** The issuer that authenticator apps show. */
const issuer = 'Sallyport'

/**
 * Creates a secret that becomes the second factor when a code of it is confirmed.
 *
 * @throws PASSWORD_CURRENT_WRONG if the password is not right.
 * @throws SECOND_FACTOR_EXISTS if the account has one already.
 */
export async function beginSecondFactor(
  ports: Ports,
  { account, request }: SecondFactorRequest,
  password: string,
): Promise<Enrolment> {
  await provePassword(ports, account, { password, request })
  const secret = ports.codes.newSecret()
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('beginSecondFactor', {
    accountId: account.id,
    sealedSecret: ports.sealer.seal('totp', secret),
    nowMs,
    audit: event(account, request, { nowMs, step: 'begun' }),
  })
  if (result.kind === 'exists') throw new Refusal('SECOND_FACTOR_EXISTS')
  if (result.kind === 'missing') throw new Refusal('ACCOUNT_NOT_FOUND')
  return { secret: ports.codes.toBase32(secret), uri: ports.codes.uri(secret, issuer, account.username) }
}

/**
 * Makes the waiting secret the second factor by its first code.
 *
 * @throws SECOND_FACTOR_NOT_PENDING if none waits.
 * @throws SECOND_FACTOR_CODE_WRONG if the code is not right or was used.
 */
export async function confirmSecondFactor(
  ports: Ports,
  { account, sessionRow, request }: SecondFactorRequest,
  code: string,
): Promise<void> {
  const current = await ports.store.accountById(account.id)
  const pending = current?.totpPendingSealed ?? null
  if (pending === null) throw new Refusal('SECOND_FACTOR_NOT_PENDING')
  const secret = ports.sealer.open('totp', pending)
  const nowMs = ports.clock.wallMs()
  const step = ports.codes.matchingStep(secret, withoutBlanks(code), nowMs)
  if (step === null) throw new Refusal('SECOND_FACTOR_CODE_WRONG')
  const result = await ports.store.execute('confirmSecondFactor', {
    accountId: account.id,
    seenSealedSecret: pending,
    code: { secretDigest: ports.digests.sha256(secret), step },
    rotation: { newEpoch: ports.random.uuid(), keptSessionRow: sessionRow },
    nowMs,
    audit: event(account, request, { nowMs, step: 'confirmed' }),
  })
  if (result.kind === 'not-pending') throw new Refusal('SECOND_FACTOR_NOT_PENDING')
  if (result.kind === 'code-used') throw new Refusal('SECOND_FACTOR_CODE_WRONG')
}

/**
 * Removes the second factor.
 *
 * @throws PASSWORD_CURRENT_WRONG if the password is not right.
 * @throws PASSWORD_TOO_SHORT_ALONE if the password may not be the only factor.
 * @throws SECOND_FACTOR_NOT_PENDING if there is none.
 */
export async function removeSecondFactor(
  ports: Ports,
  { account, sessionRow, request }: SecondFactorRequest,
  password: string,
): Promise<void> {
  await provePassword(ports, account, { password, request })
  if (account.totpSealed === null)
    throw new Refusal('SECOND_FACTOR_NOT_PENDING', { message: 'The account has no second factor.' })
  if (account.passwordIsShort) throw new Refusal('PASSWORD_TOO_SHORT_ALONE')
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('changeAccount', {
    accountId: account.id,
    change: { removeSecondFactor: true },
    rotation: { newEpoch: ports.random.uuid(), keptSessionRow: sessionRow },
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    nowMs,
    audit: event(account, request, { nowMs, step: 'removed' }),
  })
  if (result.kind !== 'changed') throw new Refusal('STATE_CHANGED')
}

/**
 * Creates a set of recovery codes, which replaces the old one; it is shown once.
 *
 * @throws PASSWORD_CURRENT_WRONG if the password is not right.
 * @throws SECOND_FACTOR_NOT_PENDING if the account has no second factor.
 */
export async function renewRecoveryCodes(
  ports: Ports,
  { account, request }: SecondFactorRequest,
  password: string,
): Promise<readonly string[]> {
  await provePassword(ports, account, { password, request })
  if (account.totpSealed === null) {
    throw new Refusal('SECOND_FACTOR_NOT_PENDING', { message: 'The account has no second factor.' })
  }
  const { codes, sealed } = newRecoveryCodes(ports)
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('changeAccount', {
    accountId: account.id,
    change: { recoverySealed: sealed },
    rotation: null,
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    nowMs,
    audit: event(account, request, { nowMs, step: 'recovery codes renewed' }),
  })
  if (result.kind !== 'changed') throw new Refusal('STATE_CHANGED')
  return codes.map(({ code }) => code)
}

function event(
  account: Account,
  request: RequestFacts,
  what: { readonly nowMs: number; readonly step: string },
): ReturnType<typeof auditEvent> {
  return auditEvent(
    request,
    { account, atMs: what.nowMs },
    { action: 'second-factor', subject: `account:${account.id}`, detail: { step: what.step } },
  )
}
