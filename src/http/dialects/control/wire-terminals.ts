/** control: the wire format of PTY sessions and the inventory. Names are snake case; times are RFC 3339 in UTC. */
import { endReasons } from '../../../core/terminals/ends.ts'
import type { PtySessionView } from '../../../core/terminals/list-pty-sessions.ts'
import type { ChangeRequest, PtyAttachment, Server } from '../../../core/terminals/server.ts'
import type {
  ChangeRequestItem,
  PtyAttachmentItem,
  PtySessionDetail,
  PtySessionItem,
  ServerItem,
} from '../../../protocol/control.ts'

/** Encodes one row of the list of PTY sessions. */
export function encodePtySession(view: PtySessionView, hasRecording: boolean): PtySessionItem {
  const { ptySession: session } = view
  const reason = session.state === 'closed' ? session.endReason : null
  return {
    id: session.id,
    state: session.state,
    purpose: session.purpose,
    change_id: session.changeId,
    server: session.serverName,
    os_user: session.osUser,
    started_by: view.startedBy,
    implementor: view.implementor,
    observers: view.observers,
    created_at: time(session.createdAtMs),
    active_at: timeOrNull(session.activeAtMs),
    closed_at: timeOrNull(session.closedAtMs),
    end: reason === null ? null : { reason, sentence: endReasons[reason].sentence },
    exit_code: session.exitCode,
    recording: hasRecording,
  }
}

/** Encodes one PTY session with all attachments. */
export function encodePtySessionDetail(view: PtySessionView, hasRecording: boolean): PtySessionDetail {
  return { ...encodePtySession(view, hasRecording), attachments: view.attachments.map(encodeAttachment) }
}

/** Encodes one row of the list of servers, without its keys. */
export function encodeServer({ name, address, port, osUsers, transport, groups }: Server): ServerItem {
  return { name, address, port, os_users: osUsers, transport, groups }
}

/** Encodes one row of the list of change requests. */
export function encodeChangeRequest(change: ChangeRequest, ptySessions: readonly string[]): ChangeRequestItem {
  return {
    id: change.id,
    summary: change.summary,
    starts_at: time(change.startsAtMs),
    ends_at: time(change.endsAtMs),
    state: change.state,
    servers: change.servers,
    os_users: change.osUsers,
    groups: change.groups,
    pty_sessions: ptySessions,
  }
}

function encodeAttachment(attachment: PtyAttachment): PtyAttachmentItem {
  const { id, username, role, ip, joinedAtMs, leftAtMs, cause } = attachment
  return { id, username, role, ip, joined_at: time(joinedAtMs), left_at: timeOrNull(leftAtMs), cause }
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms)
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
