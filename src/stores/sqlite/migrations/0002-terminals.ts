/** SQLite store: the second schema: policies and catalogues, attachments, and ends of terminals. Never edited after a release. */

/** The statements that make a database of schema 1 one of schema 2. */
export const terminalSchema: string = `
ALTER TABLE accounts ADD COLUMN person TEXT;          -- natural person behind the account; null: its uuid

ALTER TABLE changes ADD COLUMN requested_by TEXT;     -- person; null: not told
ALTER TABLE changes ADD COLUMN approved_by TEXT;      -- person; null: not told, or not approved

ALTER TABLE pty_sessions ADD COLUMN active_at_ms INTEGER;  -- when the first socket opened; null: never
ALTER TABLE pty_sessions ADD COLUMN closed_at_ms INTEGER;  -- null: not over
ALTER TABLE pty_sessions ADD COLUMN end_reason TEXT;       -- the first that was given, on asking for the end or on closing
UPDATE pty_sessions SET closed_at_ms = created_at_ms, end_reason = 'internal' WHERE state = 'closed';
ALTER TABLE pty_sessions ADD COLUMN exit_code INTEGER      -- exit status of the program; null: runs, or never known
  CONSTRAINT closed_pty_session_tells_when_and_why
    CHECK (CASE state WHEN 'closed' THEN closed_at_ms IS NOT NULL AND end_reason IS NOT NULL ELSE closed_at_ms IS NULL END);
CREATE INDEX pty_sessions_by_age ON pty_sessions (created_at_ms, id);
CREATE INDEX pty_sessions_by_state ON pty_sessions (state, created_at_ms, id);
CREATE INDEX pty_sessions_of_server ON pty_sessions (server_name, created_at_ms, id);
CREATE INDEX pty_sessions_of_change ON pty_sessions (change_id, created_at_ms, id) WHERE change_id IS NOT NULL;
CREATE INDEX pty_sessions_of_starter ON pty_sessions (started_by_account_id, created_at_ms, id);
CREATE INDEX pty_tokens_of_pty_session ON pty_tokens (pty_session_id);

CREATE TABLE pty_attachments (
  id TEXT NOT NULL PRIMARY KEY,                     -- v4 UUID
  pty_session_id TEXT NOT NULL CONSTRAINT attachment_is_of_a_pty_session REFERENCES pty_sessions (id),
  account_id INTEGER NOT NULL,                      -- may name one that is gone
  username TEXT NOT NULL,                           -- as it was when it joined
  role TEXT NOT NULL CONSTRAINT attachment_role_is_known CHECK (role IN ('implementor', 'observer')),
  ip TEXT NOT NULL,
  joined_at_ms INTEGER NOT NULL,
  left_at_ms INTEGER,                               -- null: attached
  cause TEXT                                        -- why it left: left, dropped, or the end of the session
    CONSTRAINT attachment_that_left_tells_why CHECK ((left_at_ms IS NULL) = (cause IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_of_pty_session ON pty_attachments (pty_session_id, joined_at_ms, id);
CREATE INDEX attachments_of_account ON pty_attachments (account_id, pty_session_id);

CREATE TABLE policies (
  kind TEXT NOT NULL CONSTRAINT policy_subject_is_known CHECK (kind IN ('change', 'server', 'group')),
  name TEXT NOT NULL,                               -- may name one that is gone
  document TEXT NOT NULL,                           -- JSON object
  updated_at_ms INTEGER NOT NULL,
  CONSTRAINT subject_has_one_policy PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogues (
  group_name TEXT NOT NULL PRIMARY KEY,
  document TEXT NOT NULL,                           -- JSON text, checked before it came here
  updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE authority_keys (
  name TEXT NOT NULL CONSTRAINT authority_key_is_made_once PRIMARY KEY
    CONSTRAINT authority_key_is_known CHECK (name IN ('ssh-user-ca', 'recording')),
  sealed BLOB NOT NULL,                             -- private key, PKCS #8 DER, sealed
  public_key TEXT NOT NULL,                         -- OpenSSH line, or SPKI PEM
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`
