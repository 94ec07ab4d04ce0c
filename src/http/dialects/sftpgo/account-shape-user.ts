/** sftpgo: users, member by member (SFTPGo REST API, User). */
import { posix } from 'node:path'
import { Type } from 'typebox'
import { always, type Fields, filled, object, own, readFields, spelled, type Values } from './account-shape-fields.ts'
import { filesystem, isRemote } from './account-shape-filesystem.ts'
import { choices, flag, integer, list, map, text, texts } from './account-shape-kinds.ts'
import {
  address,
  type DecodedAccount,
  type Decoding,
  decodedAccount,
  expiration,
  groups,
  moment,
  password,
  readUsername,
  secondFactor,
  status,
  username,
} from './account-shape-own.ts'
import {
  absolutePath,
  certificates,
  cleanPath,
  emails,
  networks,
  oneOf,
  publicKeys,
  shellPattern,
  timeOfDay,
} from './account-shape-rules.ts'
import { secret } from './account-shape-secrets.ts'
import { asObject, type JsonObject } from './attributes.ts'
import { invalidAccount } from './validation-error.ts'

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

const loginMethods = [
  'publickey',
  'password',
  'password-over-SSH',
  'keyboard-interactive',
  'publickey+password',
  'publickey+keyboard-interactive',
  'TLSCertificate',
  'TLSCertificate+password',
]

const protocols = ['SSH', 'FTP', 'DAV', 'HTTP']
const protocolsOfFactor = ['SSH', 'FTP', 'HTTP']

const filePermissions = [
  '*',
  'list',
  'download',
  'upload',
  'overwrite',
  'delete',
  'delete_files',
  'delete_dirs',
  'rename',
  'rename_files',
  'rename_dirs',
  'create_dirs',
  'create_symlinks',
  'chmod',
  'chown',
  'chtimes',
  'copy',
]

/** What an anonymous user may do at most. */
const readOnly = ['list', 'download']

/** Permissions by directory; `*` stands for all of a directory. */
const permissions = map(choices(filePermissions), (granted) => {
  const cleaned = Object.entries(granted).map(([directory, all]) => {
    const path = cleanDirectory(directory)
    if (path === '/' && all.length === 0) throw invalidAccount('no permissions granted for the directory "/"')
    return [path, all.includes('*') ? ['*'] : all] as const
  })
  return Object.fromEntries(cleaned.sort(([one], [other]) => (one < other ? -1 : 1)))
})

/** @throws INPUT_INVALID for a directory that is not absolute, and for another name of `/`. */
function cleanDirectory(directory: string): string {
  if (!directory.startsWith('/')) {
    throw invalidAccount(`permissions has ${JSON.stringify(directory)}, which is no absolute path`)
  }
  const path = cleanPath(directory)
  if (path === '/' && directory !== '/') {
    throw invalidAccount(`permissions has ${JSON.stringify(directory)}, which is another name of "/"`)
  }
  return path
}

const FilePattern = object(
  'PatternsFilter',
  {
    path: always(text(absolutePath)),
    allowed_patterns: filled(texts(shellPattern)),
    denied_patterns: filled(texts(shellPattern)),
    deny_policy: filled(integer({ least: 0, most: 1 })),
  },
  (values) => {
    if (values.path === '') throw invalidAccount('file_patterns needs a path for each entry')
    if (values.allowed_patterns.length > 0 || values.denied_patterns.length > 0) return values
    throw invalidAccount(`file_patterns has no pattern for ${JSON.stringify(values.path)}`)
  },
)

const filePatterns = list(FilePattern, (entries) => {
  const paths = entries.map(({ path }) => path)
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  if (twice !== undefined) throw invalidAccount(`file_patterns names ${JSON.stringify(twice)} twice`)
  return entries
})

const bandwidth = filled(integer({ least: 0, clears: true }))

const BandwidthLimit = object(
  'BandwidthLimit',
  { sources: always(networks), upload_bandwidth: bandwidth, download_bandwidth: bandwidth },
  (values) => {
    if (values.sources.length > 0) return values
    throw invalidAccount('bandwidth_limits needs sources for each entry')
  },
)

const TimePeriod = object(
  'TimePeriod',
  {
    day_of_week: always(
      integer({ least: 0, most: 6, schema: Type.Integer({ minimum: 0, maximum: 6, description: '0 is Sunday' }) }),
    ),
    from: always(text(timeOfDay, Type.String({ description: 'HH:MM, UTC' }))),
    to: always(text(timeOfDay, Type.String({ description: 'HH:MM, UTC' }))),
  },
  (values) => {
    if (values.from !== '' && values.from < values.to) return values
    throw invalidAccount('access_time needs from and to for each entry, with from before to')
  },
)

const hooks = object('HooksFilter', {
  external_auth_disabled: always(flag),
  pre_login_disabled: always(flag),
  check_password_disabled: always(flag),
})

