/** sftpgo: the filesystem of a user or a folder (SFTPGo REST API, FilesystemConfig). It is stored for clients; no file is served from it. */
import { Type } from 'typebox'
import {
  always,
  documentFields,
  type Field,
  type Fields,
  filled,
  keepFields,
  readFields,
  showBy,
  spelled,
  type Values,
} from './account-shape-fields.ts'
import { flag, integer, type Kind, list, type Reading, text } from './account-shape-kinds.ts'
import { cleanPath, keyPrefix, oneOf, trimmed } from './account-shape-rules.ts'
import { type SealedSecret, secret } from './account-shape-secrets.ts'
import { asObject, isObject, type JsonObject } from './attributes.ts'
import { invalidAccount } from './validation-error.ts'

const buffer = filled(integer({ least: 0, most: 10 }))
const concurrency = filled(integer({ least: 0, most: 64 }))
const blockSize = filled(integer({ least: 0, most: 100 }))
const clearedSize = filled(integer({ least: 0, clears: true }))
const equality = filled(integer())

/** A part of an upload to S3, in MB; 0 is the default of SFTPGo. */
const partSize = filled(
  withRule(integer({ least: 0, most: 5000 }), (size, name) => {
    if (size > 0 && size < 5) throw invalidAccount(`${name} has to be 0, or from 5 to 5000`)
    return size
  }),
)

const local = { read_buffer_size: buffer, write_buffer_size: buffer } satisfies Fields
const s3 = {
  bucket: filled(text()),
  key_prefix: filled(text(keyPrefix)),
  region: filled(text()),
  access_key: filled(text()),
  role_arn: filled(text()),
  session_token: filled(text()),
  endpoint: filled(text()),
  storage_class: filled(text(trimmed)),
  acl: filled(text(trimmed)),
  upload_part_size: partSize,
  upload_concurrency: concurrency,
  download_part_size: partSize,
  upload_part_max_time: filled(integer()),
  download_concurrency: concurrency,
  download_part_max_time: filled(integer()),
  force_path_style: filled(flag),
  skip_tls_verify: filled(flag),
  access_secret: filled(secret),
  sse_customer_key: filled(secret),
} satisfies Fields
const gcs = {
  bucket: filled(text()),
  key_prefix: filled(text(keyPrefix)),
  automatic_credentials: filled(integer()),
  storage_class: filled(text(trimmed)),
  acl: filled(text(trimmed)),
  upload_part_size: clearedSize,
  upload_part_max_time: clearedSize,
  credentials: filled(secret),
} satisfies Fields
const azure = {
  container: filled(text()),
  account_name: filled(text()),
  endpoint: filled(text()),
  key_prefix: filled(text(keyPrefix)),
  upload_part_size: blockSize,
  upload_concurrency: concurrency,
  download_part_size: blockSize,
  download_concurrency: concurrency,
  use_emulator: filled(flag),
  access_tier: filled(text(oneOf(['Archive', 'Hot', 'Cool', 'Cold']))),
  account_key: filled(secret),
  sas_url: filled(secret),
} satisfies Fields
const encrypted = { ...local, passphrase: filled(secret) } satisfies Fields
const sftp = {
  endpoint: filled(text((value) => (value.includes(':') ? value : `${value}:22`))),
  username: filled(text()),
  fingerprints: filled(list(text())),
  prefix: filled(text(cleanPath)),
  disable_concurrent_reads: filled(flag),
  buffer_size: filled(integer({ least: 0, most: 16 })),
  equality_check_mode: equality,
  password: filled(secret),
  private_key: filled(secret),
  key_passphrase: filled(secret),
} satisfies Fields
const http = {
  endpoint: filled(text(webAddress)),
  username: filled(text()),
  skip_tls_verify: filled(flag),
  equality_check_mode: equality,
  password: filled(secret),
  api_key: filled(secret),
} satisfies Fields

/** A provider's configuration. @param rule refuses what the provider cannot work with, and fills in what it fills in. */
function config<Table extends Fields>(
  title: string,
  table: Table,
  rule: (values: Values<Table>) => Values<Table> = (values) => values,
): ProviderConfig {
  return {
    kind: {
      form: 'object',
      read: (sent, reading) => {
        if (sent !== undefined && sent !== null && !isObject(sent)) {
          throw invalidAccount(`${reading.name} has to be an object`)
        }
        const values = readFields(table, asObject(sent), reading)
        return keepFields(table, reading.sealer === null ? values : rule(values))
      },
      show: showBy(table),
      schema: Type.Object(documentFields(table), { title }),
      inner: table,
    },
    shown: 'always',
    isOwn: false,
  }
}

