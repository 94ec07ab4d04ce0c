/** Config: the table of every option, once; flags, environment variables, file keys and `docs/configuration.md` come from it. */
import { type Dialect, dialects } from '../core/dialects.ts'

/** What an option takes. Integers carry their unit in the option's name or sentence. */
export type OptionKind =
  | { readonly type: 'text'; readonly default: string | null }
  | { readonly type: 'integer'; readonly default: number | null; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'flag'; readonly default: boolean }
  | { readonly type: 'list'; readonly default: readonly string[] }

/** One option. Its environment variable and its flag follow from the name. */
export type Option = { readonly name: string; readonly sentence: string; readonly isSecret?: true } & OptionKind

const day = 86_400
const longest = 10 * 365 * day

/** Lifetimes by dialect, in seconds; null: none. */
const lives: Readonly<
  Record<Dialect, readonly [token: number | null, idle: number | null, absolute: number | null, keep: number | null]>
> = {
  control: [600, 3_600, day, null],
  sftpgo: [1_200, null, 1_200, null],
  pacerpro: [3_600, null, 30 * day, null],
  giantswarm: [null, null, null, 100],
  koyeb: [day, null, 30 * day, 200],
}

/** Options that each dialect has. */
function dialectOptions(dialect: Dialect): Option[] {
  const [token, idle, absolute, keep] = lives[dialect]
  const seconds = (name: string, value: number | null, sentence: string): Option => ({
    name: `${dialect}.${name}`,
    type: 'integer',
    default: value,
    minimum: 1,
    maximum: longest,
    sentence,
  })
  return [
    { name: `${dialect}.enabled`, type: 'flag', default: true, sentence: `Serves the ${dialect} dialect.` },
    {
      name: `${dialect}.prefix`,
      type: 'text',
      default: '',
      sentence: `Path put before every path of ${dialect}, such as /qa.`,
    },
    {
      name: `${dialect}.allowedOrigins`,
      type: 'list',
      default: [],
      sentence: `Origins whose pages may call ${dialect} from a browser (CORS).`,
    },
    seconds('tokenSeconds', token, `Life of an access token of ${dialect}, in seconds.`),
    seconds('idleSeconds', idle, `A session of ${dialect} ends when it was not used for so many seconds.`),
    seconds('absoluteSeconds', absolute, `A session of ${dialect} ends so many seconds after its sign-in.`),
    {
      name: `${dialect}.keepNewest`,
      type: 'integer',
      default: keep,
      minimum: 1,
      maximum: 1_000_000,
      sentence: `Live sessions that one account may have at ${dialect}; the oldest ends.`,
    },
  ]
}

