/** sftpgo: the attributes that an account has only in this dialect, stored as one JSON object in wire form. An absent one has its default. */
import type { Account } from '../../../core/accounts/account.ts'
import type { KeptAttributes } from '../../../core/accounts/commands.ts'
import { type AccessTime, type KeptRules, writeRules } from '../../../core/accounts/rules.ts'
import { dialects } from '../../../core/dialects.ts'
import { listOf } from './authority.ts'

/** A JSON object as it was sent. */
export type JsonObject = { readonly [member: string]: unknown }

/** The attributes that this server acts on. An absent list is empty, an absent flag false. */
export type SftpgoAttributes = {
  /**
   * Administrators: the granted permissions, `*` if none were ever set. Users: empty; `webClient` has the rights that
   * were taken away.
   */
  readonly permissions: readonly string[]
  readonly role: string
  readonly description: string
  readonly additionalInfo: string
  /** Users: open connections at a time, 0 for any number. */
  readonly maxSessions: number
  readonly publicKeys: readonly string[]
  readonly allowApiKeyAuth: boolean
  readonly requirePasswordChange: boolean
  /** Administrators only. */
  readonly requireTwoFactor: boolean
  /** Administrators only: networks from which they may come; empty: any. */
  readonly allowList: readonly string[]
  /** From here on users only. */
  readonly allowedIp: readonly string[]
  readonly deniedIp: readonly string[]
  readonly deniedProtocols: readonly string[]
  readonly deniedLoginMethods: readonly string[]
  /** UTC (SFTPGo REST API, TimePeriod). */
  readonly accessTime: readonly AccessTime[]
  readonly isAnonymous: boolean
  /** Rights that are taken away, such as `mfa-disabled`. */
  readonly webClient: readonly string[]
  /** Protocols that need a second factor. */
  readonly twoFactorProtocols: readonly string[]
  /** Days after the last change; 0: never. */
  readonly passwordExpirationDays: number
  readonly additionalEmails: readonly string[]
  readonly tlsCerts: readonly string[]
  /** What totp/save said; whether a second factor is on is the account's own fact. */
  readonly totp: { readonly configName: string; readonly protocols: readonly string[] }
  /** All that is kept, in its wire form. */
  readonly kept: JsonObject
}

/** Accounts are immutable and stay in memory between requests, so each is parsed once. */
const parsed = new WeakMap<object, SftpgoAttributes>()

/** An account with its attributes. Its rules, if given, decide whether a new password is due. */
type Attributed = Pick<Account, 'attributes' | 'role' | 'authority'> & Partial<Pick<Account, 'rules'>>

/**
 * Returns the attributes of an account, with a default for each that is not kept. An administrator whose list is not kept
 * was granted its authority elsewhere, and has the list that it means.
 */
export function readAttributes(account: Attributed): SftpgoAttributes {
  const known = parsed.get(account)
  if (known !== undefined) return known
  const attributes = interpret(account, keptOf(account))
  parsed.set(account, attributes)
  return attributes
}

/** Members to merge into the stored ones. `undefined` removes one, and `filters` is merged member by member. */
export type AttributeChanges = JsonObject & { readonly filters?: JsonObject }

/** Returns what to keep for an account after a change. */
export function changeAttributes(account: Attributed, changes: AttributeChanges): KeptAttributes {
  const kept = keptOf(account)
  const filters = { ...asObject(kept.filters), ...changes.filters }
  return keepAttributes(account.role, { ...kept, ...changes, filters })
}

/** Returns members as they are kept, with what they mean as rules of the account. */
export function keepAttributes(role: Account['role'], kept: JsonObject): KeptAttributes {
  return { text: JSON.stringify(kept), rules: writeRules(rulesOf(interpret({ role, authority: null }, kept))) }
}

