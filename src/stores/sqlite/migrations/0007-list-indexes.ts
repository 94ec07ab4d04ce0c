/** SQLite store: the seventh schema: an index for every list that is read page by page. Never edited after a release. */

/** The statements that make a database of schema 6 one of schema 7. */
export const listIndexSchema: string = `
CREATE INDEX accounts_by_name ON accounts (role, kind, username) WHERE status <> 'removed';
CREATE INDEX accounts_by_sftpgo_role ON accounts (role, kind, json_extract(attributes, '$.role'), username)
  WHERE status <> 'removed';
CREATE INDEX accounts_of_person ON accounts (person) WHERE person IS NOT NULL;
CREATE INDEX members_by_joining ON memberships (organization_id, joined_at_ms, account_id);
CREATE INDEX credentials_by_kind ON credentials (kind, dialect, id);
CREATE INDEX servers_by_transport ON servers (transport);
`
