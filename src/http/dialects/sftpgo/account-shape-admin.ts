/** sftpgo: administrators, member by member (SFTPGo REST API, Admin). */
import { always, type Fields, filled, object, own, readFields, spelled } from './account-shape-fields.ts'
import { choices, flag, integer, text } from './account-shape-kinds.ts'
import {
  address,
  type DecodedAccount,
  type Decoding,
  decodedAccount,
  groups,
  moment,
  password,
  readUsername,
  secondFactor,
  status,
  username,
} from './account-shape-own.ts'
import { networks } from './account-shape-rules.ts'
import { secret } from './account-shape-secrets.ts'
import type { JsonObject } from './attributes.ts'
import { permissions } from './permissions.ts'
import { invalidAccount } from './validation-error.ts'

const filters = object('AdminFilters', {
  allow_list: filled(networks),
  allow_api_key_auth: filled(flag),
  require_password_change: filled(flag),
  require_two_factor: always(flag),
  ...secondFactor('AdminTOTPConfig', { secret: filled(secret) }),
  preferences: always(
    object('AdminPreferences', {
      hide_user_page_sections: filled(integer()),
      default_users_expiration: filled(integer()),
    }),
  ),
})

const granted = choices(permissions)

const table = {
  id: own(integer()),
  status: own(status),
  username: own(username),
  password: own(password, 'never'),
  email: own(address, 'filled'),
  permissions: always({
    ...granted,
    read: (sent, reading) => {
      const all = granted.read(sent, reading)
      return all.includes('*') ? ['*'] : all
    },
  } satisfies typeof granted),
  filters: always(filters),
  description: filled(text()),
  additional_info: filled(text()),
  groups: groups('AdminGroupMapping', {
    options: always(object('AdminGroupMappingOptions', { add_to_users_as: filled(integer({ least: 0, most: 2 })) })),
  }),
  created_at: own(moment),
  updated_at: own(moment),
  last_login: own(moment),
  role: filled(text()),
} satisfies Fields

/** Every member of an administrator. */
export const adminFields: Fields = table

/**
 * Decodes an administrator.
 *
 * @throws INPUT_INVALID with a message that begins `Validation error`.
 */
export function decodeAdmin(sent: JsonObject, { sealer, account, before }: Decoding): DecodedAccount {
  const body = spelled(table, sent)
  const name = readUsername(body, account)
  const values = readFields(table, body, { name: 'admin', sealer, before })
  if (account === null && values.password === '') throw invalidAccount('please set a password')
  if (values.permissions.length === 0) throw invalidAccount('an administrator needs at least one permission')
  if (values.permissions.includes('*') && values.role !== '') {
    throw invalidAccount('an administrator with a role cannot have the permission *')
  }
  return decodedAccount(table, { ...values, username: name }, before)
}
