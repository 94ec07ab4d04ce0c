/** Core: sets and changes passwords; a change ends every other session of the account. */
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import type { Account } from './account.ts'
import { checkPassword, normalisePassword } from './password-policy.ts'

/** A checked password in its stored form. */
export type StoredPassword = { readonly hash: string; readonly isShort: boolean }

/** What a password is checked with. */
export type PasswordPorts = Pick<Ports, 'commonPasswords'> & { readonly settings: Pick<Ports['settings'], 'password'> }

/** The owner of the password. */
export type PasswordOwner = Pick<Account, 'username' | 'email'> & { readonly hasSecondFactor: boolean }

/** Checks a new password. @throws PASSWORD_REJECTED with the broken rule. */
export async function acceptPassword(
  ports: PasswordPorts,
  password: string,
  of: PasswordOwner,
): Promise<Pick<StoredPassword, 'isShort'>> {
  const verdict = await checkPassword({ ...of, password, rules: ports.settings.password }, ports.commonPasswords)
  if (verdict.kind === 'rejected') {
    throw new Refusal('PASSWORD_REJECTED', {
      message: verdict.reason,
      fields: [{ field: 'password', description: verdict.reason }],
    })
  }
  return { isShort: verdict.isShort }
}

/**
 * Checks a new password and hashes it.
 *
 * @throws PASSWORD_REJECTED with the broken rule.
 */
export async function hashNewPassword(
  ports: PasswordPorts & Pick<Ports, 'hasher'>,
  password: string,
  of: PasswordOwner,
): Promise<StoredPassword> {
  const { isShort } = await acceptPassword(ports, password, of)
  return { hash: await ports.hasher.hash(normalisePassword(password)), isShort }
}

/** A change of the account's own password. */
export type PasswordChange = {
  readonly current: string
  readonly next: string
  /** The session that stays; 0: none. */
  readonly keptSessionRow: number
  readonly request: RequestFacts
}

/**
 * Changes the own password after proof of the current one.
 *
 * @throws PASSWORD_CURRENT_WRONG; the throttle counts it like a failed sign-in.
 * @throws PASSWORD_REJECTED if the new one breaks a rule.
 * @throws STATE_CHANGED if the account changed meanwhile.
 */
export async function changeOwnPassword(ports: Ports, account: Account, change: PasswordChange): Promise<Account> {
  await provePassword(ports, account, { password: change.current, request: change.request })
  const password = await hashNewPassword(ports, change.next, {
    ...account,
    hasSecondFactor: account.totpSealed !== null,
  })
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('changeAccount', {
    accountId: account.id,
    change: { password, settlesPasswordChange: true },
    rotation: { newEpoch: ports.random.uuid(), keptSessionRow: change.keptSessionRow },
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    nowMs,
    audit: auditEvent(
      change.request,
      { account, atMs: nowMs },
      { action: 'password-change', subject: `account:${account.id}` },
    ),
  })
  if (result.kind === 'changed') return result.account
  throw new Refusal(result.kind === 'missing' ? 'ACCOUNT_NOT_FOUND' : 'STATE_CHANGED')
}

/**
 * Proves that the holder of a session knows the account's password.
 *
 * @throws PASSWORD_CURRENT_WRONG if it is not right.
 * @throws SIGN_IN_THROTTLED after too many wrong ones.
 */
export async function provePassword(
  ports: Ports,
  account: Account,
  proof: { readonly password: string; readonly request: RequestFacts },
): Promise<void> {
  const rule = ports.settings.throttle?.name
  const keys = rule === undefined ? [] : [{ digest: ports.digests.keyed('throttle proof', String(account.id)), rule }]
  const { leave } = await ports.gate.enter(ports, { disclosed: keys, undisclosed: [] })
  try {
    if (await ports.hasher.verify(account.passwordHash, normalisePassword(proof.password))) return
    await ports.store.execute('recordFailedSignIn', {
      keys,
      nowMs: ports.throttleTime.nowMs(),
      audit: auditEvent(
        proof.request,
        { account, atMs: ports.clock.wallMs() },
        {
          action: 'password-change',
          outcome: 'refused',
          code: 'PASSWORD_CURRENT_WRONG',
          subject: `account:${account.id}`,
        },
      ),
    })
    throw new Refusal('PASSWORD_CURRENT_WRONG')
  } finally {
    leave()
  }
}
