/** Config: the table of options. `Config`, flags, environment variables, file keys and `docs/configuration.md` come from it. */
import { type Dialect, dialects } from '../core/dialects.ts'
import { type Parse, parsers, type TextFormats } from './formats.ts'

/** A row of the table: what the option takes, its default, and what it does. A secret has no flag. */
type Row =
  | readonly [takes: keyof TextFormats, fallback: string | null, sentence: string]
  | readonly [takes: 'secret', sentence: string]
  | readonly [takes: 'integer', fallback: number | null, range: readonly [number, number], sentence: string]
  | readonly [takes: 'flag', fallback: boolean, sentence: string]
  | readonly [takes: 'list', sentence: string]

/** The value of an option by its row. An integer or a text is null only if that is its default. */
export type ValueOf<R> = R extends readonly ['integer', infer Default, ...unknown[]]
  ? number | Extract<Default, null>
  : R extends readonly ['flag', ...unknown[]]
    ? boolean
    : R extends readonly ['list', string]
      ? readonly string[]
      : R extends readonly ['secret', string]
        ? string | null
        : R extends readonly [infer Format extends keyof TextFormats, infer Default, string]
          ? TextFormats[Format] | Extract<Default, null>
          : never

/** An option that takes a whole number; with `takesNone` also `none`, or null in the file, for no limit. */
export type IntegerOption = {
  readonly name: string
  readonly type: 'integer'
  readonly default: number | null
  readonly minimum: number
  readonly maximum: number
  readonly takesNone: boolean
}

/** One option. Its environment variable and its flag follow from the name. */
export type Option = { readonly name: string; readonly sentence: string; readonly isSecret?: true } & (
  | { readonly type: 'text'; readonly default: string | null; readonly parse: Parse<unknown> }
  | IntegerOption
  | { readonly type: 'flag'; readonly default: boolean }
  | { readonly type: 'list'; readonly default: readonly string[] }
)

