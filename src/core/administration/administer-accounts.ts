/** Core: administration of accounts, for all dialects, the command line and the set-up link. */

import type { Account, Role } from '../accounts/account.ts'
import { acceptPassword, hashNewPassword, type PasswordPorts } from '../accounts/change-password.ts'
import type { AccountChange, KeptAttributes } from '../accounts/commands.ts'
import { isEmail, normaliseUsername } from '../accounts/names.ts'
import { normalisePassword } from '../accounts/password-policy.ts'
import { type Authority, grantedBy, isSameAuthority, ownerAuthority } from '../accounts/permissions.ts'
import { resolvePerson } from '../accounts/person.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import type { AuditAction, AuditEvent } from '../audit/event.ts'
import { Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import { type Administrator, authorise } from './authorise.ts'

/** The input for a new account. */
export type AccountInput = {
  readonly username: string
  readonly email: string | null
  readonly role: Role
  readonly expiresAt: number | null
  readonly groups: readonly string[]
  /** null: the account cannot sign in until a password is set. */
  readonly password: string | null
  readonly attributes?: KeptAttributes
  /** Of an administrator; undefined: an owner. */
  readonly authority?: Authority
  /** Enabled by default. */
  readonly status?: Account['status']
  /** As `resolvePerson` reads it; undefined: the account itself. */
  readonly person?: string
}

/** The actor. The command line and the set-up link have no signed-in account. */
export type Administration = {
  readonly by: (Pick<Account, 'id' | 'username'> & Administrator) | null
  readonly request: RequestFacts
  /** On the command line: continue even if no owner is left who can sign in. */
  readonly mayEndLastOwner?: boolean
}

type AdministerPorts = Pick<Ports, 'clock' | 'random' | 'store' | 'hasher' | 'settings' | 'commonPasswords'>

/**
 * Adds an account.
 *
 * @param asFirstAdmin By the set-up link: refuses if there was ever an administrator.
 * @throws INPUT_INVALID, PASSWORD_REJECTED, NAME_TAKEN, EMAIL_TAKEN, SETUP_DONE; the refusals of `authorise`.
 */
export async function addAccount(
  ports: AdministerPorts,
  input: AccountInput,
  how: Administration & { readonly asFirstAdmin: boolean },
): Promise<Account> {
  if (!how.asFirstAdmin) authoriseAddition(how, authorityOf(input))
  return addAcceptedAccount(ports, await acceptNewAccount(ports, input), how)
}

/**
 * Adds a checked account. The caller has checked that the actor may add it.
 *
 * @throws NAME_TAKEN, EMAIL_TAKEN, SETUP_DONE; INPUT_INVALID as `resolvePerson` does.
 */
export async function addAcceptedAccount(
  ports: AdministerPorts,
  input: AcceptedAccount,
  how: Administration & { readonly asFirstAdmin: boolean },
): Promise<Account> {
  const { username, password } = input
  const passwordHash = password === null ? null : await ports.hasher.hash(normalisePassword(password))
  const person = input.person === undefined ? undefined : await resolvePerson(ports.store, 'person', input.person)
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('addAccount', {
    account: {
      uuid: ports.random.uuid(),
      username,
      role: input.role,
      email: input.email,
      epoch: ports.random.uuid(),
      expiresAt: input.expiresAt,
      groups: [...new Set(input.groups)].sort(),
      passwordHash,
      passwordIsShort: input.passwordIsShort,
      attributes: input.attributes ?? null,
      authority: authorityOf(input),
      status: input.status ?? 'enabled',
      ...(person === undefined ? {} : { person }),
    },
    asFirstAdmin: how.asFirstAdmin,
    nowMs,
    audit: event(how, nowMs, {
      action: how.asFirstAdmin ? 'setup' : 'account-add',
      subject: `account:${input.role}:${username}`,
    }),
  })
  if (result.kind === 'added') return result.account
  if (result.kind === 'admin-exists') throw new Refusal('SETUP_DONE')
  throw new Refusal(result.kind === 'name-taken' ? 'NAME_TAKEN' : 'EMAIL_TAKEN')
}

/** A change by an administrator; `password` is plain, and null removes it. */
export type AdministratorChange = Omit<AccountChange, 'password'> & { readonly password?: string | null }

/**
 * Changes an account. A change of status, role, authority, password or second factor ends all its sessions and its
 * bearer credentials. If the account is only disabled, its bearer credentials stay and are refused until it is enabled.
 *
 * @throws STATE_CHANGED if the attributes have changed since they were read; LAST_OWNER; the refusals of `authorise`.
 * @throws INPUT_INVALID, PASSWORD_REJECTED, PASSWORD_TOO_SHORT_ALONE, ACCOUNT_NOT_FOUND, NAME_TAKEN, EMAIL_TAKEN
 */
export async function changeAccount(
  ports: AdministerPorts,
  account: Account,
  what: {
    readonly change: AdministratorChange
    readonly how: Administration
    /** Ends all sessions for any change. */
    readonly endsSessions?: boolean
    /** The new attributes and authority were derived from those of `account`, which must not have changed. */
    readonly isMadeFromAttributes?: boolean
  },
): Promise<Account> {
  const { password, ...rest } = what.change
  await authoriseChange(ports, account, what)
  if (typeof rest.email === 'string') acceptEmail(rest.email)
  const hasSecondFactor = account.totpSealed !== null && rest.removeSecondFactor !== true
  if (rest.removeSecondFactor === true && account.passwordIsShort && password === undefined) {
    throw new Refusal('PASSWORD_TOO_SHORT_ALONE')
  }
  const stored =
    typeof password === 'string' ? await hashNewPassword(ports, password, { ...account, hasSecondFactor }) : password
  const person = typeof rest.person === 'string' ? await resolvePerson(ports.store, 'person', rest.person) : rest.person
  const change: AccountChange = {
    ...rest,
    ...authorityAfter(account, rest),
    ...(stored === undefined ? {} : { password: stored }),
    ...(person === undefined ? {} : { person }),
  }
  const nowMs = ports.clock.wallMs()
  const endsCredentials = what.endsSessions === true || changesProof(account, change)
  const result = await ports.store.execute('changeAccount', {
    accountId: account.id,
    change,
    rotation:
      endsCredentials || isDisabled(account, change)
        ? { newEpoch: ports.random.uuid(), keptSessionRow: 0, keepsCredentials: !endsCredentials }
        : null,
    seen: null,
    ...(what.isMadeFromAttributes === true ? seenOf(account) : {}),
    ...forced(what.how),
    nowMs,
    audit: event(what.how, nowMs, {
      action: stored === undefined ? 'account-change' : 'password-change',
      subject: `account:${account.id}`,
      detail: { changed: Object.keys(change).sort().join(' ') },
    }),
  })
  if (result.kind === 'changed') return result.account
  if (result.kind === 'name-taken') throw new Refusal('NAME_TAKEN')
  if (result.kind === 'email-taken') throw new Refusal('EMAIL_TAKEN')
  if (result.kind === 'last-owner') throw new Refusal('LAST_OWNER')
  throw new Refusal(result.kind === 'missing' ? 'ACCOUNT_NOT_FOUND' : 'STATE_CHANGED')
}

/**
 * Removes an account and ends its sessions.
 *
 * @throws ACCOUNT_NOT_FOUND if it is gone already; LAST_OWNER; the refusals of `authorise`.
 */
export async function removeAccount(ports: AdministerPorts, account: Account, how: Administration): Promise<void> {
  authorise(how, 'remove-account', { account })
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('removeAccount', {
    accountId: account.id,
    newEpoch: ports.random.uuid(),
    ...forced(how),
    nowMs,
    audit: event(how, nowMs, { action: 'account-remove', subject: `account:${account.id}` }),
  })
  if (result.kind === 'missing') throw new Refusal('ACCOUNT_NOT_FOUND')
  if (result.kind === 'last-owner') throw new Refusal('LAST_OWNER')
}

/** An administrator is an owner by default; a user has no authority. */
function authorityOf({ role, authority = ownerAuthority }: AccountInput): Authority | null {
  return role === 'admin' ? authority : null
}

function authoriseAddition(how: Administration, authority: Authority | null): void {
  authorise(how, 'add-account')
  if (authority !== null) authorise(how, 'grant', { gives: grantedBy(authority) })
}

/** One change may be several acts; each must be allowed. */
async function authoriseChange(
  ports: AdministerPorts,
  account: Account,
  { change, how }: { readonly change: AdministratorChange; readonly how: Administration },
): Promise<void> {
  const { password, removeSecondFactor, secondFactor, recoverySealed, ...rest } = change
  const { role, authority: given, addGroups, removeGroups, ...plain } = rest
  const { authority = account.authority } = authorityAfter(account, change)
  if (Object.keys(plain).length > 0) {
    const isNeverOwn = plain.person !== undefined || (plain.status ?? account.status) !== account.status
    authorise(how, 'change-account', { account, isNeverOwn })
  }
  if (password !== undefined) authorise(how, 'set-password', { account })
  if ([removeSecondFactor, secondFactor, recoverySealed].some((one) => one !== undefined)) {
    authorise(how, 'reset-second-factor', { account })
  }
  if ((role ?? account.role) !== account.role || !isSameAuthority(authority, account.authority)) {
    authorise(how, 'grant', { account, gives: grantedBy(authority), isNeverOwn: true })
  }
  if (addGroups !== undefined || removeGroups !== undefined) {
    authorise(how, 'change-groups', { account, isNeverOwn: await hasOthers(ports, how) })
  }
}

/** The only administrator may change their own groups, because no other administrator could. */
async function hasOthers({ store }: AdministerPorts, { by }: Administration): Promise<boolean> {
  return by !== null && (await store.administrators()).some(({ id }) => id !== by.id)
}

/** A new administrator is an owner by default; a user has no authority. */
function authorityAfter(account: Account, { role, authority }: AdministratorChange): Pick<AccountChange, 'authority'> {
  if (role === undefined || role === account.role) return authority === undefined ? {} : { authority }
  return { authority: role === 'user' ? null : (authority ?? ownerAuthority) }
}

function seenOf({ attributes, authority }: Account): {
  seenAttributes: string | null
  seenAuthority: Authority | null
} {
  return { seenAttributes: attributes, seenAuthority: authority }
}

function forced({ mayEndLastOwner }: Administration): Pick<Administration, 'mayEndLastOwner'> {
  return mayEndLastOwner === true ? { mayEndLastOwner } : {}
}

function changesProof(account: Account, change: AccountChange): boolean {
  if (change.password !== undefined || change.removeSecondFactor === true || change.secondFactor !== undefined)
    return true
  const { authority = account.authority } = change
  return (change.role ?? account.role) !== account.role || !isSameAuthority(authority, account.authority)
}

function isDisabled(account: Account, change: AccountChange): boolean {
  return change.status === 'disabled' && account.status === 'enabled'
}

/** A new account with a checked name, e-mail address and password. */
export type AcceptedAccount = AccountInput & { readonly passwordIsShort: boolean }

/**
 * Checks the parts of a new account that need no store: name, e-mail address and password.
 *
 * @throws INPUT_INVALID, PASSWORD_REJECTED
 */
export async function acceptNewAccount(ports: PasswordPorts, input: AccountInput): Promise<AcceptedAccount> {
  const { email, password } = input
  const username = acceptUsername(input.username)
  if (email !== null) acceptEmail(email)
  const { isShort } =
    password === null
      ? { isShort: false }
      : await acceptPassword(ports, password, { username, email, hasSecondFactor: false })
  return { ...input, username, email: email?.trim() ?? null, passwordIsShort: isShort }
}

function acceptUsername(text: string): string {
  const name = normaliseUsername(text)
  if (name.kind === 'accepted') return name.username
  throw new Refusal('INPUT_INVALID', {
    message: name.reason,
    fields: [{ field: 'username', description: name.reason }],
  })
}

function acceptEmail(text: string): void {
  if (isEmail(text.trim())) return
  const message = 'The e-mail address is not well formed.'
  throw new Refusal('INPUT_INVALID', { message, fields: [{ field: 'email', description: message }] })
}

function event(
  how: Administration,
  nowMs: number,
  act: { readonly action: AuditAction; readonly subject: string; readonly detail?: Readonly<Record<string, string>> },
): AuditEvent {
  return auditEvent(how.request, { account: how.by, atMs: nowMs }, act)
}
