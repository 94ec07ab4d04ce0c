/** SQLite store: commands that add, change and remove accounts. */
import { type Account, emailKey, type Role } from '../../../core/accounts/account.ts'
import type { AccountChange, NewAccount } from '../../../core/accounts/commands.ts'
import { isSameAuthority } from '../../../core/accounts/permissions.ts'
import { type AccountRules, afterPasswordChange, parseRules } from '../../../core/accounts/rules.ts'
import { withoutListedAuthority } from '../../../core/administration/standing-owner.ts'
import type { SqlValue } from '../database.ts'
import { authorityColumns, findAccount, wasAdministratorMade } from '../rows/account-rows.ts'
import { assignmentsOf, insertInto, valuesOf, words } from '../rows/columns.ts'
import { appendAudit, type Tx } from '../write-transaction.ts'
import { isAsSeen } from './checks.ts'
import type { Input, Output } from './command.ts'
import { appendAccountChanged, rotateEpoch } from './epochs.ts'
import { endsLastOwner, markAdministratorMade } from './owners.ts'

/** The members of an account that its commands write. */
type WrittenAccount = Omit<
  Account,
  'id' | 'groups' | 'rules' | 'lastOrganizationId' | 'lastSignInAtMs' | 'lastSignInIp'
> & {
  readonly rules: Pick<AccountRules, 'text'>
}

const changedMembers = words(
  'role person email emailKey status expiresAt passwordHash passwordIsShort passwordChangedAtMs totpSealed',
  'totpPendingSealed recoverySealed attributes rules adminRole adminPermissions updatedAtMs',
)
const addedMembers = [...words('uuid username kind epoch createdAtMs'), ...changedMembers] as const
const insertSql = `${insertInto('accounts', addedMembers)} RETURNING id`
const updateSql = `UPDATE accounts SET ${assignmentsOf(changedMembers)} WHERE id = :id`
const noSecondFactor = { totpSealed: null, totpPendingSealed: null, recoverySealed: null }

/** Adds an account; its audit event gets its number. */
export function addAccount(tx: Tx, input: Input<'addAccount'>): Output<'addAccount'> {
  const { account, asFirstAdmin, nowMs, audit } = input
  if (asFirstAdmin && wasAdministratorMade(tx.db)) return { kind: 'admin-exists' }
  if (isNameTaken(tx, { username: account.username, role: account.role, exceptId: 0 })) return { kind: 'name-taken' }
  if (isEmailTaken(tx, account.email, 0)) return { kind: 'email-taken' }
  const id = insertAccount(tx, account, nowMs)
  addGroups(tx, id, account.groups)
  if (account.role === 'admin') markAdministratorMade(tx, nowMs)
  appendAudit(tx, { subject: `account:${id}`, ...audit })
  return { kind: 'added', account: mustFind(tx, id) }
}

/** Changes an account; nodes that remember it read it again. */
export function changeAccount(tx: Tx, input: Input<'changeAccount'>): Output<'changeAccount'> {
  const { accountId, change, rotation, seen, seenAttributes, nowMs, audit } = input
  const before = findAccount(tx.db, accountId)
  if (before === null) return { kind: 'missing' }
  if (seen !== null && !isAsSeen(before, seen)) return { kind: 'stale' }
  if (seenAttributes !== undefined && seenAttributes !== before.attributes) return { kind: 'stale' }
  const { seenAuthority = before.authority } = input
  if (!isSameAuthority(seenAuthority, before.authority)) return { kind: 'stale' }
  const role = change.role ?? before.role
  if (isNameTaken(tx, { username: before.username, role, exceptId: accountId })) return { kind: 'name-taken' }
  if (change.email !== undefined && isEmailTaken(tx, change.email, accountId)) return { kind: 'email-taken' }
  const after = withChange(before, change, nowMs)
  if (input.mayEndLastOwner !== true && endsLastOwner(tx, before, after)) return { kind: 'last-owner' }
  if (role === 'admin') markAdministratorMade(tx, nowMs)
  updateAccount(tx, { ...after, updatedAtMs: nowMs })
  removeGroups(tx, accountId, change.removeGroups ?? [])
  addGroups(tx, accountId, change.addGroups ?? [])
  if (rotation !== null) rotateEpoch(tx, before, { ...rotation, nowMs })
  const { password: _password, settlesPasswordChange: _settles, ...access } = change
  const changesAccess = Object.keys(access).length > 0
  // A rotation makes nodes read the account again anyway.
  if (changesAccess || rotation === null) appendAccountChanged(tx, accountId, nowMs)
  appendAudit(tx, audit)
  return { kind: 'changed', account: mustFind(tx, accountId) }
}

/** Removes an account. Its row stays while tokens point to it, without personal data. */
export function removeAccount(tx: Tx, input: Input<'removeAccount'>): Output<'removeAccount'> {
  const { accountId, newEpoch, nowMs, audit } = input
  const account = findAccount(tx.db, accountId)
  if (account === null) return { kind: 'missing' }
  if (input.mayEndLastOwner !== true && endsLastOwner(tx, account, null)) return { kind: 'last-owner' }
  tx.db.run(
    `UPDATE accounts SET status = 'removed', person = NULL, email = NULL, email_key = NULL, password_hash = NULL, totp_sealed = NULL,
       totp_pending_sealed = NULL, recovery_sealed = NULL, attributes = NULL, rules = NULL, admin_role = NULL, admin_permissions = NULL,
       last_sign_in_ip = NULL
     WHERE id = :accountId`,
    { accountId },
  )
  tx.db.run('DELETE FROM account_groups WHERE account_id = :accountId', { accountId })
  tx.db.run('DELETE FROM memberships WHERE account_id = :accountId', { accountId })
  tx.db.run('DELETE FROM known_addresses WHERE account_id = :accountId', { accountId })
  tx.db.run('DELETE FROM credentials WHERE account_id = :accountId', { accountId })
  rotateEpoch(tx, account, { newEpoch, keptSessionRow: 0, nowMs })
  appendAudit(tx, audit)
  return { kind: 'removed' }
}

