/** SQLite store: the sixth schema: signatures over the audit chains. Never edited after a release. */

/** The statements that add the tables of seals and of the key that signs them. */
export const auditSealSchema: string = `
ALTER TABLE audit_heads ADD COLUMN mark TEXT;         -- hex HMAC-SHA-256 of chain, seq and hash; null: written before there were marks

CREATE TABLE audit_seals (
  seq INTEGER NOT NULL PRIMARY KEY,                 -- 1, 2, 3 ...
  text TEXT NOT NULL,                               -- the JSON that was signed
  signature TEXT NOT NULL                           -- Ed25519, hex
) STRICT;

DROP TABLE signed_audit_heads;                      -- was never written

CREATE TABLE authority_keys_of_more_names (
  name TEXT NOT NULL CONSTRAINT authority_key_is_made_once PRIMARY KEY
    CONSTRAINT authority_key_is_known CHECK (name IN ('ssh-user-ca', 'recording', 'audit')),
  sealed BLOB NOT NULL,                             -- private key, PKCS #8 DER, sealed
  public_key TEXT NOT NULL,                         -- OpenSSH line, or SPKI PEM
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO authority_keys_of_more_names SELECT name, sealed, public_key, created_at_ms FROM authority_keys;
DROP TABLE authority_keys;
ALTER TABLE authority_keys_of_more_names RENAME TO authority_keys;
`
