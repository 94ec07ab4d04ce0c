/** Terminals: the parts of the gateway of one node. The composition root fills them in. */
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

/** One command line of a health check with its result. */
export type CheckedLine = {
  readonly line: string
  /** The attachment that entered the line. */
  readonly by: AttachmentFacts
  readonly outcome: 'run' | 'refused' | 'ended'
  /** The exit of the command. */
  readonly facts: Readonly<Record<string, string | number>>
}

/** Opens the line editor of a health check over a transport. */
export type OpenHealthCheck = (how: {
  readonly transport: Transport
  /** Returns the implementor at this moment; null: there is none. */
  readonly typist: () => AttachmentFacts | null
  /** Groups of the implementor; their catalogues apply. */
  readonly groups: () => readonly string[]
  readonly request: TerminalRequest
  readonly listener: TerminalListener
  /** Registers a line and its command as a live resource. Both stop when the access of their author ends. */
  readonly hold: (by: AttachmentFacts, stop: () => void) => Release
  /** Rejects if the audit event of the line cannot be stored. */
  readonly onCommand: (line: CheckedLine) => Promise<void>
}) => Terminal

export type GatewayParts = {
  readonly ports: Ports
  readonly transports: Readonly<Record<Server['transport'], Transport>>
  readonly openHealthCheck: OpenHealthCheck
  readonly recorders: Recorders
  /** Size of a recording at which its session ends, in bytes. */
  readonly recordingLimitBytes: number
  readonly disk: DiskRoom
  readonly screens: Screens
  readonly timers: Timers
  /** Most PTY sessions that run at once. */
  readonly maxSessions: number
  /** Milliseconds between two ticks, which handle what only time changes. */
  readonly tickMs: number
  /**
   * Checks a request for an upgrade; returns the facts for its audit events.
   * @throws HOST_NOT_SERVED, ORIGIN_DENIED.
   */
  readonly admitRequest: (request: IncomingMessage) => RequestFacts
}