type ProviderConfig = Field<JsonObject>

/** Configurations in the order in which they are shown; the number of a provider is its place. */
const configs = {
  osconfig: config('OsFsConfig', local),
  s3config: config('S3Config', s3, (values) => {
    needs('s3config', { bucket: values.bucket, 'region or endpoint': values.region || values.endpoint })
    if ((values.access_key === '') !== isEmpty(values.access_secret)) {
      throw invalidAccount('s3config: access_key and access_secret are set together or not at all')
    }
    return values
  }),
  gcsconfig: config('GCSConfig', gcs, (values) => {
    needs('gcsconfig', { bucket: values.bucket })
    if (values.automatic_credentials === 1) return { ...values, credentials: {} }
    needs('gcsconfig', { credentials: values.credentials })
    return values
  }),
  azblobconfig: config('AzureBlobFsConfig', azure, (values) => {
    if (!isEmpty(values.sas_url)) return values
    const { container, account_name: accountName, account_key: accountKey } = values
    needs('azblobconfig', { container, account_name: accountName, account_key: accountKey })
    return values
  }),
  cryptconfig: config('CryptFsConfig', encrypted, (values) => {
    needs('cryptconfig', { passphrase: values.passphrase })
    return values
  }),
  sftpconfig: config('SFTPFsConfig', sftp, (values) => {
    const { endpoint, username, password, private_key: privateKey } = values
    needs('sftpconfig', { endpoint, username, 'password or private_key': isEmpty(password) ? privateKey : password })
    return { ...values, prefix: values.prefix || '/' }
  }),
  httpconfig: config('HTTPFsConfig', http, (values) => {
    needs('httpconfig', { endpoint: values.endpoint })
    return values
  }),
} satisfies Fields

const names = Object.keys(configs)

/** Providers whose files lie elsewhere: a home directory is only their place for temporary files. */
const remote: ReadonlySet<number> = new Set([1, 2, 3, 5, 6])

const provider = integer({
  least: 0,
  most: names.length - 1,
  clears: true,
  schema: Type.Integer({
    format: 'int32',
    description: '0 local, 1 S3, 2 Google Cloud Storage, 3 Azure Blob Storage, 4 local and encrypted, 5 SFTP, 6 HTTP',
  }),
})

const table: Fields = { provider: always(provider), ...configs }

/** A filesystem: the configuration of its provider is kept, and the others are only checked. */
export const filesystem: Kind<JsonObject> = {
  form: 'object',
  read: readFilesystem,
  show: showBy(table),
  schema: Type.Object(documentFields(table), { title: 'FilesystemConfig' }),
  inner: table,
}

/** Returns whether the files of a stored filesystem are on another machine or service. */
export function isRemote(kept: JsonObject): boolean {
  return remote.has(Number(kept.provider ?? 0))
}

function readFilesystem(sent: unknown, reading: Reading): JsonObject {
  if (sent !== undefined && sent !== null && !isObject(sent)) {
    throw invalidAccount(`${reading.name} has to be an object`)
  }
  const body = spelled(table, asObject(sent))
  const before = asObject(reading.before)
  const chosen = provider.read(body.provider, { ...reading, name: 'provider' })
  const read = Object.entries(configs).map(([name, { kind }], place) => {
    const sealer = place === chosen ? reading.sealer : null
    return [name, kind.read(body[name], { name, sealer, before: before[name] })] as const
  })
  return keepFields(table, { provider: chosen, ...Object.fromEntries(read.filter((_one, place) => place === chosen)) })
}

function withRule(kind: Kind<number>, rule: (value: number, name: string) => number): Kind<number> {
  return { ...kind, read: (sent, reading) => rule(kind.read(sent, reading), reading.name) }
}

function needs(name: string, wanted: Readonly<Record<string, string | SealedSecret>>): void {
  const missing = Object.entries(wanted).find(([, value]) =>
    typeof value === 'string' ? value === '' : isEmpty(value),
  )
  if (missing !== undefined) throw invalidAccount(`${name}: ${missing[0]} is mandatory`)
}

function isEmpty(value: SealedSecret): boolean {
  return Object.keys(value).length === 0
}

function webAddress(value: string, name: string): string {
  const address = value.replace(/\/+$/, '')
  if (/^https?:\/\//.test(address) && URL.canParse(address)) return address
  throw invalidAccount(`${name} has to be an address of http or https`)
}
