/** Terminals: the parts of a PTY session. */
import type { Account } from '../core/accounts/account.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Purpose } from '../core/terminals/server.ts'
import type { SupervisionSetup } from '../core/terminals/supervision.ts'
import type { ParticipantView, PolicyView, ServerFrame, TerminalSize } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import type { EventWriter } from './event-writer.ts'
import type { Recorder } from './recording/recorder.ts'
import type { Screen } from './screen/screen.ts'
import type { Timers } from './timers.ts'

/** The parts of a PTY session. */
export type PtySessionFacts = {
  readonly id: string
  readonly serverName: string
  readonly osUser: string
  readonly purpose: Purpose
  readonly changeId: string | null
  readonly startedByAccountId: number
}

/** The rules of a PTY session; they may change while it runs. */
export type SessionRules = {
  readonly setup: SupervisionSetup
  /** Groups whose policies apply. */
  readonly groups: readonly string[]
  /** The account that started it. */
  readonly starter: Pick<Account, 'expiresAt'>
}

export type PtySessionParts = {
  readonly facts: PtySessionFacts
  /** The first owner. */
  readonly owner: Attachment
  readonly rules: SessionRules
  readonly size: TerminalSize
  readonly recorder: Recorder
  /** Size of the recording at which the session ends, in bytes. */
  readonly recordingLimitBytes: number
  readonly screen: Screen
  readonly eventWriter: EventWriter
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** Creates a resume secret with its digest. */
  readonly newSecret: () => { readonly secret: string; readonly digest: Uint8Array }
  /** Returns whether this node holds a lease. */
  readonly isLeaseHeld: () => boolean
  readonly onClosed: () => void
}

/** The rules of a PTY session as clients see them. */
function policyView(facts: PtySessionFacts, { policy, windowEndsAtMs }: SupervisionSetup): PolicyView {
  return {
    purpose: facts.purpose,
    server: facts.serverName,
    osUser: facts.osUser,
    changeId: facts.changeId,
    windowEndsAtMs,
    idleSeconds: policy.idleSeconds,
    observersNeeded: policy.observers?.count ?? 0,
    presenceMinutes: policy.observers?.presenceMinutes ?? null,
    inputIsRecorded: policy.recordInput,
  }
}

/** The parts of a WELCOME besides the attachment. */
export type WelcomeFacts = {
  readonly facts: PtySessionFacts
  readonly setup: SupervisionSetup
  readonly participants: readonly ParticipantView[]
  readonly seq: number
  readonly size: TerminalSize
  /** The resume secret. */
  readonly resume: string
}

/** Returns the first frame that an attachment gets. */
export function welcomeFrame(
  attachment: Attachment,
  { facts, setup, participants, seq, size, resume }: WelcomeFacts,
): Extract<ServerFrame, { readonly type: 'welcome' }> {
  return {
    type: 'welcome',
    welcome: {
      ptySessionId: facts.id,
      participant: attachment.view(),
      participants,
      role: attachment.role,
      seq,
      inputSeq: attachment.inputSeq,
      cols: size.cols,
      rows: size.rows,
      resume,
      policy: policyView(facts, setup),
    },
  }
}
