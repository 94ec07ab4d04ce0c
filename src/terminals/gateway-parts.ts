/** Terminals: what the gateway of one node is made of; the composition root fills it in. */
import type { IncomingMessage } from 'node:http'
import type { RequestFacts } from '../core/audit/act.ts'
import type { Release } from '../core/revocation/live-resources.ts'
import type { Server } from '../core/terminals/server.ts'
import type { Ports } from '../core/wiring.ts'
import type { AttachmentFacts } from './attachment.ts'
import type { DiskRoom } from './recording/disk-room.ts'
import type { Recorders } from './recording/write-record.ts'
import type { Screens } from './screen/screen.ts'
import type { Timers } from './timers.ts'
import type { Terminal, TerminalListener, TerminalRequest, Transport } from './transports/transport.ts'

/** One command line of a health check, and what became of it. */
export type CheckedLine = {
  readonly line: string
  /** Whose line it is. */
  readonly by: AttachmentFacts
  readonly outcome: 'run' | 'refused' | 'ended'
  /** How it ended. */
  readonly facts: Readonly<Record<string, string | number>>
}

/** Opens the line editor of a health check over a transport. */
export type OpenHealthCheck = (how: {
  readonly transport: Transport
  /** Whoever types at this moment; null: nobody. */
  readonly typist: () => AttachmentFacts | null
  /** Groups of whoever types, whose catalogues count. */
  readonly groups: () => readonly string[]
  readonly request: TerminalRequest
  readonly listener: TerminalListener
  /** Holds the revocation log against a line and its command, which are stopped once the access of their author is over. */
  readonly hold: (by: AttachmentFacts, stop: () => void) => Release
  /** Rejects where the line cannot be written to the audit trail. */
  readonly onCommand: (line: CheckedLine) => Promise<void>
}) => Terminal

/** The parts. */
export type GatewayParts = {
  readonly ports: Ports
  readonly transports: Readonly<Record<Server['transport'], Transport>>
  readonly openHealthCheck: OpenHealthCheck
  readonly recorders: Recorders
  /** Size of a record at which its session ends, in bytes. */
  readonly recordingLimitBytes: number
  readonly disk: DiskRoom
  readonly screens: Screens
  readonly timers: Timers
  /** PTY sessions that run at most. */
  readonly maxSessions: number
  /** Milliseconds between two looks at what only time changes. */
  readonly tickMs: number
  /**
   * Looks at where a socket comes from; returns the facts that its audit events carry.
   * @throws HOST_NOT_SERVED, ORIGIN_DENIED.
   */
  readonly admitRequest: (request: IncomingMessage) => RequestFacts
}