const table = {
  listen: ['host:port', '127.0.0.1:55007', 'Address and port to listen on.'],
  data: ['text', './data', 'Directory of the embedded store, its keys and its socket.'],
  databaseUrl: ['text', null, 'PostgreSQL to use instead of the embedded store.'],
  publicUrl: ['base URL', null, 'Base URL of links and of proxyUrl; by default the bound address.'],
  tlsCert: ['text', null, 'File with the certificate chain, PEM; read again on SIGHUP.'],
  tlsKey: ['text', null, 'File with the private key, PEM; read again on SIGHUP.'],
  behindProxy: ['flag', false, 'A proxy in front terminates TLS, so plain HTTP may leave loopback.'],
  trustedProxies: ['list', 'Addresses and CIDRs of proxies whose forwarding header is trusted.'],
  clientIpHeader: ['header name', 'x-forwarded-for', 'Header in which trusted proxies name the client.'],
  connectionsPerAddress: [
    'integer',
    1_000,
    [1, 1_000_000],
    'Most connections of one address; behind trusted proxies, most requests and WebSockets under way of one client. An IPv6 /64 is one address.',
  ],
  bodiesMebibytes: [
    'integer',
    64,
    [8, 65_536],
    'Most mebibytes of all request bodies under way; one address may use a quarter of them.',
  ],
  allowLocalShell: ['flag', false, 'Allows servers with transport local to open shells on this machine.'],
  logLevel: ['log level', 'info', 'info, warn, error or silent.'],
  throttle: ['flag', true, 'Throttles failed sign-ins; off for benches only.'],
  maxSessions: ['integer', 200_000, [100, 50_000_000], 'Tokens kept in memory; others are read from the store.'],
  hashThreads: ['integer', null, [1, 64], 'Threads that hash passwords; by default one fewer than cores.'],
  hashQueue: ['integer', 100, [1, 10_000], 'Sign-ins that may wait for a hash; more are refused and may try again.'],
  'password.minimumAlone': ['integer', 15, [8, 256], 'Fewest characters of a password that is the only factor.'],
  'password.minimumWithSecondFactor': [
    'integer',
    8,
    [8, 256],
    'Fewest characters of a password beside a second factor.',
  ],
  keyRotationDays: ['integer', 30, [1, 3_650], 'Days after which a new key signs the tokens of control.'],
  'smtp.url': ['secret', 'SMTP server for mails, as smtp://USER:PASSWORD@HOST:PORT or smtps://; none by default.'],
  'smtp.from': ['text', null, 'Sender address of mails.'],
  'koyeb.oldTokenGraceSeconds': [
    'integer',
    null,
    [30, 86_400],
    'Seconds that a token of koyeb stays valid after its exchange; by default until it expires.',
  ],
  'sftpgo.bindAddress': ['flag', true, 'A token of sftpgo is valid only from the address that got it.'],
  'sftpgo.tokenValidation': [
    'integer',
    0,
    [0, 3],
    'Bits as in SFTPGo: 1 accepts sftpgo tokens from any address (like bindAddress off), 2 ends them at any change of the account.',
  ],
  'sftpgo.disabledLoginMethods': [
    'integer',
    0,
    [0, 255],
    'Bits as in SFTPGo: 16 and 32 remove the token endpoints of administrators and users, 64 and 128 ignore their API keys.',
  ],
  'sftpgo.signingPassphrase': ['secret', 'Passphrase that signs sftpgo tokens, instead of a random key.'],
  'pacerpro.jwtKey': ['secret', 'Key that signs pacerpro tokens, instead of a random one.'],
  'pacerpro.acceptBareToken': ['flag', true, 'Accepts an Authorization header that is only a token, without "Bearer".'],
  'giantswarm.installationName': [
    'installation name',
    'sallyport',
    'Name that gsctl uses as the alias of this endpoint.',
  ],
  'pty.tokenSeconds': ['integer', 120, [10, 120], 'Life of a start or join token, in seconds.'],
  'pty.gatewayGroup': ['text', 'OS', 'Gateway group that start and join tokens name.'],
  'pty.maxUnusedTokens': [
    'integer',
    50,
    [1, 10_000],
    'Most start and join tokens of one account that are neither used nor expired.',
  ],
  'gateway.listen': [
    'host:port',
    null,
    'Address and port of a listener for terminals only; by default they share the one listener.',
  ],
  'gateway.publicUrl': ['base URL', null, 'Base URL of proxyUrl, if terminals have another address than the API.'],
  'gateway.allowedOrigins': ['list', 'Origins beside our own whose pages may open terminals.'],
  'terminals.observers': [
    'integer',
    0,
    [0, 5],
    'Observers that every terminal under a change request needs, unless a policy needs more.',
  ],
  'terminals.idleMinutes': [
    'integer',
    15,
    [1, 1_440],
    'Minutes without input after which a terminal under a change request ends.',
  ],
  'terminals.healthCheckIdleMinutes': [
    'integer',
    2,
    [1, 1_440],
    'Minutes without input after which a health check ends.',
  ],
  'terminals.headlessMinutes': [
    'integer',
    5,
    [1, 1_440],
    'Minutes after which a terminal without an implementor ends.',
  ],
  'terminals.retentionMonths': ['integer', 12, [1, 1_200], 'Months after which recordings are removed.'],
  'terminals.maxSessions': ['integer', 200, [1, 10_000], 'Most PTY sessions on this node.'],
  'terminals.maxPerAccount': [
    'integer',
    20,
    [1, 10_000],
    'Most terminals that one account implements, or implemented last; those that it observes do not count.',
  ],
  'terminals.recordingLimitMib': [
    'integer',
    1_024,
    [1, 1_048_576],
    'Size of a recording at which its terminal ends, in MiB.',
  ],
  'terminals.openFloorMib': [
    'integer',
    512,
    [0, 1_048_576],
    'Free space on the disk of the recordings below which no terminal opens, in MiB.',
  ],
  'terminals.endFloorMib': [
    'integer',
    256,
    [0, 1_048_576],
    'Free space on the disk of the recordings below which open terminals end, in MiB.',
  ],
  'ssh.keyType': ['key type', 'ed25519', 'Key type of certificates for terminals: ed25519, or ecdsa for P-256.'],
  'ssh.sourceAddress': [
    'source address',
    'auto',
    'Address that certificates are limited to: auto (our address on the route), off, or addresses and CIDRs.',
  ],
} as const

