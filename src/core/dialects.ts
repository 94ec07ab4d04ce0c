/**
 * Core: the list of dialects. To add a dialect, add its name here and its plugin in `src/http/dialects/plugins.ts`: the
 * compiler then names each table that needs a row.
 */

/** Every dialect, in the order in which documents and tables list them. */
export const dialects = ['control', 'sftpgo', 'pacerpro', 'giantswarm', 'koyeb'] as const

/** The name of a dialect. A session belongs to the dialect that created it. */
export type Dialect = (typeof dialects)[number]

/** Returns one value for each dialect. */
export function byDialect<Value>(make: (dialect: Dialect) => Value): Readonly<Record<Dialect, Value>> {
  return Object.fromEntries(dialects.map((dialect) => [dialect, make(dialect)])) as Record<Dialect, Value>
}
