/** SQLite store: the first schema. Times are Unix seconds, or Unix milliseconds if the column ends in `_ms`. Never edited after a release. */

/** The statements that make an empty database one of schema 1. */
export const initialSchema: string = `
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,             -- never used again, removed accounts included
  uuid TEXT NOT NULL CONSTRAINT account_uuid_is_unique UNIQUE,
  username TEXT NOT NULL,                           -- trimmed, case-sensitive
  role TEXT NOT NULL CONSTRAINT account_role_is_known CHECK (role IN ('admin', 'user')),
  kind TEXT NOT NULL                                -- organization: the hidden holder of an organization's tokens
    CONSTRAINT account_kind_is_known CHECK (kind IN ('person', 'organization')),
  email TEXT,                                       -- as it was given
  email_key TEXT,                                   -- as it is compared: ASCII letters in lower case
  status TEXT NOT NULL                              -- removed: kept only so that its tokens are told from rubbish
    CONSTRAINT account_status_is_known CHECK (status IN ('enabled', 'disabled', 'removed')),
  expires_at INTEGER,                               -- seconds; null: does not expire
  epoch TEXT NOT NULL,                              -- v4 UUID; sessions of another epoch are dead
  password_hash TEXT,                               -- PHC string; null: no sign-in by password
  password_is_short INTEGER NOT NULL CONSTRAINT password_is_short_is_boolean CHECK (password_is_short IN (0, 1)),
  totp_sealed BLOB,                                 -- confirmed secret, sealed
  totp_pending_sealed BLOB,                         -- secret that waits for its first code, sealed
  recovery_sealed BLOB,                             -- list of recovery codes, sealed
  password_changed_at_ms INTEGER,
  attributes TEXT,                                  -- JSON object that the sftpgo dialect keeps
  last_organization_id TEXT,                        -- may name one that is gone
  last_sign_in_at_ms INTEGER,
  last_sign_in_ip TEXT,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX username_is_unique_per_role ON accounts (role, username) WHERE status <> 'removed';
CREATE UNIQUE INDEX email_is_unique ON accounts (email_key) WHERE email_key IS NOT NULL AND status <> 'removed';
CREATE INDEX removed_accounts ON accounts (id) WHERE status = 'removed';

CREATE TABLE account_groups (
  account_id INTEGER NOT NULL CONSTRAINT group_member_is_an_account REFERENCES accounts (id),
  name TEXT NOT NULL,
  PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,                     -- v4 UUID
  name TEXT NOT NULL CONSTRAINT organization_name_is_unique UNIQUE,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memberships (
  account_id INTEGER NOT NULL CONSTRAINT member_is_an_account REFERENCES accounts (id),
  organization_id TEXT NOT NULL CONSTRAINT membership_is_of_an_organization REFERENCES organizations (id),
  joined_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, organization_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_of_organization ON memberships (organization_id);

CREATE TABLE credentials (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CONSTRAINT credential_kind_is_known
    CHECK (kind IN ('api-key', 'access-token', 'organization-token', 'application-password')),
  dialect TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  account_id INTEGER CONSTRAINT credential_is_of_an_account REFERENCES accounts (id),  -- null: bound to nobody
  organization_id TEXT,
  role TEXT,                                        -- realm of an API key
  secret_digest BLOB NOT NULL CONSTRAINT secret_digest_is_sha256 CHECK (length(secret_digest) = 32),
  session_row INTEGER,                              -- session of its bearer token
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER,
  expires_at_ms INTEGER                             -- null: does not expire
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_of_account ON credentials (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX credentials_of_organization ON credentials (organization_id) WHERE organization_id IS NOT NULL;

CREATE TABLE sessions (
  row INTEGER PRIMARY KEY,                          -- from row_numbers
  id TEXT NOT NULL CONSTRAINT session_id_is_unique UNIQUE,  -- v4 UUID
  account_id INTEGER NOT NULL CONSTRAINT session_is_of_an_account REFERENCES accounts (id),
  epoch TEXT NOT NULL,                              -- dead once the account's differs
  dialect TEXT NOT NULL,
  organization_id TEXT,                             -- may name one that is gone
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  fingerprint_digest BLOB,                          -- SHA-256
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,                    -- never moves back
  idle_seconds INTEGER,                             -- null: no idle end
  expires_at INTEGER,                               -- seconds; null: no absolute end
  proof TEXT NOT NULL,
  authenticated_at INTEGER NOT NULL,
  is_application_password INTEGER NOT NULL
    CONSTRAINT is_application_password_is_boolean CHECK (is_application_password IN (0, 1)),
  credential_id TEXT,                               -- ends with it; null: a person signed in
  revoked_seq INTEGER                               -- entry of revocations that ended it; null: none names it
) STRICT;
CREATE INDEX sessions_of_credential ON sessions (credential_id) WHERE credential_id IS NOT NULL AND revoked_seq IS NULL;
CREATE INDEX sessions_of_account ON sessions (account_id, revoked_seq);
CREATE INDEX sessions_of_organization ON sessions (organization_id)
  WHERE organization_id IS NOT NULL AND revoked_seq IS NULL;
CREATE INDEX sessions_by_absolute_end ON sessions (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX sessions_by_idle_end ON sessions (last_seen_at + idle_seconds)
  WHERE expires_at IS NULL AND idle_seconds IS NOT NULL;
CREATE INDEX endless_sessions_by_revocation ON sessions (revoked_seq)
  WHERE expires_at IS NULL AND revoked_seq IS NOT NULL;

CREATE TABLE tokens (
  row INTEGER PRIMARY KEY,                          -- from row_numbers; control's tokens carry it
  session_row INTEGER NOT NULL CONSTRAINT token_is_of_a_session REFERENCES sessions (row),
  access_digest BLOB NOT NULL CONSTRAINT access_digest_is_sha256 CHECK (length(access_digest) = 32),
  is_indexed INTEGER NOT NULL CONSTRAINT is_indexed_is_boolean CHECK (is_indexed IN (0, 1)),
  issued_at INTEGER NOT NULL,
  expires_at INTEGER,                               -- seconds; null: not by itself
  bound_ip TEXT,                                    -- null: any address
  refresh_digest BLOB,                              -- SHA-256; null: no refresh token came with it
  refresh_expires_at INTEGER,
  ends_at INTEGER,                                  -- seconds; the later end of the two halves, null: never by itself
  successor_row INTEGER,                            -- what it was exchanged for, last; null: never exchanged
  answered_at_ms INTEGER,                           -- when it was handed out for another; null: by a sign-in
  sealed_answer BLOB,                               -- the answer that carried it, sealed with the token presented for it
  answer_ends_at_ms INTEGER,                        -- the sealed answer may be erased from here on; null: not known yet
  revoked_seq INTEGER                               -- entry of revocations that ended it by itself
) STRICT;
CREATE UNIQUE INDEX access_digest_is_unique ON tokens (access_digest) WHERE is_indexed = 1;
CREATE INDEX tokens_of_session ON tokens (session_row, revoked_seq);
CREATE INDEX tokens_by_end ON tokens (ends_at) WHERE ends_at IS NOT NULL;
CREATE INDEX endless_tokens_by_revocation ON tokens (revoked_seq) WHERE ends_at IS NULL AND revoked_seq IS NOT NULL;
CREATE INDEX sealed_answers_by_end ON tokens (answer_ends_at_ms) WHERE answer_ends_at_ms IS NOT NULL;

CREATE TABLE row_numbers (
  rows TEXT NOT NULL PRIMARY KEY,                   -- session, token
  next INTEGER NOT NULL                             -- numbers below it were given away, used or not
) STRICT, WITHOUT ROWID;
INSERT INTO row_numbers (rows, next) VALUES ('session', 1), ('token', 1);

CREATE TABLE revocations (
  seq INTEGER PRIMARY KEY,                          -- 1, 2, 3 ... in commit order; the newest is never deleted
  tag TEXT NOT NULL,                                -- random
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_events (
  chain TEXT NOT NULL,
  seq INTEGER NOT NULL,                             -- 1, 2, 3 ... in its chain
  text TEXT NOT NULL,                               -- the JSON that was hashed
  hash TEXT NOT NULL,                               -- hex SHA-256 of the hash before it, a line feed and the text
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_heads (
  chain TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signed_audit_heads (
  chain TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  signature TEXT NOT NULL,
  signed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE throttles (
  key BLOB NOT NULL PRIMARY KEY,                    -- keyed digest
  failures INTEGER NOT NULL,
  first_failure_ms INTEGER NOT NULL,
  blocked_until_ms INTEGER NOT NULL,                -- 0: not blocked
  forgotten_at_ms INTEGER NOT NULL                  -- without effect from here on
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_by_end ON throttles (forgotten_at_ms);

CREATE TABLE known_addresses (
  account_id INTEGER NOT NULL CONSTRAINT address_is_of_an_account REFERENCES accounts (id),
  address BLOB NOT NULL,                            -- keyed digest
  last_at_ms INTEGER NOT NULL,                      -- of the last sign-in from it
  PRIMARY KEY (account_id, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_addresses_by_age ON known_addresses (last_at_ms);

CREATE TABLE used_codes (
  secret_digest BLOB NOT NULL,                      -- SHA-256
  step INTEGER NOT NULL,                            -- 30 s steps since 1970 (RFC 6238)
  used_at_ms INTEGER NOT NULL,
  CONSTRAINT code_passes_once PRIMARY KEY (secret_digest, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX used_codes_by_age ON used_codes (used_at_ms);

CREATE TABLE signing_keys (
  name TEXT NOT NULL,
  generation INTEGER NOT NULL,                      -- 1, 2, 3 ...
  kid TEXT NOT NULL,
  sealed BLOB NOT NULL,                             -- private key or secret
  public_jwk TEXT,                                  -- JSON; null: a secret has none
  created_at_ms INTEGER NOT NULL,
  active_from_ms INTEGER NOT NULL,
  CONSTRAINT key_generation_is_made_once PRIMARY KEY (name, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
  name TEXT NOT NULL PRIMARY KEY,
  address TEXT NOT NULL CONSTRAINT server_address_is_unique UNIQUE,  -- canonical IP literal
  port INTEGER NOT NULL,
  transport TEXT NOT NULL CONSTRAINT transport_is_known CHECK (transport IN ('ssh', 'local')),
  os_users TEXT NOT NULL,                           -- JSON list
  groups TEXT NOT NULL,                             -- JSON list
  host_key TEXT,                                    -- OpenSSH public key line
  host_ca TEXT                                      -- OpenSSH public key line
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
  id TEXT NOT NULL PRIMARY KEY,
  summary TEXT NOT NULL,
  servers TEXT NOT NULL,                            -- JSON list of names
  os_users TEXT NOT NULL,                           -- JSON list
  groups TEXT NOT NULL,                             -- JSON list
  starts_at_ms INTEGER NOT NULL,
  ends_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CONSTRAINT change_state_is_known CHECK (state IN ('requested', 'approved', 'closed'))
) STRICT, WITHOUT ROWID;

CREATE TABLE pty_sessions (
  id TEXT NOT NULL PRIMARY KEY,                     -- v4 UUID
  state TEXT NOT NULL CONSTRAINT pty_session_state_is_known CHECK (state IN ('created', 'active', 'closed')),
  purpose TEXT NOT NULL CONSTRAINT purpose_is_known CHECK (purpose IN ('change_request', 'health_check')),
  change_id TEXT,
  server_name TEXT NOT NULL,                        -- may name one that is gone
  os_user TEXT NOT NULL,
  started_by_account_id INTEGER NOT NULL,           -- may name one that is gone
  implementor_account_id INTEGER,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pty_tokens (
  digest BLOB NOT NULL PRIMARY KEY,                 -- SHA-256
  pty_session_id TEXT NOT NULL CONSTRAINT pty_token_is_of_a_pty_session REFERENCES pty_sessions (id),
  account_id INTEGER NOT NULL,                      -- may name one that is gone, and then opens nothing
  session_row INTEGER NOT NULL,                     -- may name one that is gone, and then opens nothing
  role TEXT NOT NULL CONSTRAINT pty_role_is_known CHECK (role IN ('implementor', 'observer')),
  is_start INTEGER NOT NULL CONSTRAINT is_start_is_boolean CHECK (is_start IN (0, 1)),
  expires_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER                                -- null: not used
) STRICT, WITHOUT ROWID;
CREATE INDEX pty_tokens_by_end ON pty_tokens (expires_at_ms);
`