/** Every option. */
export const options: readonly Option[] = [
  { name: 'listen', type: 'text', default: '127.0.0.1:55007', sentence: 'Address and port to listen on.' },
  {
    name: 'data',
    type: 'text',
    default: './data',
    sentence: 'Directory of the embedded store, its keys and its socket.',
  },
  { name: 'databaseUrl', type: 'text', default: null, sentence: 'PostgreSQL to use instead of the embedded store.' },
  {
    name: 'publicUrl',
    type: 'text',
    default: null,
    sentence: 'Base of links and of proxyUrl; the bound address by default.',
  },
  {
    name: 'tlsCert',
    type: 'text',
    default: null,
    sentence: 'File with the certificate chain, PEM; read again on SIGHUP.',
  },
  { name: 'tlsKey', type: 'text', default: null, sentence: 'File with the private key, PEM; read again on SIGHUP.' },
  {
    name: 'behindProxy',
    type: 'flag',
    default: false,
    sentence: 'A proxy in front speaks TLS, so plain HTTP may leave loopback.',
  },
  {
    name: 'trustedProxies',
    type: 'list',
    default: [],
    sentence: 'Addresses and CIDRs whose forwarding header is believed.',
  },
  {
    name: 'clientIpHeader',
    type: 'text',
    default: 'x-forwarded-for',
    sentence: 'Header in which trusted proxies name the client.',
  },
  {
    name: 'connectionsPerAddress',
    type: 'integer',
    default: 1_000,
    minimum: 1,
    maximum: 1_000_000,
    sentence:
      'Connections that one address may have; behind trusted proxies, requests and WebSockets under way of one client. An IPv6 /64 is one address.',
  },
  {
    name: 'bodiesMebibytes',
    type: 'integer',
    default: 64,
    minimum: 8,
    maximum: 65_536,
    sentence: 'Mebibytes that bodies under way may hold together; one address may hold a quarter of them.',
  },
  {
    name: 'allowLocalShell',
    type: 'flag',
    default: false,
    sentence: 'Lets servers of transport local open shells on this machine.',
  },
  { name: 'logLevel', type: 'text', default: 'info', sentence: 'info, warn, error or silent.' },
  { name: 'throttle', type: 'flag', default: true, sentence: 'Throttles failed sign-ins; off for benches only.' },
  {
    name: 'maxSessions',
    type: 'integer',
    default: 200_000,
    minimum: 100,
    maximum: 50_000_000,
    sentence: 'Tokens kept in memory; others are read from the store.',
  },
  {
    name: 'hashThreads',
    type: 'integer',
    default: null,
    minimum: 1,
    maximum: 64,
    sentence: 'Threads that hash passwords; one fewer than cores by default.',
  },
  {
    name: 'hashQueue',
    type: 'integer',
    default: 100,
    minimum: 1,
    maximum: 10_000,
    sentence: 'Sign-ins that may wait for a hash; more are told to come back.',
  },
  {
    name: 'password.minimumAlone',
    type: 'integer',
    default: 15,
    minimum: 8,
    maximum: 256,
    sentence: 'Characters of a password that is the only factor.',
  },
  {
    name: 'password.minimumWithSecondFactor',
    type: 'integer',
    default: 8,
    minimum: 8,
    maximum: 256,
    sentence: 'Characters of a password beside a second factor.',
  },
  {
    name: 'keyRotationDays',
    type: 'integer',
    default: 30,
    minimum: 1,
    maximum: 3_650,
    sentence: 'Days after which a new signing key of control takes over.',
  },
  {
    name: 'smtp.url',
    type: 'text',
    default: null,
    isSecret: true,
    sentence: 'SMTP server that mails go out by, as smtp://USER:PASSWORD@HOST:PORT or smtps://; none by default.',
  },
  { name: 'smtp.from', type: 'text', default: null, sentence: 'Address that mails come from.' },
  {
    name: 'koyeb.oldTokenGraceSeconds',
    type: 'integer',
    default: null,
    minimum: 30,
    maximum: 86_400,
    sentence: 'Seconds that a token of koyeb lives on once it was exchanged for another; to its own end by default.',
  },
  {
    name: 'sftpgo.bindAddress',
    type: 'flag',
    default: true,
    sentence: 'A token of sftpgo is good from the address that got it only.',
  },
  {
    name: 'sftpgo.tokenValidation',
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 3,
    sentence:
      'Bits as in SFTPGo: 1 takes sftpgo tokens from any address (as bindAddress off does), 2 ends them at any change of the account.',
  },
  {
    name: 'sftpgo.disabledLoginMethods',
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 255,
    sentence:
      'Bits as in SFTPGo: 16 and 32 remove the token endpoints of administrators and users, 64 and 128 ignore their API keys.',
  },
  {
    name: 'sftpgo.signingPassphrase',
    type: 'text',
    default: null,
    isSecret: true,
    sentence: 'Passphrase that sftpgo tokens are signed with, instead of a random key.',
  },
  {
    name: 'pacerpro.jwtKey',
    type: 'text',
    default: null,
    isSecret: true,
    sentence: 'Key that pacerpro tokens are signed with, instead of a random one.',
  },
  {
    name: 'pacerpro.acceptBareToken',
    type: 'flag',
    default: true,
    sentence: 'Accepts an Authorization header of a token alone, without "Bearer".',
  },
  {
    name: 'giantswarm.installationName',
    type: 'text',
    default: 'sallyport',
    sentence: 'Name that gsctl takes as the alias of this endpoint.',
  },
  {
    name: 'pty.tokenSeconds',
    type: 'integer',
    default: 120,
    minimum: 10,
    maximum: 120,
    sentence: 'Life of a start or join token, in seconds.',
  },
  { name: 'pty.gatewayGroup', type: 'text', default: 'OS', sentence: 'Gateway group that start and join tokens name.' },
  {
    name: 'pty.maxUnusedTokens',
    type: 'integer',
    default: 50,
    minimum: 1,
    maximum: 10_000,
    sentence: 'Start and join tokens that one account has at most, used and expired ones aside.',
  },
  {
    name: 'gateway.listen',
    type: 'text',
    default: null,
    sentence: 'Address and port of a listener for terminals alone; they share the one listener by default.',
  },
  {
    name: 'gateway.publicUrl',
    type: 'text',
    default: null,
    sentence: 'Base of proxyUrl where terminals are reached at another address than the rest.',
  },
  {
    name: 'gateway.allowedOrigins',
    type: 'list',
    default: [],
    sentence: 'Origins beside our own whose pages may open terminals.',
  },
  {
    name: 'terminals.observers',
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 5,
    sentence: 'Observers that every terminal under a change request needs, where no policy says more.',
  },
  {
    name: 'terminals.idleMinutes',
    type: 'integer',
    default: 15,
    minimum: 1,
    maximum: 1_440,
    sentence: 'A terminal under a change request ends when nobody typed for so many minutes.',
  },
  {
    name: 'terminals.healthCheckIdleMinutes',
    type: 'integer',
    default: 2,
    minimum: 1,
    maximum: 1_440,
    sentence: 'A health check ends when nobody typed for so many minutes.',
  },
  {
    name: 'terminals.headlessMinutes',
    type: 'integer',
    default: 5,
    minimum: 1,
    maximum: 1_440,
    sentence: 'A terminal whose implementor is gone waits so many minutes for another.',
  },
  {
    name: 'terminals.retentionMonths',
    type: 'integer',
    default: 12,
    minimum: 1,
    maximum: 1_200,
    sentence: 'Recordings are removed after so many months.',
  },
  {
    name: 'terminals.maxSessions',
    type: 'integer',
    default: 200,
    minimum: 1,
    maximum: 10_000,
    sentence: 'PTY sessions that this node runs at most.',
  },
  {
    name: 'terminals.maxPerAccount',
    type: 'integer',
    default: 20,
    minimum: 1,
    maximum: 10_000,
    sentence:
      'Terminals that one account implements, or implemented last, at most; those that it observes do not count.',
  },
  {
    name: 'terminals.recordingLimitMib',
    type: 'integer',
    default: 1_024,
    minimum: 1,
    maximum: 1_048_576,
    sentence: 'A terminal ends when its recording has this size, in MiB.',
  },
  {
    name: 'terminals.openFloorMib',
    type: 'integer',
    default: 512,
    minimum: 0,
    maximum: 1_048_576,
    sentence: 'No terminal opens while the disk of the recordings has less room than this, in MiB.',
  },
  {
    name: 'terminals.endFloorMib',
    type: 'integer',
    default: 256,
    minimum: 0,
    maximum: 1_048_576,
    sentence: 'Terminals that run end when the disk of the recordings has less room than this, in MiB.',
  },
  {
    name: 'ssh.keyType',
    type: 'text',
    default: 'ed25519',
    sentence: 'Keys of certificates for terminals: ed25519, or ecdsa for P-256.',
  },
  {
    name: 'ssh.sourceAddress',
    type: 'text',
    default: 'auto',
    sentence: 'Address that certificates are good from: auto (as the route shows it), off, or addresses and CIDRs.',
  },
  ...dialects.flatMap(dialectOptions),
]

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
