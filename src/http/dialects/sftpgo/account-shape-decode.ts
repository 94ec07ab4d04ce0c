/** sftpgo: turns a user or an administrator as it is sent into what is kept; what is not known is kept as it came. */
import type { Account } from '../../../core/accounts/account.ts'
import { isEmail } from '../../../core/accounts/names.ts'
import type { Sealer } from '../../../core/ports.ts'
import {
  checkFlag,
  invalidAccount,
  readChoices,
  readEmail,
  readMemberObject,
  readNetworks,
  readStatus,
  readText,
  readTexts,
  readWholeNumber,
} from './account-shape-fields.ts'
import { sealSecrets } from './account-shape-secrets.ts'
import { asObject, isObject, type JsonObject } from './attributes.ts'
import { permissions } from './permissions.ts'

/** An account as it was sent, apart from its name. */
export type DecodedAccount = {
  readonly status: Account['status']
  readonly email: string | null
  /** Unix seconds. */
  readonly expiresAt: number | null
  /** null: none was sent, or an empty one. */
  readonly password: string | null
  /** All else, with secrets sealed. */
  readonly kept: JsonObject
}

/** Options of the web client that take a right away (SFTPGo REST API, WebClientOptions). */
const webClientOptions = [
  'publickey-change-disabled',
  'tls-cert-change-disabled',
  'write-disabled',
  'mfa-disabled',
  'password-change-disabled',
  'api-key-auth-change-disabled',
  'info-change-disabled',
  'shares-disabled',
  'password-reset-disabled',
  'shares-without-password-disabled',
]

/** Members that the account itself has; they are never kept twice. */
const ownMembers = [
  'id',
  'username',
  'status',
  'email',
  'password',
  'has_password',
  'expiration_date',
  'created_at',
  'updated_at',
  'last_login',
  'last_password_change',
]

/** How a body becomes an account. */
export type Decoding = {
  readonly sealer: Sealer
  /** What is kept of the account; empty where it is new. */
  readonly before: JsonObject
}

/**
 * Decodes a user (SFTPGo REST API, User).
 *
 * @throws INPUT_INVALID with a message that begins `Validation error`.
 */
export function decodeUser(body: JsonObject, decoding: Decoding): DecodedAccount {
  const filters = readMemberObject(body, 'filters')
  const webClient = readChoices(filters, 'web_client', webClientOptions)
  const needsFactor = readChoices(filters, 'two_factor_protocols', ['SSH', 'FTP', 'HTTP']).length > 0
  if (needsFactor && webClient.includes('mfa-disabled')) {
    throw invalidAccount('two-factor authentication cannot be required and disabled at the same time')
  }
  readNetworks(filters, 'allowed_ip')
  readNetworks(filters, 'denied_ip')
  readChoices(filters, 'denied_protocols', ['SSH', 'FTP', 'DAV', 'HTTP'])
  readTexts(filters, 'denied_login_methods')
  readTexts(filters, 'tls_certs')
  readTexts(body, 'public_keys')
  readWholeNumber(filters, 'password_expiration')
  readWholeNumber(body, 'max_sessions')
  for (const flag of ['is_anonymous', 'allow_api_key_auth', 'require_password_change']) checkFlag(filters, flag)
  checkPeriods(filters)
  const wrong = readTexts(filters, 'additional_emails').find((email) => !isEmail(email))
  if (wrong !== undefined) throw invalidAccount(`email ${JSON.stringify(wrong)} is not valid`)
  return decodeAccount(body, decoding)
}

/**
 * Decodes an administrator (SFTPGo REST API, Admin).
 *
 * @throws INPUT_INVALID with a message that begins `Validation error`.
 */
export function decodeAdmin(body: JsonObject, decoding: Decoding): DecodedAccount {
  const granted = readChoices(body, 'permissions', permissions)
  if (granted.length === 0) throw invalidAccount('an administrator needs at least one permission')
  if (granted.includes('*') && readText(body, 'role') !== '') {
    throw invalidAccount('an administrator with a role cannot have the permission *')
  }
  const filters = readMemberObject(body, 'filters')
  readNetworks(filters, 'allow_list')
  for (const flag of ['allow_api_key_auth', 'require_password_change', 'require_two_factor']) checkFlag(filters, flag)
  return decodeAccount(body, decoding)
}

function decodeAccount(body: JsonObject, { sealer, before }: Decoding): DecodedAccount {
  for (const name of ['role', 'description', 'additional_info']) readText(body, name)
  const status = readStatus(body)
  const email = readEmail(body)
  const expirationMs = readWholeNumber(body, 'expiration_date')
  const password = readText(body, 'password')
  const own = Object.fromEntries(Object.entries(body).filter(([name]) => !ownMembers.includes(name)))
  const filters = withoutFactors(readMemberObject(body, 'filters'))
  const sealed = asObject(sealSecrets(sealer, { ...own, filters }, withoutFactorsOf(before)))
  return {
    status,
    email,
    expiresAt: expirationMs === 0 ? null : Math.floor(expirationMs / 1000),
    password: password === '' ? null : password,
    kept: withFactorsOf(before, sealed),
  }
}

/** The second factor and its recovery codes are the account's own; what is sent of them is left aside. */
function withoutFactors(filters: JsonObject): JsonObject {
  const { totp_config: _factor, recovery_codes: _codes, ...rest } = filters
  return rest
}

function withoutFactorsOf(kept: JsonObject): JsonObject {
  return { ...kept, filters: withoutFactors(asObject(kept.filters)) }
}

/** The name of the configuration and the protocols of the second factor stay as totp/save wrote them. */
function withFactorsOf(before: JsonObject, kept: JsonObject): JsonObject {
  const factor = asObject(before.filters).totp_config
  if (factor === undefined) return kept
  return { ...kept, filters: { ...asObject(kept.filters), totp_config: factor } }
}

function checkPeriods(filters: JsonObject): void {
  const periods = filters.access_time ?? []
  if (!Array.isArray(periods)) throw invalidAccount('access_time has to be a list')
  for (const period of periods) {
    if (!isPeriod(period)) {
      throw invalidAccount('access_time takes a day_of_week from 0 to 6, and from and to as HH:MM, from before to')
    }
  }
}

function isPeriod(period: unknown): boolean {
  if (!isObject(period)) return false
  const { day_of_week: day = 0, from, to } = period
  const isDay = typeof day === 'number' && Number.isInteger(day) && day >= 0 && day <= 6
  return isDay && isTime(from) && isTime(to) && String(from) <= String(to)
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(value)
}
