/** Terminals: shells on Sallyport's own machine, as another OS user if the process can switch. They inherit nothing of our environment. */
import { accessSync, constants, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Refusal } from '../../core/errors.ts'
import type { Timers } from '../timers.ts'
import { detachedSentence, sessionVariable } from './detached-programs.ts'
import { failedTerminal } from './failed-terminal.ts'
import { findOsUser, type OsUser } from './os-users.ts'
import type { SpawnBound } from './spawn-bound.ts'
import { type PtyProgram, spawnPty } from './spawn-pty.ts'
import type { Terminal, TerminalListener, TerminalRequest, Transport } from './transport.ts'

/** The ports of a local transport. */
export type LocalTransportParts = {
  readonly timers: Timers
  readonly bound: SpawnBound
  /**
   * Called at every opening; returns why it is refused, or null.
   *
   * @param isOwnUser The shell would run as Sallyport's own user, and could read its keys and recordings.
   */
  readonly isAllowed: (isOwnUser: boolean) => Promise<string | null>
  /** Numeric id of the process's user; 0 can switch to every user. */
  readonly ownUid?: number
  /** The program of util-linux that switches users; null: it is not installed. */
  readonly setpriv?: string | null
}

/** The facts that decide whether local shells are allowed. */
export type LocalShellFacts = {
  /** The operator allowed local shells. */
  readonly isAsked: boolean
  readonly isOwnUser: boolean
  /** Number of servers of the inventory with transport ssh. */
  readonly hasSshServers: boolean
}

/**
 * Returns why a local shell is refused, or null.
 *
 * A shell of our own user is for a try-out only: as soon as there is a real server, it is refused.
 */
export function whyNoLocalShell({ isAsked, isOwnUser, hasSshServers }: LocalShellFacts): string | null {
  if (!isAsked) return 'local shells are off; --allow-local-shell allows them'
  if (isOwnUser && hasSshServers) {
    return "a local shell would run as Sallyport's own OS user, and there is an ssh server whose keys it could use"
  }
  return null
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const setprivPlaces = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/local/bin/setpriv']

/** Opens terminals on this machine. */
export class LocalTransport implements Transport {
  readonly #timers: Timers
  readonly #bound: SpawnBound
  readonly #isAllowed: (isOwnUser: boolean) => Promise<string | null>
  readonly #ownUid: number
  readonly #setpriv: string | null
  readonly #open = new Set<Terminal>()
  #isClosed = false

  constructor({ timers, bound, isAllowed, ownUid, setpriv }: LocalTransportParts) {
    this.#timers = timers
    this.#bound = bound
    this.#isAllowed = isAllowed
    this.#ownUid = ownUid ?? process.geteuid?.() ?? -1
    this.#setpriv = setpriv === undefined ? findSetpriv() : setpriv
  }

  /** Opens a login shell, or runs one command; as `Transport` says. */
  async open(request: TerminalRequest, listener: TerminalListener): Promise<Terminal> {
    const user = findOsUser(await readFile('/etc/passwd', 'utf8'), request.osUser)
    const refusal = user === null ? 'there is no such OS user on this machine' : await this.#whyNot(user)
    if (user === null || refusal !== null) {
      return failedTerminal({ kind: 'not-possible-here', detail: refusal ?? '' })
    }
    const terminal = await this.#bound.run(() => {
      if (this.#isClosed) throw new Refusal('NO_GATEWAY')
      return spawnPty(this.#program(user, request), listener, this.#timers)
    })
    this.#open.add(terminal)
    void terminal.exited.then(() => this.#open.delete(terminal))
    if (this.#isClosed) await terminal.end()
    if (user.uid === this.#ownUid) {
      listener.onNotice?.(
        `This shell runs as ${user.name}, as Sallyport itself does: it can read what Sallyport can read.`,
      )
    }
    return terminal
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#open].map((terminal) => terminal.end()))
  }

  async #whyNot(user: OsUser): Promise<string | null> {
    const isOwnUser = user.uid === this.#ownUid
    const reason = await this.#isAllowed(isOwnUser)
    if (reason !== null || isOwnUser) return reason
    if (this.#ownUid !== 0) return 'only root can run a shell as another OS user'
    if (this.#setpriv === null) return 'setpriv of util-linux is needed to run a shell as another OS user'
    return null
  }

  #program(user: OsUser, { command, size, ptySessionId }: TerminalRequest): PtyProgram {
    const words = command === null ? [user.shell, '-l'] : ['/bin/sh', '-c', command]
    const [first = '', ...rest] = [...this.#switchTo(user), ...words]
    return {
      command: first,
      args: rest,
      env: {
        TERM: 'xterm-256color',
        HOME: user.home,
        SHELL: user.shell,
        USER: user.name,
        LOGNAME: user.name,
        PATH: path,
        LANG: 'C.UTF-8',
        [sessionVariable]: ptySessionId,
      },
      size,
      whatIsLeft: () => detachedSentence(ptySessionId),
      directory: isFolder(user.home) ? user.home : '/',
      ...(user.uid === this.#ownUid ? {} : { ownerUid: user.uid }),
    }
  }

  #switchTo(user: OsUser): readonly string[] {
    if (this.#setpriv === null) return []
    const identity =
      this.#ownUid === 0
        ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--init-groups', '--inh-caps=-all']
        : []
    return [this.#setpriv, ...identity, '--no-new-privs', '--']
  }
}

function findSetpriv(): string | null {
  return setprivPlaces.find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false
}
