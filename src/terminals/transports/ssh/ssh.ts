/** Terminals: the transport over OpenSSH. Every terminal has its own key, certificate, agent and client program. */
import { access, constants } from 'node:fs/promises'
import { Refusal } from '../../../core/errors.ts'
import type { Clock, Log, Random } from '../../../core/ports.ts'
import type { Timers } from '../../timers.ts'
import { failedTerminal } from '../failed-terminal.ts'
import type { SpawnBound } from '../spawn-bound.ts'
import { spawnPty } from '../spawn-pty.ts'
import type { Terminal, TerminalListener, TerminalRequest, Transport, TransportFailure } from '../transport.ts'
import { loadSigningKey, type SshAuthority } from './authority.ts'
import { classifyEnd } from './classify-failure.ts'
import { sshArguments, sshEnvironment } from './command-line.ts'
import { HeldInput } from './held-input.ts'
import { type KeyType, makeSigningKey } from './keys.ts'
import { type Login, prepareLogin } from './login.ts'
import { NotPossibleHere } from './not-possible-here.ts'
import { type SourceAddressRule, sourceAddresses } from './source-address.ts'

/** The ports of the transport. */
export type SshPorts = {
  readonly authority: SshAuthority
  readonly clock: Pick<Clock, 'wallMs'>
  readonly random: Pick<Random, 'bytes'>
  readonly timers: Timers
  /** Shared by all transports of the process. */
  readonly bound: Pick<SpawnBound, 'run'>
  readonly log: Pick<Log, 'error'>
}

/** The operator's settings. */
export type SshSettings = {
  /** For the key of each login; the authority's own key was chosen when it was created. */
  readonly keyType: KeyType
  readonly sourceAddress: SourceAddressRule
  /** Path of the client program, OpenSSH 8.5 or newer. */
  readonly program: string
  /** 10 by default. */
  readonly connectTimeoutSeconds?: number
}

/** A terminal over ssh; `asks` is for probes, which ask the server for another command than the certificate forces. */
export type SshRequest = TerminalRequest & { readonly asks?: string }

/** The transport: a `Transport` that also takes probes. */
export type SshTransport = Pick<Transport, 'close'> & {
  /** Opens a terminal. @throws as `Transport` says. */
  readonly open: (request: SshRequest, listener: TerminalListener) => Promise<Terminal>
}

/** The message to the user whenever we end a terminal: the certificate was for one login, so we cannot look again. */
const survivorsSentence =
  'The connection to the server was ended; a program there that was detached (nohup, setsid), or ignores the hang-up, runs on.'

/** Returns the transport. */
export function createSshTransport(ports: SshPorts, settings: SshSettings): SshTransport {
  const running = new Set<Terminal>()
  let isClosed = false
  return {
    open: async (request, listener) => {
      if (isClosed) throw new Refusal('NO_GATEWAY')
      const terminal = await ports.bound.run(() => openTerminal({ ports, settings, request }, listener))
      running.add(terminal)
      void terminal.exited.then(() => running.delete(terminal))
      if (isClosed) await terminal.end()
      return terminal
    },
    close: async () => {
      isClosed = true
      await Promise.all([...running].map((terminal) => terminal.end()))
    },
  }
}

type Opening = { readonly ports: SshPorts; readonly settings: SshSettings; readonly request: SshRequest }

async function openTerminal(opening: Opening, listener: TerminalListener): Promise<Terminal> {
  const login = await tryLogin(opening)
  if ('kind' in login) return failedTerminal(login)
  try {
    return await startClient(opening, { login, listener })
  } catch (error) {
    await login.finish()
    const failure = failureOf(error)
    if (failure === null) throw error
    return failedTerminal(failure)
  }
}

async function startClient(
  { ports, settings, request }: Opening,
  { login, listener }: { readonly login: Login; readonly listener: TerminalListener },
): Promise<Terminal> {
  const args = sshArguments({
    ...login.paths,
    serverName: request.server.name,
    address: request.server.address,
    port: request.server.port,
    osUser: request.osUser,
    command: request.asks ?? request.command,
    connectTimeoutSeconds: settings.connectTimeoutSeconds ?? 10,
  })
  await requireProgram(settings.program)
  const program = { command: settings.program, args, env: sshEnvironment(), size: request.size }
  return withLogin(await spawnPty(program, listener, ports.timers), { login, listener })
}

/** Returns the terminal with the end that the client program meant; everything of the login is removed by then. */
function withLogin(
  terminal: Terminal,
  { login, listener }: { readonly login: Login; readonly listener: TerminalListener },
): Terminal {
  let isOver = false
  const exited = terminal.exited.then(async ({ code, signal, failure }) => {
    isOver = true
    const log = await login.finish()
    return failure === null ? classifyEnd({ code, signal, log, progress: login.progress() }) : { code, signal, failure }
  })
  const input = new HeldInput(terminal)
  void Promise.race([login.began, exited]).then(() => input.release())
  return {
    write: (bytes) => input.write(bytes),
    drained: () => input.drained(),
    resize: (size) => terminal.resize(size),
    pause: () => terminal.pause(),
    resume: () => terminal.resume(),
    exited,
    end: async () => {
      if (!isOver && login.progress() === 'signed') listener.onNotice?.(survivorsSentence)
      await terminal.end()
      return exited
    },
  }
}

async function tryLogin({ ports, settings, request }: Opening): Promise<Login | TransportFailure> {
  const { server, osUser, ptySessionId, username, changeId, command } = request
  const authority = await loadSigningKey(ports.authority)
  try {
    const addresses = await sourceAddresses(settings.sourceAddress, server)
    return await prepareLogin({
      target: server,
      log: ports.log,
      input: {
        serverName: server.name,
        osUser,
        ptySessionId,
        username,
        changeId,
        command,
        sourceAddresses: addresses,
      },
      making: {
        subject: makeSigningKey(settings.keyType),
        authority,
        nowMs: ports.clock.wallMs(),
        randomBytes: ports.random.bytes,
      },
    })
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null) throw error
    return failure
  }
}

async function requireProgram(path: string): Promise<void> {
  try {
    await access(path, constants.X_OK)
  } catch (error) {
    throw new NotPossibleHere(`${path} cannot be run (${String((error as NodeJS.ErrnoException).code)})`)
  }
}

/** Returns what makes a login impossible; null: an error of our own. */
function failureOf(error: unknown): TransportFailure | null {
  if (error instanceof NotPossibleHere) return impossible(error.message)
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return null
  const hasNoRoute = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'].includes(code)
  return { kind: hasNoRoute ? 'unreachable' : 'not-possible-here', detail: `${syscall} ${code}` }
}

function impossible(detail: string): TransportFailure {
  return { kind: 'not-possible-here', detail }
}
