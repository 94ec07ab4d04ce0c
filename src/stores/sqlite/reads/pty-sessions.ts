/** SQLite store: reads of PTY sessions and their attachments. A page starts after the last row of the previous one. */
import type { PtySessionPage } from '../../../core/store.ts'
import type { PtyAttachment, PtySession, PtySessionFilter } from '../../../core/terminals/server.ts'
import type { Database, SqlValues } from '../database.ts'
import { plainRow } from '../rows/columns.ts'
import { findPtySession, selectPtyAttachments, selectPtySessions } from '../rows/pty-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names = 'ptySessionById' | 'ptySessions' | 'ptyAttachments'

/** Returns the reads. */
export function ptySessionReads(db: Database): ImmediateReads<Names> {
  return {
    ptySessionById: (id) => findPtySession(db, id),
    ptySessions: (filter, page) => listed(db, filter, page),
    ptyAttachments: (ptySessionId) =>
      db.list(
        plainRow<PtyAttachment>,
        `${selectPtyAttachments} WHERE pty_session_id = :ptySessionId ORDER BY joined_at_ms, id`,
        { ptySessionId },
      ),
  }
}

/** Later than every stored moment. */
const endOfTimeMs = Number.MAX_SAFE_INTEGER

/** Returns SQL that is true if the row's server, or change request, lists one of the groups of a JSON list. */
const listsGroup = {
  server: (groups: string): string => `EXISTS (SELECT 1 FROM servers s, json_each(s.groups) g
      WHERE s.name = server_name AND g.value IN (SELECT value FROM json_each(${groups})))`,
  change: (groups: string): string => `EXISTS (SELECT 1 FROM changes c, json_each(c.groups) g
      WHERE c.id = change_id AND g.value IN (SELECT value FROM json_each(${groups})))`,
}

const reachable = `(started_by_account_id = :accountId
    OR EXISTS (SELECT 1 FROM pty_attachments a WHERE a.account_id = :accountId AND a.pty_session_id = pty_sessions.id)
    OR (${listsGroup.server(':groups')} AND (change_id IS NULL OR ${listsGroup.change(':groups')}))
    OR server_name IN (SELECT value FROM json_each(:watchedServers))
    OR change_id IN (SELECT value FROM json_each(:watchedChanges))
    OR ${listsGroup.server(':watchedGroups')} OR ${listsGroup.change(':watchedGroups')}
    OR CASE state WHEN 'closed' THEN :isClosedOpen ELSE :isLiveOpen END)`

/** Members with an index of their own become conditions only if they are used, so that there are at most 32 statements. */
function listed(db: Database, filter: PtySessionFilter, { limit, before }: PtySessionPage): PtySession[] {
  const { reach } = filter
  const asked: readonly (readonly [condition: string, values: SqlValues | null])[] = [
    ['state = :state', filter.state && { state: filter.state }],
    ['change_id = :changeId', filter.changeId === null ? null : { changeId: filter.changeId }],
    ['server_name = :serverName', filter.serverName === null ? null : { serverName: filter.serverName }],
    [
      'started_by_account_id = :startedBy',
      filter.startedByAccountId === null ? null : { startedBy: filter.startedByAccountId },
    ],
    [
      reachable,
      reach && {
        accountId: reach.accountId,
        groups: JSON.stringify(reach.groups),
        watchedGroups: JSON.stringify(reach.watched.groups),
        watchedServers: JSON.stringify(reach.watched.serverNames),
        watchedChanges: JSON.stringify(reach.watched.changeIds),
        isLiveOpen: reach.isLiveOpen === true ? 1 : 0,
        isClosedOpen: reach.isClosedOpen === true ? 1 : 0,
      },
    ],
  ]
  const conditions = asked.filter(([, values]) => values !== null)
  const sql = `${selectPtySessions}
    WHERE ${conditions.map(([condition]) => `${condition} AND `).join('')}
      created_at_ms >= :fromMs AND created_at_ms < :toMs AND (created_at_ms, id) < (:beforeMs, :beforeId)
      AND purpose = coalesce(:purpose, purpose)
    ORDER BY created_at_ms DESC, id DESC LIMIT :limit`
  const values: SqlValues = Object.assign({}, ...conditions.map(([, given]) => given), {
    fromMs: filter.createdFromMs ?? 0,
    toMs: filter.createdToMs ?? endOfTimeMs,
    beforeMs: before?.createdAtMs ?? endOfTimeMs,
    beforeId: before?.id ?? '',
    purpose: filter.purpose,
    limit,
  })
  return db.list(plainRow<PtySession>, sql, values)
}
