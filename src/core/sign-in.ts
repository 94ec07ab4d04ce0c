/** Core: signs an account in. An unknown name, a disabled account and a wrong password have the same answer and the same cost. */

import { type Account, emailKey, isAccountLive, type Role } from './accounts/account.ts'
import type { Place } from './accounts/fair-queue.ts'
import { addressThrottleDigest } from './accounts/forget-failures.ts'
import { normalisePassword } from './accounts/password-policy.ts'
import { isRecoveryCode, useRecoveryCode } from './accounts/recovery-codes.ts'
import { admitByRules } from './accounts/require-rules.ts'
import type { GateKeys, GatePlace } from './accounts/sign-in-gate.ts'
import { defaultThrottleRules, type ThrottleKey } from './accounts/throttle.ts'
import { withoutBlanks } from './accounts/try-code.ts'
import { addressKey } from './addresses.ts'
import { auditEvent, type RequestFacts } from './audit/act.ts'
import { type Credential, isCredentialLive } from './credentials/credential.ts'
import { touchCredential } from './credentials/touch.ts'
import type { Dialect } from './dialects.ts'
import { isRefusal, Refusal, type RefusalCode } from './errors.ts'
import { nowSeconds } from './ports.ts'
import type { SignInTraces } from './sessions/commands.ts'
import { type CreatedSession, createSession, type Mint } from './sessions/create-session.ts'
import type { ClientFacts } from './sessions/session.ts'
import type { Ports } from './wiring.ts'

/** The name to sign in with. A name without a role is looked for among users first. */
export type SignInName =
  | { readonly by: 'name'; readonly username: string; readonly role: Role | null }
  | { readonly by: 'email'; readonly email: string }

/** One attempt to sign in. */
export type SignInRequest = {
  readonly dialect: Dialect
  readonly signInName: SignInName
  readonly password: string
  /** `unsupported`: the dialect has no field for a code; null: none was sent. */
  readonly code: string | null | 'unsupported'
  readonly client: ClientFacts
  readonly request: RequestFacts
  /** Decides after a right password whether this sign-in is allowed, and for which organization; throws to refuse. */
  readonly admit: (account: Account) => Promise<{ readonly organizationId: string | null }>
  readonly mint: Mint
}

/** How long an address is known after a sign-in. */
const knownAddressMs = 30 * 24 * 60 * 60 * 1000

/**
 * Checks name, password and second factor, and creates a session. It costs exactly one password hash in every case.
 *
 * @throws SIGN_IN_THROTTLED before any hash, also for unknown names.
 * @throws CREDENTIALS_INVALID for an unknown or disabled account, or a wrong password.
 * @throws SECOND_FACTOR_REQUIRED after a right password without a code (dialects with a field for it).
 * @throws SECOND_FACTOR_WRONG after a right password with a wrong or used code (control).
 * @throws ACCOUNT_EXPIRED only after a right password.
 * @throws HASH_QUEUE_FULL if too many sign-ins wait.
 */
export async function signIn(ports: Ports, attempt: SignInRequest): Promise<CreatedSession> {
  const account = await findAccount(ports, attempt.signInName)
  const { isKnown, ...counted } = await throttleKeys(ports, attempt, account)
  const { isBarred, keys, leave } = await enterGate(ports, attempt, counted)
  try {
    const place = { from: addressKey(attempt.client.ip), isKnown }
    const proven = await proveAccount(ports, attempt, { account, place, isBarred }).catch((cause: unknown) =>
      refuseAndCount(ports, { attempt, account, keys, cause }),
    )
    return await begin(ports, attempt, { ...proven, keys })
  } finally {
    leave()
  }
}

async function enterGate(ports: Ports, attempt: SignInRequest, keys: GateKeys): Promise<GatePlace> {
  try {
    return await ports.gate.enter(ports, keys)
  } catch (cause) {
    if (isRefusal(cause, 'SIGN_IN_THROTTLED')) ports.refusals.count(cause.code, attempt.client.ip)
    throw cause
  }
}

async function findAccount(ports: Ports, signInName: SignInName): Promise<Account | null> {
  if (signInName.by === 'email') return ports.store.accountByEmail(emailKey(signInName.email))
  const username = signInName.username.trim()
  if (signInName.role !== null) return ports.store.accountByName(username, signInName.role)
  // Both are always looked up, so that the time does not show whether the account exists.
  const user = await ports.store.accountByName(username, 'user')
  const admin = await ports.store.accountByName(username, 'admin')
  return user ?? admin
}

type Factor = Pick<SignInTraces, 'code' | 'recovery'>

