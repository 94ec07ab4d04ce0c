/** Core: reads long lists page by page, so that other work gets its turn. */
import type { Account } from './accounts/account.ts'
import type { Page, Reads, SubjectPolicy } from './store.ts'
import type { ChangeRequest, Server } from './terminals/server.ts'
import type { PolicySubject } from './terminals/terminal-policy.ts'

/** Rows of one page: a few milliseconds of reading. */
export const pageRows = 500

/** Returns every row of a list in its order. A row that is added or removed meanwhile may be missing; no other is missed or repeated. */
async function* everyRow<Row, Key>(
  read: (page: Page<Key>) => Promise<readonly Row[]>,
  keyOf: (row: Row) => Key,
): AsyncGenerator<Row, void, undefined> {
  for (let after: Key | null = null; ; ) {
    const rows: readonly Row[] = await read({ after, limit: pageRows })
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    after = keyOf(last)
  }
}

/** Returns every account of a person, oldest first. */
export function everyAccount(store: Pick<Reads, 'accounts'>): AsyncGenerator<Account, void, undefined> {
  return everyRow(
    (page: Page<number>) => store.accounts(page),
    ({ id }) => id,
  )
}

/** Returns every member of an organization, oldest account first. */
export function everyMember(
  store: Pick<Reads, 'members'>,
  organizationId: string,
): AsyncGenerator<Account, void, undefined> {
  return everyRow(
    (page: Page<number>) => store.members(organizationId, page),
    ({ id }) => id,
  )
}

/** Returns every server after a name, or every server, sorted by name. */
export function everyServer(
  store: Pick<Reads, 'servers'>,
  from: string | null = null,
): AsyncGenerator<Server, void, undefined> {
  return everyRow(
    ({ after, limit }: Page<string>) => store.servers({ after: after ?? from, limit }),
    ({ name }) => name,
  )
}

/** Returns every change request after an id, or every one, sorted by id. */
export function everyChange(
  store: Pick<Reads, 'changes'>,
  from: string | null = null,
): AsyncGenerator<ChangeRequest, void, undefined> {
  return everyRow(
    ({ after, limit }: Page<string>) => store.changes({ after: after ?? from, limit }),
    ({ id }) => id,
  )
}

/** Returns every policy with its subject. */
export function everyPolicy(store: Pick<Reads, 'policies'>): AsyncGenerator<SubjectPolicy, void, undefined> {
  return everyRow(
    (page: Page<PolicySubject>) => store.policies(page),
    ({ subject }) => subject,
  )
}

/** Returns all rows as one list, for commands and tests. */
export async function listOf<Row>(rows: AsyncIterable<Row>): Promise<readonly Row[]> {
  const list: Row[] = []
  for await (const row of rows) list.push(row)
  return list
}
