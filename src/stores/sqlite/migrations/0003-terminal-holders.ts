/** SQLite store: the third schema: who holds a terminal, and indexes that count what an account holds. Never edited after a release. */

/** The statements of the step. */
export const terminalHolders: string = `
ALTER TABLE pty_sessions ADD COLUMN held_by_account_id INTEGER;  -- implements now, or did last; null: nobody ever did
UPDATE pty_sessions SET held_by_account_id = coalesce(
  implementor_account_id,
  (SELECT account_id FROM pty_attachments a
   WHERE a.pty_session_id = pty_sessions.id AND a.role = 'implementor' ORDER BY joined_at_ms DESC, a.id DESC LIMIT 1)
) WHERE state = 'active';
CREATE INDEX running_pty_sessions_of_holder ON pty_sessions (held_by_account_id) WHERE state = 'active';
CREATE INDEX unused_pty_tokens_of_account ON pty_tokens (account_id, expires_at_ms) WHERE used_at_ms IS NULL;
`
