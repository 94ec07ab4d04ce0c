/** SQLite store: the fifth schema: the authority of administrators, and account rules. Never edited after a release. */

/**
 * The statements that make a database of schema 4 one of schema 5.
 *
 * An administrator whose kept attributes list no permissions, or `*`, becomes an owner; any other keeps what the list maps to,
 * and one with a role of the sftpgo dialect nothing. Rules are read from the kept attributes once; from here on they are
 * written with them.
 */
export const authoritySchema: string = `
ALTER TABLE accounts ADD COLUMN rules TEXT;             -- JSON object; null: no rules
ALTER TABLE accounts ADD COLUMN admin_permissions TEXT; -- JSON list of an administrator of role custom
ALTER TABLE accounts ADD COLUMN admin_role TEXT         -- null: a user
  CONSTRAINT admin_role_is_known CHECK (admin_role IN ('owner', 'operator', 'approver', 'auditor', 'custom'));

CREATE TABLE store_marks (
  name TEXT NOT NULL PRIMARY KEY,                       -- administrator-made
  at_ms INTEGER NOT NULL                                -- when it was set first; a mark is never taken away
) STRICT, WITHOUT ROWID;
INSERT INTO store_marks (name, at_ms)
  SELECT 'administrator-made', min(created_at_ms) FROM accounts WHERE kind = 'person' HAVING count(*) > 0;
INSERT INTO store_marks (name, at_ms)
  SELECT 'administrator-made', 0 FROM audit_events
  WHERE json_extract(text, '$.action') IN ('setup', 'account-add') LIMIT 1
  ON CONFLICT DO NOTHING;

UPDATE accounts SET admin_role = 'owner' WHERE role = 'admin' AND status <> 'removed'
  AND coalesce(json_extract(attributes, '$.role'), '') = '' AND (
  attributes IS NULL OR json_type(attributes, '$.permissions') IS NOT 'array'
  OR EXISTS (SELECT 1 FROM json_each(attributes, '$.permissions') WHERE value = '*'));
UPDATE accounts SET
  admin_role = 'custom',
  admin_permissions = CASE WHEN coalesce(json_extract(attributes, '$.role'), '') <> '' THEN '[]' ELSE (
    WITH mapped (rank, permission, needed) AS (
      VALUES (1, 'accounts.read', '["view_users"]'),
        (2, 'accounts.write', '["add_users","edit_users","del_users"]'),
        (3, 'accounts.secure', '["disable_mfa","manage_defender"]'),
        (4, 'terminals.end', '["view_conns","close_conns"]'),
        (5, 'audit.read', '["view_events"]'),
        (6, 'system.read', '["view_status","view_defender"]'))
    SELECT json_group_array(permission ORDER BY rank) FROM mapped
    WHERE NOT EXISTS (
      SELECT value FROM json_each(needed)
      EXCEPT SELECT value FROM json_each(attributes, '$.permissions'))) END
WHERE role = 'admin' AND status <> 'removed' AND admin_role IS NULL;

UPDATE accounts SET rules = nullif(json_patch('{}', json_object(
  'allowedNetworks', CASE WHEN json_array_length(attributes, '$.filters.' || CASE role WHEN 'admin' THEN 'allow_list' ELSE 'allowed_ip' END) > 0
    THEN json_extract(attributes, '$.filters.' || CASE role WHEN 'admin' THEN 'allow_list' ELSE 'allowed_ip' END) END,
  'deniedNetworks', CASE WHEN role = 'user' AND json_array_length(attributes, '$.filters.denied_ip') > 0
    THEN json_extract(attributes, '$.filters.denied_ip') END,
  'deniedDoors', CASE WHEN role = 'user' AND (json_extract(attributes, '$.filters.is_anonymous') IS 1
      OR EXISTS (SELECT 1 FROM json_each(attributes, '$.filters.denied_protocols') WHERE value = 'HTTP'))
    THEN json('["control","sftpgo","pacerpro","giantswarm","koyeb"]') END,
  'deniesPassword', CASE WHEN role = 'user'
      AND EXISTS (SELECT 1 FROM json_each(attributes, '$.filters.denied_login_methods') WHERE value = 'password')
    THEN json('true') END,
  'accessTimes', CASE WHEN role = 'user' AND json_array_length(attributes, '$.filters.access_time') > 0 THEN (
    SELECT json_group_array(json_object(
      'dayOfWeek', coalesce(json_extract(value, '$.day_of_week'), 0),
      'from', coalesce(json_extract(value, '$.from'), ''), 'to', coalesce(json_extract(value, '$.to'), '')))
    FROM json_each(attributes, '$.filters.access_time')) END,
  'needsSecondFactor', CASE WHEN CASE role WHEN 'admin' THEN json_extract(attributes, '$.filters.require_two_factor') IS 1
      ELSE json_array_length(attributes, '$.filters.two_factor_protocols') > 0 END THEN json('true') END,
  'passwordChangeDue', CASE WHEN json_extract(attributes, '$.filters.require_password_change') IS 1 THEN json('true') END,
  'passwordMaxAgeDays', CASE WHEN role = 'user' AND json_extract(attributes, '$.filters.password_expiration') > 0
    THEN json_extract(attributes, '$.filters.password_expiration') END
)), '{}') WHERE attributes IS NOT NULL;
`