const filterTable = {
  allowed_ip: filled(networks),
  denied_ip: filled(networks),
  denied_login_methods: filled(choices(loginMethods, { mayHoldAll: false })),
  denied_protocols: filled(choices(protocols, { mayHoldAll: false })),
  file_patterns: filled(filePatterns),
  max_upload_file_size: filled(integer()),
  tls_username: filled(text(oneOf(['None', 'CommonName']))),
  tls_certs: filled(certificates),
  hooks: always(hooks),
  disable_fs_checks: filled(flag),
  web_client: filled(choices(webClientOptions)),
  allow_api_key_auth: filled(flag),
  user_type: filled(text()),
  bandwidth_limits: filled(list(BandwidthLimit)),
  // There is no external authentication, and without one SFTPGo keeps no time for it.
  external_auth_cache_time: own(integer(), 'never'),
  start_directory: filled(text((value) => cleanPath(value).replace(/^\/$/, ''))),
  two_factor_protocols: filled(choices(protocolsOfFactor)),
  ftp_security: filled(integer()),
  is_anonymous: filled(flag),
  default_shares_expiration: filled(integer()),
  max_shares_expiration: filled(integer()),
  password_expiration: filled(integer({ least: 0 })),
  password_strength: filled(integer()),
  access_time: filled(list(TimePeriod)),
  enforce_secure_algorithms: filled(flag),
  require_password_change: filled(flag),
  additional_emails: filled(emails),
  ...secondFactor('UserTOTPConfig', { secret: always(secret), protocols: filled(texts()) }),
} satisfies Fields

const filters = object('UserFilters', filterTable, (values) => {
  if (values.two_factor_protocols.length > 0 && values.web_client.includes('mfa-disabled')) {
    throw invalidAccount('two-factor authentication cannot be required and disabled at the same time')
  }
  return values.is_anonymous ? withoutOtherWays(values) : values
})

/** An anonymous user is asked for no password that counts, so every other way is closed. */
function withoutOtherWays(values: Values<typeof filterTable>): Values<typeof filterTable> {
  const others = loginMethods.filter((method) => method !== 'password')
  return {
    ...values,
    denied_protocols: [...new Set([...values.denied_protocols, 'SSH', 'HTTP'])],
    denied_login_methods: [...new Set([...values.denied_login_methods, ...others])],
  }
}

const VirtualFolder = object(
  'VirtualFolder',
  {
    id: own(integer(), 'never'),
    name: always(text()),
    mapped_path: filled(text(absolutePath)),
    description: filled(text()),
    used_quota_size: always(integer({ least: 0 })),
    used_quota_files: always(integer({ least: 0 })),
    last_quota_update: always(integer({ least: 0 })),
    filesystem: always(filesystem),
    virtual_path: always(text(cleanPath)),
    quota_size: always(integer({ least: -1 })),
    quota_files: always(integer({ least: -1 })),
  },
  (values) => {
    if (values.name === '') throw invalidAccount('virtual_folders needs a name for each entry')
    if (values.virtual_path === '') throw invalidAccount('virtual_folders needs a virtual_path for each entry')
    if ((values.quota_size === -1) === (values.quota_files === -1)) return values
    throw invalidAccount('virtual_folders takes -1 for quota_size and quota_files together alone')
  },
)

const amount = always(integer())
const used = own(integer(), 'never')

const table = {
  id: own(integer()),
  status: own(status),
  username: own(username),
  email: own(address, 'filled'),
  expiration_date: own(expiration),
  password: own(password, 'never'),
  public_keys: filled(publicKeys),
  has_password: own(flag, 'filled'),
  home_dir: always(text(absolutePath)),
  uid: amount,
  gid: amount,
  max_sessions: always(integer({ least: 0 })),
  quota_size: amount,
  quota_files: amount,
  permissions: always(permissions),
  used_quota_size: used,
  used_quota_files: used,
  last_quota_update: used,
  upload_bandwidth: bandwidth,
  download_bandwidth: bandwidth,
  upload_data_transfer: amount,
  download_data_transfer: amount,
  total_data_transfer: amount,
  used_upload_data_transfer: used,
  used_download_data_transfer: used,
  last_login: own(moment),
  created_at: own(moment),
  updated_at: own(moment),
  first_download: used,
  first_upload: used,
  last_password_change: own(moment, 'filled'),
  description: filled(text()),
  additional_info: filled(text()),
  groups: groups('GroupMapping', { type: always(integer()) }),
  role: filled(text()),
  filters: always(filters),
  virtual_folders: filled(list(VirtualFolder)),
  filesystem: always(filesystem),
} satisfies Fields

/** Every member of a user. */
export const userFields: Fields = table

/**
 * Decodes a user.
 *
 * @throws INPUT_INVALID with a message that begins `Validation error`.
 */
export function decodeUser(sent: JsonObject, { sealer, account, before }: Decoding): DecodedAccount {
  const body = spelled(table, sent)
  const name = readUsername(body, account)
  const values = readFields(table, body, { name: 'user', sealer, before })
  const decoded = decodedAccount(
    table,
    {
      ...values,
      username: name,
      home_dir: homeOf(values, name),
      permissions: permissionsOf(values),
      ...(values.total_data_transfer > 0 ? { upload_data_transfer: 0, download_data_transfer: 0 } : {}),
    },
    before,
  )
  return body.password === '' ? { ...decoded, password: '' } : decoded
}

/** @throws INPUT_INVALID */
function homeOf(values: Values<typeof table>, name: string): string {
  if (values.home_dir !== '') return values.home_dir
  if (isRemote(values.filesystem)) return posix.join('/tmp', name)
  throw invalidAccount('home_dir is mandatory')
}

/** @throws INPUT_INVALID */
function permissionsOf(values: Values<typeof table>): Values<typeof table>['permissions'] {
  if (Object.keys(values.permissions).length === 0) throw invalidAccount('please grant some permissions to this user')
  if (!Object.hasOwn(values.permissions, '/')) throw invalidAccount('permissions for the root dir "/" must be set')
  if (asObject(values.filters).is_anonymous !== true) return values.permissions
  return Object.fromEntries(Object.keys(values.permissions).map((directory) => [directory, readOnly]))
}