type Proven = Factor & {
  readonly account: Account
  /** The application password that was used instead of password and second factor; null: the account's own password. */
  readonly applicationPassword: Credential | null
}

/** Account numbers begin at 1, so no account has this one. */
const noAccountId = 0

const noFactor: Factor = { code: null, recovery: null }

type Claim = {
  readonly account: Account | null
  readonly place: Place
  /**
   * No password is accepted for now, because too many wrong ones came from elsewhere. The client must not learn of it.
   */
  readonly isBarred: boolean
}

async function proveAccount(
  ports: Ports,
  attempt: SignInRequest,
  { account, place, isBarred }: Claim,
): Promise<Proven> {
  const password = normalisePassword(attempt.password)
  const canBeRight = password.length <= ports.settings.password.maximum * 2 && account?.status === 'enabled'
  const [phc, tried] = canBeRight ? [account.passwordHash, password] : [null, '']
  const isRight = (await ports.hasher.verify(phc, tried, place)) && !isBarred
  const holderId = canBeRight ? account.id : noAccountId
  const found = isRight ? null : await findApplicationPassword(ports, attempt, holderId)
  const applicationPassword = isBarred ? null : found
  if (account === null || !(isRight || applicationPassword !== null)) {
    throw new Refusal('CREDENTIALS_INVALID', {
      detail: isBarred ? 'too many failures of the account' : whyNot(account),
    })
  }
  const factor = applicationPassword === null ? proveSecondFactor(ports, attempt, account) : noFactor
  if (!isAccountLive(account, nowSeconds(ports.clock))) throw new Refusal('ACCOUNT_EXPIRED')
  return { account, applicationPassword, ...factor }
}

/**
 * The hash of the account's own password was computed before, so that the time does not show which of the two was
 * right. They are looked up for unknown names too.
 */
async function findApplicationPassword(
  ports: Ports,
  attempt: SignInRequest,
  accountId: number,
): Promise<Credential | null> {
  const digest = ports.digests.sha256(attempt.password)
  const held = await ports.store.credentials({ kind: 'application-password', accountId })
  const nowMs = ports.clock.wallMs()
  const found = held.find(
    (credential) =>
      credential.dialect === attempt.dialect &&
      isCredentialLive(credential, nowMs) &&
      ports.digests.equal(credential.secretDigest, digest),
  )
  return found ?? null
}

function whyNot(account: Account | null): string {
  if (account === null) return 'no such account'
  if (account.status !== 'enabled') return 'the account is disabled'
  return account.passwordHash === null ? 'the account has no password' : 'wrong password'
}

function proveSecondFactor(ports: Ports, attempt: SignInRequest, account: Account): Factor {
  if (account.totpSealed === null) return noFactor
  if (attempt.code === 'unsupported') {
    throw new Refusal('CREDENTIALS_INVALID', {
      detail: 'the account has a second factor, and this dialect carries no code',
    })
  }
  const code = withoutBlanks(attempt.code ?? '')
  if (code === '') throw new Refusal('SECOND_FACTOR_REQUIRED')
  if (isRecoveryCode(code) && attempt.dialect === 'control') return proveByRecoveryCode(ports, account, code)
  const secret = ports.sealer.open('totp', account.totpSealed)
  const step = ports.codes.matchingStep(secret, code, ports.clock.wallMs())
  if (step === null) throw wrongCode(attempt.dialect, 'wrong code of the second factor')
  return { code: { secretDigest: ports.digests.sha256(secret), step }, recovery: null }
}

/** Only control asks for the code by itself, and so reveals that the password was right. */
function wrongCode(dialect: Dialect, detail: string): Refusal {
  return new Refusal(dialect === 'control' ? 'SECOND_FACTOR_WRONG' : 'CREDENTIALS_INVALID', { detail })
}

function proveByRecoveryCode(ports: Ports, account: Account, code: string): Factor {
  const newSealed = useRecoveryCode(ports.sealer, account.recoverySealed, code)
  if (newSealed === null || account.recoverySealed === null) {
    throw wrongCode('control', 'wrong or used recovery code')
  }
  return { code: null, recovery: { seenSealed: account.recoverySealed, newSealed } }
}

async function refuseAndCount(
  ports: Ports,
  failure: {
    readonly attempt: SignInRequest
    readonly account: Account | null
    readonly keys: readonly ThrottleKey[]
    readonly cause: unknown
  },
): Promise<never> {
  const { attempt, account, cause } = failure
  if (!isRefusal(cause) || (cause.kind !== 'unauthenticated' && cause.kind !== 'forbidden')) throw cause
  const isAskedForCode = cause.code === 'SECOND_FACTOR_REQUIRED' && attempt.dialect === 'control'
  const isGuess = cause.kind === 'unauthenticated' && !isAskedForCode
  await ports.store.execute('recordFailedSignIn', {
    keys: isGuess ? failure.keys : [],
    nowMs: ports.throttleTime.nowMs(),
    audit: failedEvent(ports, attempt, { account, code: cause.code, reason: cause.detail }),
  })
  throw cause
}