/** Options of each dialect. Every integer takes `none`; `dialectDefaults` has their defaults. */
const dialectTable = {
  enabled: ['flag', true, 'Serves the dialect DIALECT.'],
  prefix: ['path prefix', '', 'Path before every path of DIALECT, such as /qa.'],
  allowedOrigins: ['list', 'Origins whose pages may call DIALECT from a browser (CORS).'],
  tokenSeconds: ['integer', null, [1, 315_360_000], 'Life of an access token of DIALECT, in seconds.'],
  idleSeconds: ['integer', null, [1, 315_360_000], 'Seconds without use after which a session of DIALECT ends.'],
  absoluteSeconds: ['integer', null, [1, 315_360_000], 'Seconds after its sign-in at which a session of DIALECT ends.'],
  keepNewest: ['integer', null, [1, 1_000_000], 'Most live sessions of one account at DIALECT; the oldest ends.'],
} as const

type DialectLimit = 'tokenSeconds' | 'idleSeconds' | 'absoluteSeconds' | 'keepNewest'

const day = 86_400

/** Limits by dialect; no limit is the default of the others. */
const dialectDefaults: Readonly<Record<Dialect, Readonly<Partial<Record<DialectLimit, number>>>>> = {
  control: { tokenSeconds: 600, idleSeconds: 3_600, absoluteSeconds: day },
  sftpgo: { tokenSeconds: 1_200, absoluteSeconds: 1_200 },
  pacerpro: { tokenSeconds: 3_600, absoluteSeconds: 30 * day },
  giantswarm: { keepNewest: 100 },
  koyeb: { tokenSeconds: day, absoluteSeconds: 30 * day, keepNewest: 200 },
}

/** The table, for types that follow from it. */
export type OptionTable = typeof table

/** The table of each dialect, for types that follow from it. */
export type DialectTable = typeof dialectTable

/** Every option, in the order of the tables. */
export const options: readonly Option[] = [
  ...Object.entries<Row>(table).map(([name, row]) => optionOf(name, row)),
  ...dialects.flatMap(dialectOptions),
]

function dialectOptions(dialect: Dialect): Option[] {
  const defaults: Readonly<Partial<Record<string, number>>> = dialectDefaults[dialect]
  return Object.entries<Row>(dialectTable).map(([key, row]) => {
    const option = optionOf(`${dialect}.${key}`, row)
    const sentence = option.sentence.replace('DIALECT', dialect)
    return option.type === 'integer' ? { ...option, default: defaults[key] ?? null, sentence } : { ...option, sentence }
  })
}

function optionOf(name: string, row: Row): Option {
  switch (row[0]) {
    case 'integer': {
      const [type, fallback, [minimum, maximum], sentence] = row
      return { name, type, default: fallback, minimum, maximum, takesNone: fallback === null, sentence }
    }
    case 'flag':
      return { name, type: 'flag', default: row[1], sentence: row[2] }
    case 'list':
      return { name, type: 'list', default: [], sentence: row[1] }
    case 'secret':
      return { name, type: 'text', default: null, isSecret: true, sentence: row[1], parse: parsers.text }
    default: {
      const [format, fallback, sentence] = row
      return { name, type: 'text', default: fallback, sentence, parse: parsers[format] }
    }
  }
}

/** Returns the environment variable of an option: `pacerpro.jwtKey` is `SALLYPORT_PACERPRO_JWT_KEY`. */
export function environmentName(name: string): string {
  return `SALLYPORT_${name.replaceAll('.', '_').replace(/[A-Z]/g, '_$&').toUpperCase()}`
}

/** Returns the flag of an option: `pacerpro.jwtKey` is `--pacerpro-jwt-key`. */
export function flagName(name: string): string {
  return `--${name.replaceAll('.', '-').replace(/[A-Z]/g, '-$&').toLowerCase()}`
}

/** Returns the dialect that an option belongs to; undefined: it belongs to none. */
export function dialectOf({ name }: Option): Dialect | undefined {
  return dialects.find((dialect) => name.startsWith(`${dialect}.`))
}
