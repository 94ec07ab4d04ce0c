/** Terminals: what a PTY session needs of whatever runs the terminal; ssh, local and echo each fill it in. */
import type { TerminalSize } from '../../protocol/terminal-frames.ts'

/** How a terminal ended by itself. */
export type TerminalExit = {
  /** Exit status; -1 where a signal ended it. */
  readonly code: number
  /** Number of the signal; 0: none. */
  readonly signal: number
  /** The transport's own reason, where the program on the server never got to end by itself. */
  readonly failure: TransportFailure | null
}

/** Why a transport could not open a terminal, or lost it. */
export type TransportFailure = {
  readonly kind: TransportFailureKind
  /** For the log: what the client program said, printable, without secrets. */
  readonly detail: string
}

export type TransportFailureKind =
  /** The server shows another host key than the pinned one, or none that the host CA signed. */
  | 'host-key-mismatch'
  /** Nothing listens on the port. */
  | 'connection-refused'
  /** No answer in time, or no route. */
  | 'unreachable'
  /** The server does not trust our CA. */
  | 'ca-not-trusted'
  /** The server trusts our CA, and does not list the principal for this OS user. */
  | 'principal-refused'
  /** Refused without a way to tell which of the two. */
  | 'login-refused'
  /** The connection broke after the login. */
  | 'connection-lost'
  /** This machine cannot run the transport: a program is missing, a user cannot be switched to. */
  | 'not-possible-here'

/** A terminal that runs. Output comes in order; the end comes last, once, after all output was handed over. */
export type Terminal = {
  /**
   * Hands input over; never blocks and never drops.
   * @returns bytes that wait because the program does not read them, this input included.
   */
  readonly write: (bytes: Uint8Array) => number
  /** Resolves once no input waits any more, or the terminal has ended. */
  readonly drained: () => Promise<void>
  /** Tells the kernel the new size at once. */
  readonly resize: (size: TerminalSize) => void
  /** Stops reading output until `resume`; the program then blocks on a full PTY. */
  readonly pause: () => void
  readonly resume: () => void
  /**
   * Ends it: SIGHUP and SIGTERM to the whole process group at once, SIGKILL after 300 ms; resolves with the exit.
   * Safe to call again, and after the end.
   */
  readonly end: () => Promise<TerminalExit>
  /** Resolves when it has ended, whoever ended it, after the last output was handed over; never rejects. */
  readonly exited: Promise<TerminalExit>
}

/** What is told of a terminal while it runs. */
export type TerminalListener = {
  /** Bytes that the program put out; the buffer is the listener's to keep, unless it only borrows them. */
  readonly onOutput: (bytes: Uint8Array) => void
  /** Set by a listener that copies what it keeps: the bytes then hold only until `onOutput` returns. */
  readonly isBorrowing?: true
  /** Something that the person should know: a program that outlives the hang-up, say. */
  readonly onNotice?: (sentence: string) => void
}

/** Which terminal is wanted. */
export type TerminalRequest = {
  readonly ptySessionId: string
  /** Whoever types first, or whose command it is; it enters the certificate's key id. */
  readonly username: string
  readonly changeId: string | null
  readonly server: TerminalTarget
  readonly osUser: string
  readonly size: TerminalSize
  /** null: a login shell; else this one command, forced by the certificate as well (ssh). */
  readonly command: string | null
}

/** The server as transports see it. */
export type TerminalTarget = {
  readonly name: string
  /** IP literal. */
  readonly address: string
  readonly port: number
  readonly hostKey: string | null
  readonly hostCa: string | null
}

/** Opens terminals. */
export type Transport = {
  /**
   * Opens a terminal; a failure to reach or enter the server comes as its exit, with a `failure`.
   * @throws Refusal NO_GATEWAY when too many are being opened already and the wait of 10 s is over.
   */
  readonly open: (request: TerminalRequest, listener: TerminalListener) => Promise<Terminal>
  /** Ends every terminal that it opened and gives back what it holds. */
  readonly close: () => Promise<void>
}
