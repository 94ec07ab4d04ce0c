/** Main: the configuration that a server needs for terminals, and its verification. Nothing on the server is changed. */
import { auditEvent } from '../core/audit/act.ts'
import { Refusal } from '../core/errors.ts'
import { endReasons } from '../core/terminals/ends.ts'
import type { Server } from '../core/terminals/server.ts'
import { systemTimers } from '../terminals/timers.ts'
import { SpawnBound } from '../terminals/transports/spawn-bound.ts'
import { principalOf } from '../terminals/transports/ssh/certificate.ts'
import { findSshProgram } from '../terminals/transports/ssh/find-program.ts'
import type { KeyType } from '../terminals/transports/ssh/keys.ts'
import { sourceAddressRule } from '../terminals/transports/ssh/source-address.ts'
import { createSshTransport, type SshTransport } from '../terminals/transports/ssh/ssh.ts'
import type { TransportFailureKind } from '../terminals/transports/transport.ts'
import { type LoadedAuthorityKey, loadAuthorityKey } from './authority-keys.ts'
import type { StoreCommand } from './store-command.ts'

/** Options of certificates. */
export type SshOptions = { readonly keyType: KeyType; readonly sourceAddress: string }

/** The configuration for the operator to install. */
export type ServerSetup = {
  readonly server: Server
  /** One public key line. */
  readonly authority: string
  /** Command that creates the folder of the principals. */
  readonly prepare: string
  /** Files to write, mode 0644. */
  readonly files: readonly { readonly path: string; readonly content: string }[]
  /** Required lines of sshd_config. */
  readonly needed: readonly string[]
  /** Recommended lines. */
  readonly recommended: readonly string[]
  /** Command that checks the configuration and reloads it; sessions continue. */
  readonly reload: string
}

/** The result of a trial login as one OS user. */
export type SetupCheck = {
  readonly osUser: string
  readonly login: 'works' | TransportFailureKind | 'no-command'
  /** Whether the server ran the forced command of the certificate, not the client's command; null: it ran neither. */
  readonly forceCommand: 'honoured' | 'ignored' | null
  /** The meaning, for the operator. */
  readonly sentence: string
  /** The message of the ssh client; null: there was no error. */
  readonly detail: string | null
}

const authorityPath = '/etc/ssh/sallyport_user_ca.pub'
const principalsFolder = '/etc/ssh/sallyport_principals'

/**
 * Returns the configuration that a server needs. Creates the key of the certificate authority if it is missing.
 *
 * @throws SERVER_NOT_FOUND; INPUT_INVALID for a server with transport local.
 */
export async function describeServerSetup(
  command: StoreCommand,
  name: string,
  { keyType }: SshOptions,
): Promise<ServerSetup> {
  const server = await command.reads.serverByName(name)
  if (server === null) throw new Refusal('SERVER_NOT_FOUND')
  if (server.transport !== 'ssh') {
    throw new Refusal('INPUT_INVALID', { message: 'A local server needs no setup: it uses no certificates.' })
  }
  const { publicKey } = await loadAuthority(command, keyType)
  const principals = server.osUsers.map((osUser) => ({
    path: `${principalsFolder}/${osUser}`,
    content: `${principalOf(name, osUser)}\n`,
  }))
  return {
    server,
    authority: publicKey,
    prepare: `mkdir -p -m 0755 ${principalsFolder}`,
    files: [{ path: authorityPath, content: `${publicKey}\n` }, ...principals],
    needed: [`TrustedUserCAKeys ${authorityPath}`, `AuthorizedPrincipalsFile ${principalsFolder}/%u`],
    recommended: ['AcceptEnv LANG', 'ClientAliveInterval 15', 'ClientAliveCountMax 3', 'AuthorizedKeysFile none'],
    reload: 'sshd -t && systemctl reload ssh',
  }
}

/** Logs in as each OS user of the server, one after the other, over the transport of terminals. Stores an audit event. */
export async function checkServerSetup(
  command: StoreCommand,
  { server }: ServerSetup,
  choices: SshOptions,
): Promise<readonly SetupCheck[]> {
  const transport = createTransport(command, choices)
  const checks: SetupCheck[] = []
  try {
    for (const osUser of server.osUsers) checks.push(await probe(command, transport, { server, osUser }))
  } finally {
    await transport.close()
  }
  const explained = explainTogether(checks)
  const allPassed = explained.every(isPassed)
  const act = {
    action: 'server',
    subject: `server:${server.name}`,
    detail: { setup_check: allPassed ? 'passed' : 'failed' },
  } as const
  const audit = auditEvent(command.request, { account: null, atMs: command.storeAccess.ports.clock.wallMs() }, act)
  await command.storeAccess.store.execute('appendAudit', { events: [audit] })
  return explained
}

