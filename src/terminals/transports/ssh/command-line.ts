/** Terminals: the command line of the client program; no configuration of a user or of the machine applies. */
import { isIP } from 'node:net'
import { inventoryName } from '../../../core/terminals/server.ts'
import { NotPossibleHere } from './not-possible-here.ts'

/** Names that need no quoting and cannot be an option. */
const osUserName = /^[a-z_][a-z0-9_-]{0,31}$/

/** Paths that may be an option's value as they are: no blanks, and no `%`, `$` or `~`, which OpenSSH expands. */
const plainPath = /^\/[A-Za-z0-9._/+@-]+$/

/** The facts of the command line. */
export type LoginWords = {
  readonly serverName: string
  readonly address: string
  readonly port: number
  readonly osUser: string
  /** The command that the server is asked to run; null: a shell. */
  readonly command: string | null
  readonly agentPath: string
  readonly knownHostsPath: string
  readonly logPath: string
  readonly connectTimeoutSeconds: number
}

/**
 * Functions of the client program whose messages are logged at every level: why it gave up, that the session began,
 * that an exit status came, that the server fell silent. `LogLevel` stays at ERROR, because from INFO on it writes into
 * the terminal.
 */
const evidence = [
  'packet.c:sshpkt_vfatal()*',
  'channels.c:channel_input_open_failure()*',
  'clientloop.c:client_loop()*',
  'clientloop.c:client_status_confirm()*',
  'clientloop.c:client_input_channel_req()*',
  'clientloop.c:server_alive_check()*',
].join(',')

/**
 * Returns the arguments of ssh.
 *
 * No escape character, because it would give the user port forwarding on this machine; no forwarding, no multiplexing,
 * no agent but ours, no key that was not pinned.
 *
 * @throws NotPossibleHere if a part could mean more than itself.
 */
export function sshArguments(words: LoginWords): readonly string[] {
  refuseAmbiguous(words)
  const options: Readonly<Record<string, string>> = {
    BatchMode: 'yes',
    IdentityAgent: words.agentPath,
    IdentityFile: 'none',
    PreferredAuthentications: 'publickey',
    HostKeyAlias: words.serverName,
    UserKnownHostsFile: words.knownHostsPath,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    ControlPath: 'none',
    LogLevel: 'ERROR',
    LogVerbose: evidence,
    ConnectTimeout: String(words.connectTimeoutSeconds),
    ServerAliveInterval: '15',
    ServerAliveCountMax: '3',
    // A server accepts it if AcceptEnv includes LANG; without it programs show no characters beyond ASCII.
    SetEnv: 'LANG=C.UTF-8',
  }
  return [
    ...['-F', '/dev/null', '-e', 'none', '-tt', '-p', String(words.port), '-E', words.logPath],
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...['--', `${words.osUser}@${words.address}`],
    ...(words.command === null ? [] : [words.command]),
  ]
}

/** Returns the environment of ssh: the terminal's type, which it passes on, and nothing of ours. */
export function sshEnvironment(): Readonly<Record<string, string>> {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TERM: 'xterm-256color' }
}

function refuseAmbiguous(words: LoginWords): void {
  const refuse = (what: string): never => {
    throw new NotPossibleHere(`${what} cannot stand on the command line of ssh.`)
  }
  if (!inventoryName.test(words.serverName)) refuse('The name of the server')
  if (isIP(words.address) === 0 || words.address.includes('%')) refuse('The address')
  if (!Number.isInteger(words.port) || words.port < 1 || words.port > 65_535) refuse('The port')
  if (!osUserName.test(words.osUser)) refuse('The OS user')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds.
  if (words.command !== null && /^$|[\x00-\x1f\x7f]/.test(words.command)) refuse('The command')
  for (const path of [words.agentPath, words.knownHostsPath, words.logPath]) {
    if (!plainPath.test(path)) refuse(`The path ${JSON.stringify(path)}`)
  }
}
