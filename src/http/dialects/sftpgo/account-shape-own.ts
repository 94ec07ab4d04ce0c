/** sftpgo: the members that users and administrators have in common, and how a body becomes an account. */
import { Type } from 'typebox'
import type { Account } from '../../../core/accounts/account.ts'
import { longestUsername, normaliseUsername } from '../../../core/accounts/names.ts'
import type { Sealer } from '../../../core/ports.ts'
import { always, type Field, type Fields, filled, keepFields, object, own } from './account-shape-fields.ts'
import { flag, integer, type Kind, list, text } from './account-shape-kinds.ts'
import { accountName, email } from './account-shape-rules.ts'
import { secret } from './account-shape-secrets.ts'
import { asObject, type JsonObject } from './attributes.ts'
import { invalidAccount } from './validation-error.ts'

/** An account as it was sent. */
export type DecodedAccount = {
  /** Of an account that is replaced, the one that it has. */
  readonly username: string
  readonly status: Account['status']
  readonly email: string | null
  /** Unix seconds. */
  readonly expiresAt: number | null
  /** null: the one that there is stays; empty: it is taken away. */
  readonly password: string | null
  /** All else, with secrets sealed. */
  readonly kept: JsonObject
}

/** How a body becomes an account. */
export type Decoding = {
  readonly sealer: Sealer
  /** The account that is replaced; null: one is added. */
  readonly account: Account | null
  /** The stored attributes of the account; empty if it is new. */
  readonly before: JsonObject
}

/** Milliseconds of the end of the year 9999, the last that RFC 3339 can write. */
const lastMoment = 253_402_300_799_999

/** A moment in Unix milliseconds, which the account or the server sets. */
export const moment: Kind<number> = integer({
  schema: Type.Integer({ format: 'int64', description: 'Unix time in milliseconds' }),
})

/** The end of an account; 0: never. */
export const expiration: Kind<number> = integer({
  least: 0,
  most: lastMoment,
  schema: Type.Integer({
    format: 'int64',
    minimum: 0,
    maximum: lastMoment,
    description: 'Unix time in milliseconds; 0: never',
  }),
})

/** 1 is enabled. */
export const status: Kind<number> = integer({
  least: 0,
  most: 1,
  schema: Type.Integer({ enum: [0, 1], description: '0 disabled, 1 enabled' }),
})

/** The name; the request's name counts only when an account is added. */
export const username: Kind<string> = text(undefined, Type.String({ minLength: 1, maxLength: longestUsername }))

/** The e-mail address. */
export const address: Kind<string> = text(email, Type.String({ format: 'email' }))

/** A password in plain text. */
export const password: Kind<string> = text(undefined, Type.String({ format: 'password', description: 'Never shown' }))

/** A group. This server has no groups, so every name is unknown. */
export function groups(title: string, option: Fields): Field<readonly JsonObject[]> {
  const group = object(title, { name: always(text()), ...option })
  return filled(
    list(group, (members, name) => {
      const [first] = members
      if (first === undefined) return members
      throw invalidAccount(`${name} does not know ${JSON.stringify(first.name ?? '')}`)
    }),
  )
}

/** Members of `filters` that describe the second factor; the request's values are ignored. */
export function secondFactor(
  title: string,
  protocols: Fields,
): { readonly totp_config: Field; readonly recovery_codes: Field } {
  const config = { enabled: filled(flag), config_name: filled(text()), ...protocols }
  const code = object('StoredRecoveryCode', { secret: always(secret), used: filled(flag) })
  return { totp_config: own(object(title, config)), recovery_codes: own(list(code), 'filled') }
}

/** Members that every account has as its own. */
type OwnValues = {
  readonly username: string
  readonly status: number
  readonly email: string
  readonly password: string
  readonly expiration_date?: number
}

/**
 * Returns a decoded account.
 *
 * @param values The values that were read, with rules applied.
 */
export function decodedAccount(table: Fields, values: OwnValues & JsonObject, before: JsonObject): DecodedAccount {
  const { expiration_date: endsAtMs = 0 } = values
  return {
    username: values.username,
    status: values.status === 1 ? 'enabled' : 'disabled',
    email: values.email === '' ? null : values.email,
    expiresAt: endsAtMs === 0 ? null : Math.floor(endsAtMs / 1000),
    password: values.password === '' ? null : values.password,
    kept: {
      ...keepFields(table, withFactorOf(before, values)),
      ...(endsAtMs % 1000 === 0 ? {} : { expiration_date: endsAtMs }),
    },
  }
}

/** The name of the configuration and the protocols of the second factor stay as totp/save wrote them. */
function withFactorOf(before: JsonObject, values: JsonObject): JsonObject {
  const factor = asObject(before.filters).totp_config
  return factor === undefined ? values : { ...values, filters: { ...asObject(values.filters), totp_config: factor } }
}

/** Returns the name that an account has, or that of one which is added. @throws INPUT_INVALID */
export function readUsername(body: JsonObject, account: Account | null): string {
  if (account !== null) return account.username
  const name = normaliseUsername(text().read(body.username, { name: 'username', sealer: null, before: undefined }))
  if (name.kind === 'rejected') throw invalidAccount(name.reason)
  return accountName(name.username, 'username')
}
