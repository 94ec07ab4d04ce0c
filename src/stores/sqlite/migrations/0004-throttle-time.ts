/** SQLite store: the fourth schema: the time of the throttle. Never edited after a release. */

/** The statements that make a database of schema 3 one of schema 4. */
export const throttleTimeSchema: string = `
CREATE TABLE throttle_time (
  id INTEGER NOT NULL PRIMARY KEY CONSTRAINT throttle_time_is_one CHECK (id = 1),
  latest_ms INTEGER NOT NULL                        -- never goes back; only differences mean something
) STRICT;
INSERT INTO throttle_time (id, latest_ms) SELECT 1, coalesce(max(first_failure_ms), 0) FROM throttles;
`
