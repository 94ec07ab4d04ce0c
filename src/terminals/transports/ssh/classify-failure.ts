/**
 * Terminals: finds the meaning of the client program's end, from its own log; the terminal only showed the server's
 * words.
 *
 * Nothing here shows whether a server refused a certificate because of its authority or because of its principal: sshd
 * answers both with the same bytes. Only the log of sshd shows it, and `server setup --check`, which has several OS
 * users to compare.
 */
import { printable } from '../../../core/audit/printable.ts'
import type { TerminalExit, TransportFailure, TransportFailureKind } from '../transport.ts'
import type { AgentProgress } from './agent-protocol.ts'

/** The facts of an end. */
export type ClientEnd = {
  /** Exit status of the client program. */
  readonly code: number
  /** Number of the signal that ended it; 0: none. */
  readonly signal: number
  /** What it logged. */
  readonly log: string
  readonly progress: AgentProgress
}

/** The client program exits with this status when it failed; a program on the server may exit with it too. */
const clientFailed = 255

/** Characters of a log that go into ours. */
const longestDetail = 500

/** Failures before the login: the start or a part of a line, and its meaning; the first match counts. */
const beforeLogin: readonly (readonly [RegExp, TransportFailureKind])[] = [
  [/^(?:command-line|\/dev\/null)(?:: | )line \d+: |^No user exists for uid |^unknown option /m, 'not-possible-here'],
  [/^Host key verification failed\./m, 'host-key-mismatch'],
  [/^ssh: connect to host \S+ port \d+: Connection refused/m, 'connection-refused'],
  [/^ssh: connect to host |timed out/m, 'unreachable'],
  [/: Permission denied \(|Too many authentication failures/, 'login-refused'],
]

/** The advice for a refused login. */
const refusedHints: Readonly<Record<AgentProgress, string>> = {
  idle: 'the client program never asked for the certificate',
  listed:
    'the server did not accept the certificate; its sshd log says "Certificate does not contain an authorized principal" if the principal is not listed for the OS user, and only "Failed publickey" if the CA is not trusted or the OS user may not log in',
  signed: 'the server accepted the certificate and then refused the login',
  refused: 'the client program asked for a signature that is not this login',
}

/** Returns how a terminal ended, from the end of its client program. */
export function classifyEnd(end: ClientEnd): TerminalExit {
  const { code, signal, log, progress } = end
  const exit = { code, signal, failure: null }
  if (signal !== 0) return exit
  if (code !== clientFailed) return progress === 'signed' ? exit : { ...exit, code: -1, failure: neverRan(code) }
  const killedBy = / Killed by signal (\d+)\.$/m.exec(log)?.[1]
  if (killedBy !== undefined) return { ...exit, code: -1, signal: Number(killedBy) }
  if (/ client_input_channel_req: channel \d+ rtype exit-status /.test(log)) return exit
  // The signal is in the message, but the client program does not report it.
  if (/ client_input_channel_req: channel \d+ rtype exit-signal /.test(log)) return { ...exit, code: -1 }
  return { ...exit, code: -1, failure: failureOf(end) }
}

/** The shell reports a program that it cannot run by a status too. */
function neverRan(code: number): TransportFailure {
  return { kind: 'not-possible-here', detail: `the client program ended with ${code} before it logged in` }
}

function failureOf({ log, progress }: ClientEnd): TransportFailure {
  if (/: Entering interactive session\.$/m.test(log)) return { kind: 'connection-lost', detail: detailOf(log) }
  const [, kind] = beforeLogin.find(([pattern]) => pattern.test(log)) ?? []
  if (kind === 'login-refused') return { kind, detail: `${detailOf(log)} (${refusedHints[progress]})` }
  if (kind === 'host-key-mismatch') return { kind, detail: shownKey(log) ?? detailOf(log) }
  if (kind !== undefined) return { kind, detail: detailOf(log) }
  return { kind: progress === 'signed' ? 'login-refused' : 'unreachable', detail: detailOf(log) }
}

/** The client program's advice to change a file that is gone is useless; the fingerprint is not. */
function shownKey(log: string): string | null {
  const [, type, shown] =
    /^The fingerprint for the (\S+) key sent by the remote host is\r?\n(SHA256:\S+)\.\r?$/m.exec(log) ?? []
  return shown === undefined ? null : `the server showed ${type} ${shown}`
}

/** The log as one printable line, without the messages of ordinary steps and the frame around warnings. */
function detailOf(log: string): string {
  const lines = log.split(/\r?\n/).filter((line) => !/^debug\d: |^@|: (?:Transferred|Bytes per second): /.test(line))
  const text = printable(lines.map((line) => line.replace(/^\S+:\w+\(\):\d+ \([^)]*\): /, '')).join('\n'))
  return text === '' ? 'the client program said nothing' : text.slice(0, longestDetail)
}