function failedEvent(
  ports: Ports,
  attempt: SignInRequest,
  failure: { readonly account: Account | null; readonly code: RefusalCode; readonly reason: string | undefined },
): ReturnType<typeof auditEvent> {
  return auditEvent(
    attempt.request,
    { account: failure.account, atMs: ports.clock.wallMs() },
    {
      action: 'sign-in',
      outcome: 'refused',
      code: failure.code,
      detail: { dialect: attempt.dialect, ...(failure.reason === undefined ? {} : { reason: failure.reason }) },
    },
  )
}

async function begin(
  ports: Ports,
  attempt: SignInRequest,
  proven: Proven & { readonly keys: readonly ThrottleKey[] },
): Promise<CreatedSession> {
  const { account, applicationPassword, code, recovery, keys } = proven
  try {
    const { organizationId } = await attempt.admit(account)
    admitByRules(account, {
      door: attempt.dialect,
      ip: attempt.client.ip,
      isByPassword: applicationPassword === null,
      nowMs: ports.clock.wallMs(),
    })
    const traces: SignInTraces = {
      forgetKeys: keys.filter((key) => key.rule === nameRule(ports)).map((key) => key.digest),
      knownAddress: addressDigest(ports, attempt.client.ip),
      code,
      recovery,
    }
    const created = await createSession(ports, {
      account,
      dialect: attempt.dialect,
      organizationId,
      client: attempt.client,
      request: attempt.request,
      proof: code === null && recovery === null ? 'password' : 'password+otp',
      authenticatedAt: nowSeconds(ports.clock),
      isApplicationPassword: applicationPassword !== null,
      credentialId: applicationPassword?.id ?? null,
      parentSessionRow: null,
      signIn: traces,
      action: 'sign-in',
      mint: attempt.mint,
    })
    if (applicationPassword === null) await upgradeHash(ports, account, attempt.password)
    else await touchCredential(ports, applicationPassword)
    return created
  } catch (cause) {
    return refuseAndCount(ports, { attempt, account, keys, cause })
  }
}

async function upgradeHash(ports: Ports, account: Account, password: string): Promise<void> {
  if (account.passwordHash === null || !ports.hasher.needsRehash(account.passwordHash)) return
  const newHash = await ports.hasher.hash(normalisePassword(password))
  await ports.store.execute('upgradePasswordHash', {
    accountId: account.id,
    seenHash: account.passwordHash,
    newHash,
    nowMs: ports.clock.wallMs(),
  })
}

/**
 * Failures count for the account besides the presented name, so that name and e-mail address share one count. For an
 * unknown name something is counted too, so that the count does not show whether it exists.
 */
async function throttleKeys(
  ports: Ports,
  attempt: SignInRequest,
  account: Account | null,
): Promise<GateKeys & { readonly isKnown: boolean }> {
  if (ports.settings.throttle === null) return { disclosed: [], undisclosed: [], isKnown: false }
  const { name, address, all } = ports.settings.throttle
  const { signInName, client } = attempt
  const presented = signInName.by === 'email' ? emailKey(signInName.email) : signInName.username.trim()
  const holder = account === null ? `nobody ${presented}` : String(account.id)
  const since = ports.clock.wallMs() - knownAddressMs
  const keyOf = (purpose: string, value: string, rule = name): ThrottleKey => ({
    digest: ports.digests.keyed(purpose, value),
    rule,
  })
  if (await ports.store.isKnownAddress(account?.id ?? noAccountId, addressDigest(ports, client.ip), since)) {
    const from = addressKey(client.ip)
    return {
      disclosed: [keyOf('throttle known', `${from} ${presented}`)],
      undisclosed: [keyOf('throttle known account', `${from} ${holder}`)],
      isKnown: true,
    }
  }
  return {
    disclosed: [
      keyOf('throttle name', presented),
      { digest: addressThrottleDigest(ports, client.ip), rule: address },
      keyOf('throttle all', '', all),
    ],
    undisclosed: [keyOf('throttle account', holder)],
    isKnown: false,
  }
}

function nameRule(ports: Ports): object {
  return (ports.settings.throttle ?? defaultThrottleRules).name
}

function addressDigest(ports: Ports, ip: string): Uint8Array {
  return ports.digests.keyed('known address', addressKey(ip))
}