/** Replaces the hash of an unchanged password; nodes that remember the account read it again. */
export function upgradePasswordHash(tx: Tx, input: Input<'upgradePasswordHash'>): Output<'upgradePasswordHash'> {
  const { accountId, seenHash, newHash, nowMs } = input
  const changed = tx.db.run(
    `UPDATE accounts SET password_hash = :newHash
     WHERE id = :accountId AND password_hash = :seenHash AND status <> 'removed'`,
    { accountId, seenHash, newHash },
  )
  if (changed === 1) appendAccountChanged(tx, accountId, nowMs)
  return { kind: 'done' }
}

function isNameTaken(
  tx: Tx,
  wanted: { readonly username: string; readonly role: Role; readonly exceptId: number },
): boolean {
  const sql = `SELECT 1 FROM accounts
    WHERE role = :role AND username = :username AND status <> 'removed' AND id <> :exceptId`
  return tx.db.has(sql, wanted)
}

function isEmailTaken(tx: Tx, email: string | null, exceptId: number): boolean {
  if (email === null) return false
  const sql = "SELECT 1 FROM accounts WHERE email_key = :key AND status <> 'removed' AND id <> :exceptId"
  return tx.db.has(sql, { key: emailKey(email), exceptId })
}

function toRow(account: WrittenAccount): Record<(typeof addedMembers)[number], SqlValue> {
  return {
    ...account,
    person: account.person === account.uuid ? null : account.person,
    emailKey: account.email === null ? null : emailKey(account.email),
    passwordIsShort: Number(account.passwordIsShort),
    rules: account.rules.text,
    ...authorityColumns(account.authority),
  }
}

function insertAccount(tx: Tx, account: NewAccount, nowMs: number): number {
  const row = toRow({
    ...account,
    kind: 'person',
    person: account.person ?? account.uuid,
    status: account.status ?? 'enabled',
    passwordChangedAtMs: account.passwordHash === null ? null : nowMs,
    ...noSecondFactor,
    attributes: account.attributes?.text ?? null,
    rules: { text: account.attributes?.rules ?? null },
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  })
  const inserted = tx.db.one<{ id: number }>(insertSql, valuesOf(addedMembers, row))
  if (inserted === undefined) throw new Error('the insert of an account returned no number')
  return inserted.id
}

function withChange(before: Account, change: AccountChange, nowMs: number): Account {
  return {
    ...before,
    role: change.role ?? before.role,
    person: change.person === undefined ? before.person : (change.person ?? before.uuid),
    email: change.email === undefined ? before.email : change.email,
    status: change.status ?? before.status,
    expiresAt: change.expiresAt === undefined ? before.expiresAt : change.expiresAt,
    passwordHash: change.password === undefined ? before.passwordHash : (change.password?.hash ?? null),
    passwordIsShort: change.password === undefined ? before.passwordIsShort : (change.password?.isShort ?? false),
    passwordChangedAtMs: change.password === undefined ? before.passwordChangedAtMs : nowMs,
    attributes: attributesAfter(before, change),
    rules: rulesAfter(before, change),
    authority: change.authority === undefined ? before.authority : change.authority,
    ...secondFactorAfter(before, change),
  }
}

function rulesAfter(before: Account, { attributes, settlesPasswordChange }: AccountChange): AccountRules {
  const rules = attributes === undefined ? before.rules : parseRules(attributes.rules)
  return settlesPasswordChange === true ? afterPasswordChange(rules) : rules
}

/** Drops the stored list of a dialect when the authority changes; the list would keep granting removed permissions. */
function attributesAfter(before: Account, { attributes, authority }: AccountChange): string | null {
  if (attributes !== undefined) return attributes.text
  const hasNewAuthority = authority !== undefined && !isSameAuthority(authority, before.authority)
  return hasNewAuthority ? withoutListedAuthority(before.attributes) : before.attributes
}

function secondFactorAfter(
  before: Account,
  change: AccountChange,
): Pick<Account, 'totpSealed' | 'totpPendingSealed' | 'recoverySealed'> {
  if (change.removeSecondFactor) return noSecondFactor
  return {
    totpSealed: change.secondFactor ?? before.totpSealed,
    totpPendingSealed: change.secondFactor === undefined ? before.totpPendingSealed : null,
    recoverySealed: change.recoverySealed === undefined ? before.recoverySealed : change.recoverySealed,
  }
}

function updateAccount(tx: Tx, account: Account): void {
  tx.db.run(updateSql, { ...valuesOf(changedMembers, toRow(account)), id: account.id })
}

function addGroups(tx: Tx, accountId: number, names: readonly string[]): void {
  const sql = 'INSERT INTO account_groups (account_id, name) VALUES (:accountId, :name) ON CONFLICT DO NOTHING'
  for (const name of names) tx.db.run(sql, { accountId, name })
}

function removeGroups(tx: Tx, accountId: number, names: readonly string[]): void {
  const sql = 'DELETE FROM account_groups WHERE account_id = :accountId AND name = :name'
  for (const name of names) tx.db.run(sql, { accountId, name })
}

function mustFind(tx: Tx, id: number): Account {
  const account = findAccount(tx.db, id)
  if (account === null) throw new Error('an account that was just written is not there')
  return account
}
