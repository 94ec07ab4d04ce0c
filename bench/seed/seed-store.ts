/** Bench: fills a store with sessions without sign-ins. Every row is a copy of one that the server itself wrote. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { readConfig } from '../../src/config.ts'
import { addAccount } from '../../src/core/administration/administer-accounts.ts'
import { createSession } from '../../src/core/sessions/create-session.ts'
import { startServer } from '../../src/main.ts'
import { accessTokenOf, digestOf, refreshTokenOf, uuidOf } from './tokens.ts'

/** The size of the store. Sessions have the rows 1 to `sessions`, each with one token of the same row number. */
export type Seed = { readonly dataDir: string; readonly accounts: number; readonly sessions: number }

/** Seeded sessions outlive every run. */
const day = 86_400
const life = { tokenSeconds: day, idleSeconds: day, absoluteSeconds: day }

/** Creates the store and fills it; the result is checkpointed and synced. */
export async function seedStore({ dataDir, accounts, sessions }: Seed): Promise<void> {
  await createOneSession(dataDir)
  const db = new DatabaseSync(`${dataDir}/sallyport.db`)
  try {
    db.exec('PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -524288')
    const indexes = dropIndexes(db)
    db.exec('BEGIN')
    copyAccounts(db, accounts)
    copySessions(db, { accounts, sessions })
    db.prepare('UPDATE row_numbers SET next = :next').run({ next: sessions + 1 })
    for (const sql of indexes) db.exec(sql)
    db.exec('COMMIT; PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}

async function createOneSession(dataDir: string): Promise<void> {
  const file = { listen: '127.0.0.1:0', data: dataDir, logLevel: 'silent', control: life }
  const server = await startServer({ config: readConfig({ flags: {}, env: {}, file }), env: {} })
  const request = { by: 'control', ip: '127.0.0.1', requestId: null, activity: null, commandLine: null } as const
  const account = await addAccount(
    server.ports,
    { username: 'account-1', email: null, role: 'user', expiresAt: null, groups: ['ops'], password: null },
    { by: null, request: { ...request, by: 'command' }, asFirstAdmin: false },
  )
  await createSession(server.ports, {
    account,
    dialect: 'control',
    organizationId: null,
    client: { ip: '127.0.0.1', userAgent: 'bench/1', fingerprintDigest: null },
    request,
    proof: 'password',
    authenticatedAt: Math.floor(account.createdAtMs / 1000),
    isApplicationPassword: false,
    credentialId: null,
    parentSessionRow: null,
    signIn: null,
    action: 'sign-in',
    mint: async ({ expiresAt }) => ({
      ...{ accessToken: accessTokenOf(1), refreshToken: refreshTokenOf(1), isIndexed: false, boundIp: null },
      expiresAt,
    }),
  })
  await server.close()
}

/** Drops the indexes and returns their SQL. Creating them at the end is cheaper than updating them. */
function dropIndexes(db: DatabaseSync): string[] {
  const indexes = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").all() as {
    name: string
    sql: string
  }[]
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`)
  return indexes.map(({ sql }) => sql)
}

type Row = Record<string, SQLInputValue>

/** Removes the only row of a table and returns a function that inserts copies of it. */
function copier(db: DatabaseSync, table: string): (changes: Row) => void {
  const template = db.prepare(`SELECT * FROM ${table}`).get() as Row
  db.exec(`DELETE FROM ${table}`)
  const columns = Object.keys(template)
  const values = columns.map((column) => `:${column}`)
  const insert = db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')})`)
  return (changes) => {
    insert.run({ ...template, ...changes })
  }
}

function copyAccounts(db: DatabaseSync, accounts: number): void {
  const addAccountRow = copier(db, 'accounts')
  const addGroupRow = copier(db, 'account_groups')
  for (let id = 1; id <= accounts; id += 1) {
    addAccountRow({ id, uuid: uuidOf('account', id), username: `account-${id}`, epoch: uuidOf('epoch', id) })
    addGroupRow({ account_id: id })
  }
}

function copySessions(db: DatabaseSync, counts: { readonly accounts: number; readonly sessions: number }): void {
  const addSessionRow = copier(db, 'sessions')
  const addTokenRow = copier(db, 'tokens')
  for (let row = 1; row <= counts.sessions; row += 1) {
    const account = 1 + (row % counts.accounts)
    addSessionRow({ row, id: uuidOf('session', row), account_id: account, epoch: uuidOf('epoch', account) })
    const digests = { access_digest: digestOf(accessTokenOf(row)), refresh_digest: digestOf(refreshTokenOf(row)) }
    addTokenRow({ row, session_row: row, ...digests })
  }
}