/** HTTP is the one protocol of SFTPGo that every door speaks. */
function rulesOf(attributes: SftpgoAttributes): KeptRules {
  const { allowList, allowedIp, deniedIp, deniedProtocols, deniedLoginMethods, accessTime } = attributes
  return {
    allowedNetworks: [...allowList, ...allowedIp],
    deniedNetworks: deniedIp,
    deniedDoors: attributes.isAnonymous || deniedProtocols.includes('HTTP') ? dialects : [],
    deniesPassword: deniedLoginMethods.includes('password'),
    accessTimes: accessTime,
    needsSecondFactor: attributes.requireTwoFactor || attributes.twoFactorProtocols.length > 0,
    passwordChangeDue: attributes.requirePasswordChange,
    passwordMaxAgeDays: attributes.passwordExpirationDays,
  }
}

function interpret({ role, authority }: Omit<Attributed, 'attributes'>, kept: JsonObject): SftpgoAttributes {
  const filters = asObject(kept.filters)
  const totp = asObject(filters.totp_config)
  const isAdmin = role === 'admin'
  return {
    permissions: isAdmin ? (asTexts(kept.permissions) ?? listOf(authority)) : [],
    role: asText(kept.role),
    description: asText(kept.description),
    additionalInfo: asText(kept.additional_info),
    maxSessions: asNumber(kept.max_sessions),
    publicKeys: asTexts(kept.public_keys) ?? [],
    allowApiKeyAuth: filters.allow_api_key_auth === true,
    requirePasswordChange: filters.require_password_change === true,
    requireTwoFactor: isAdmin && filters.require_two_factor === true,
    allowList: isAdmin ? (asTexts(filters.allow_list) ?? []) : [],
    ...interpretUser(isAdmin ? {} : filters),
    totp: { configName: asText(totp.config_name) || 'Default', protocols: asTexts(totp.protocols) ?? [] },
    kept,
  }
}

type UserAttributes = Pick<
  SftpgoAttributes,
  | 'allowedIp'
  | 'deniedIp'
  | 'deniedProtocols'
  | 'deniedLoginMethods'
  | 'accessTime'
  | 'isAnonymous'
  | 'webClient'
  | 'twoFactorProtocols'
  | 'passwordExpirationDays'
  | 'additionalEmails'
  | 'tlsCerts'
>

function interpretUser(filters: JsonObject): UserAttributes {
  return {
    allowedIp: asTexts(filters.allowed_ip) ?? [],
    deniedIp: asTexts(filters.denied_ip) ?? [],
    deniedProtocols: asTexts(filters.denied_protocols) ?? [],
    deniedLoginMethods: asTexts(filters.denied_login_methods) ?? [],
    accessTime: Array.isArray(filters.access_time) ? filters.access_time.map(asPeriod) : [],
    isAnonymous: filters.is_anonymous === true,
    webClient: asTexts(filters.web_client) ?? [],
    twoFactorProtocols: asTexts(filters.two_factor_protocols) ?? [],
    passwordExpirationDays: asNumber(filters.password_expiration),
    additionalEmails: asTexts(filters.additional_emails) ?? [],
    tlsCerts: asTexts(filters.tls_certs) ?? [],
  }
}

/** A password that is set through another dialect is no longer due; that dialect does not know of attributes. */
function keptOf({ attributes, rules }: Attributed): JsonObject {
  const kept = parseKept(attributes)
  const filters = asObject(kept.filters)
  const isDue = filters.require_password_change === true
  if (rules === undefined || isDue === rules.passwordChangeDue) return kept
  return { ...kept, filters: { ...filters, require_password_change: rules.passwordChangeDue } }
}

function parseKept(text: string | null): JsonObject {
  return text === null ? {} : asObject(JSON.parse(text))
}

/** Returns a JSON object as one, and anything else as the empty one. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** Returns whether a JSON value is an object: no list, not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asPeriod(value: unknown): AccessTime {
  const period = asObject(value)
  return { dayOfWeek: asNumber(period.day_of_week), from: asText(period.from), to: asText(period.to) }
}

function asTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((member) => typeof member === 'string') : undefined
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function asNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
