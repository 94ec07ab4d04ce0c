/** Terminals: the port between a PTY session and the program that runs its terminal; ssh and local implement it. */
import type { TerminalSize } from '../../protocol/terminal-frames.ts'

/** How a terminal ended by itself. */
export type TerminalExit = {
  /** Exit status; -1: a signal ended it. */
  readonly code: number
  /** Number of the signal; 0: none. */
  readonly signal: number
  /** The transport's own reason, if the program on the server did not end by itself. */
  readonly failure: TransportFailure | null
}

/** Why a transport could not open a terminal, or lost it. */
export type TransportFailure = {
  readonly kind: TransportFailureKind
  /** For the log: the client program's message, printable, without secrets. */
  readonly detail: string
}

export type TransportFailureKind =
  /** The server's host key is not the pinned one, or the host CA did not sign it. */
  | 'host-key-mismatch'
  /** No process listens on the port. */
  | 'connection-refused'
  /** No answer in time, or no route. */
  | 'unreachable'
  /** The server does not trust our CA. */
  | 'ca-not-trusted'
  /** The server trusts our CA, but does not list the principal for this OS user. */
  | 'principal-refused'
  /** Refused; which of the two is unknown. */
  | 'login-refused'
  /** The connection broke after the login. */
  | 'connection-lost'
  /** This machine cannot run the transport: a program is missing, or a user cannot be switched to. */
  | 'not-possible-here'

/** A running terminal. Output comes in order; the exit comes once, after all output was delivered. */
export type Terminal = {
  /**
   * Writes input; never blocks and never drops.
   * @returns Bytes that wait because the program does not read, this input included.
   */
  readonly write: (bytes: Uint8Array) => number
  /** Resolves when no input waits any more, or the terminal has ended. */
  readonly drained: () => Promise<void>
  /** Sets the kernel's window size at once. */
  readonly resize: (size: TerminalSize) => void
  /** Stops reading output until `resume`; the program then blocks on a full PTY. */
  readonly pause: () => void
  readonly resume: () => void
  /**
   * Ends it: SIGHUP and SIGTERM to the whole process group at once, SIGKILL after 300 ms; resolves with the exit. May
   * be called again, and after the end.
   */
  readonly end: () => Promise<TerminalExit>
  /** Resolves when it has ended, after the last output was delivered; never rejects. */
  readonly exited: Promise<TerminalExit>
}

/** Gets the events of a running terminal. */
export type TerminalListener = {
  /** Output of the program; the listener may keep the buffer, unless it only borrows it. */
  readonly onOutput: (bytes: Uint8Array) => void
  /** Set by a listener that copies what it keeps: the bytes are then valid only until `onOutput` returns. */
  readonly isBorrowing?: true
  /** A message for the user, such as a program that outlives the hang-up. */
  readonly onNotice?: (sentence: string) => void
}

/** The terminal to open. */
export type TerminalRequest = {
  readonly ptySessionId: string
  /** The first implementor, or the author of the command; part of the certificate's key id. */
  readonly username: string
  readonly changeId: string | null
  readonly server: TerminalTarget
  readonly osUser: string
  readonly size: TerminalSize
  /** null: a login shell; else this one command, which the certificate forces too (ssh). */
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
   * Opens a terminal. If the server cannot be reached or entered, the terminal exits with a `failure`.
   * @throws Refusal NO_GATEWAY if too many are being opened, and the wait of 10 s is over.
   */
  readonly open: (request: TerminalRequest, listener: TerminalListener) => Promise<Terminal>
  /** Ends every terminal that it opened and frees its resources. */
  readonly close: () => Promise<void>
}
