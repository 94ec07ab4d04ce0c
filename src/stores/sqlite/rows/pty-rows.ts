/** SQLite store: PTY sessions, their tokens and their attachments as rows. */
import type { PtyTokenRow } from '../../../core/terminals/commands.ts'
import type { PtyAttachment, PtySession } from '../../../core/terminals/server.ts'
import type { Database } from '../database.ts'
import { columnsAs, plainRow, words } from './columns.ts'

/** The members of a PTY session that have a column and that it is inserted with. */
export const ptySessionMembers: readonly (keyof PtySession)[] = words(
  'id state purpose changeId serverName osUser startedByAccountId implementorAccountId createdAtMs',
  'activeAtMs closedAtMs endReason exitCode',
)

/** The members of a PTY token that it is inserted with. */
export const ptyTokenMembers: readonly (keyof PtyTokenRow)[] = words(
  'digest ptySessionId accountId sessionRow role isStart expiresAtMs',
)

/** The members of an attachment that have a column. */
export const ptyAttachmentMembers: readonly (keyof PtyAttachment)[] = words(
  'id ptySessionId accountId username role ip joinedAtMs leftAtMs cause',
)

/** The start of every read of PTY sessions. */
export const selectPtySessions: string = `SELECT ${columnsAs(ptySessionMembers)} FROM pty_sessions`

/** The start of every read of attachments. */
export const selectPtyAttachments: string = `SELECT ${columnsAs(ptyAttachmentMembers)} FROM pty_attachments`

/** Returns a PTY session, or null. */
export function findPtySession(db: Database, id: string): PtySession | null {
  return db.find(plainRow<PtySession>, `${selectPtySessions} WHERE id = :id`, { id })
}