/** Returns advice for the failed checks, without duplicates. */
export function adviceFor({ server }: ServerSetup, checks: readonly SetupCheck[]): readonly string[] {
  const { name, address, port, hostKey } = server
  const place = `check its address ${address} and port ${port}, and that sshd listens there`
  const trust = `if its host key is new, compare it on the server and pin it: \`sallyport server set ${name} ${hostKey === null ? '--host-ca' : '--host-key'} KEY\``
  const helps: Partial<Record<SetupCheck['login'], string>> = {
    'host-key-mismatch': trust,
    'connection-refused': place,
    unreachable: place,
    'connection-lost': '',
    'not-possible-here': '',
  }
  const setUp = `see \`sallyport server setup ${name}\``
  const advice = checks.filter((check) => !isPassed(check)).map(({ login }) => helps[login] ?? setUp)
  return [...new Set(advice)].filter((sentence) => sentence !== '')
}

/** Returns whether terminals and health checks can use the OS user. */
export function isPassed({ login, forceCommand }: SetupCheck): boolean {
  return login === 'works' && forceCommand === 'honoured'
}

function loadAuthority(command: StoreCommand, keyType: KeyType): Promise<LoadedAuthorityKey> {
  return loadAuthorityKey(command.storeAccess.ports, 'ssh-user-ca', { keyType, request: command.request })
}

function createTransport(command: StoreCommand, { keyType, sourceAddress }: SshOptions): SshTransport {
  const { clock, random, log } = command.storeAccess.ports
  const load = async (): Promise<{ privateKey: LoadedAuthorityKey['privateKey']; publicLine: string }> => {
    const { privateKey, publicKey } = await loadAuthority(command, keyType)
    return { privateKey, publicLine: publicKey }
  }
  const bound = new SpawnBound(systemTimers)
  return createSshTransport(
    { authority: { load }, clock, random, timers: systemTimers, bound, log },
    { keyType, sourceAddress: sourceAddressRule(sourceAddress), program: findSshProgram(process.env.PATH) },
  )
}

/** The certificate forces one command and the client asks for another. The output shows which of them ran. */
async function probe(
  command: StoreCommand,
  transport: SshTransport,
  { server, osUser }: { readonly server: Server; readonly osUser: string },
): Promise<SetupCheck> {
  const { random } = command.storeAccess.ports
  const marker = `sallyport-${Buffer.from(random.bytes(12)).toString('hex')}`
  const parts: Uint8Array[] = []
  const terminal = await transport.open(
    {
      ptySessionId: random.uuid(),
      username: 'server-setup',
      changeId: null,
      server,
      osUser,
      size: { cols: 80, rows: 24 },
      command: `echo ${marker}-forced`,
      asks: `echo ${marker}-asked`,
    },
    { onOutput: (bytes) => parts.push(bytes) },
  )
  const { failure } = await terminal.exited
  const output = Buffer.concat(parts).toString('latin1')
  if (failure !== null) return failed(osUser, failure)
  if (output.includes(`${marker}-asked`)) return { ...ran(osUser, 'ignored'), sentence: ignoredSentence }
  if (output.includes(`${marker}-forced`)) return ran(osUser, 'honoured')
  return { osUser, login: 'no-command', forceCommand: null, sentence: noCommandSentence, detail: null }
}

const ignoredSentence =
  'The server ran the command of the client, not the forced command of the certificate; do not use it for health checks.'
const noCommandSentence =
  'The login works, but neither command ran; check the shell of this OS user and the ForceCommand of sshd.'

function ran(osUser: string, forceCommand: 'honoured' | 'ignored'): SetupCheck {
  return {
    osUser,
    login: 'works',
    forceCommand,
    sentence: 'The login works, and the forced command ran.',
    detail: null,
  }
}

function failed(osUser: string, { kind, detail }: { kind: TransportFailureKind; detail: string }): SetupCheck {
  return { osUser, login: kind, forceCommand: null, sentence: sentences[kind] ?? endReasons[kind].sentence, detail }
}

/** Replace end sentences that refer to `server setup`, which the operator is already using. */
const sentences: Partial<Record<TransportFailureKind, string>> = {
  'login-refused':
    'The server refused the certificate: it does not trust it, or not for this OS user; its sshd log has the reason.',
  'principal-refused': 'The server refused this certificate for this OS user: its principal is not listed.',
  'host-key-mismatch': 'The server showed another host key than the one in the inventory.',
}

/** If one OS user can log in, the server trusts the authority. Then a refusal of another OS user is about its principal. */
function explainTogether(checks: readonly SetupCheck[]): readonly SetupCheck[] {
  if (!checks.some(({ login }) => login === 'works')) return checks
  return checks.map((check) =>
    check.login === 'login-refused'
      ? failed(check.osUser, { kind: 'principal-refused', detail: check.detail ?? '' })
      : check,
  )
}
