/** The embedded store: the contract of a store, and the rules of its files. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { everyAccount, listOf } from '../../src/core/every-row.ts'
import { isServerRunning, lockDataDirectory, prepareDataDirectory } from '../../src/stores/sqlite/data-directory.ts'
import { currentSchema } from '../../src/stores/sqlite/migrate.ts'
import { initialSchema } from '../../src/stores/sqlite/migrations/0001-initial.ts'
import { addAccount, createSession, exchangeInput } from '../contracts/store/harness.ts'
import { storeContract } from '../contracts/store.ts'
import { everyPtySession, newSession, opaqueToken, startMs } from '../fixtures/records.ts'
import {
  atEnd,
  killedAtEnd,
  openCommandStore,
  openServerStore,
  openTestStore,
  temporaryFolder,
} from '../fixtures/sqlite-store.ts'

storeContract('sqlite', openTestStore)

test('SQL-1 the data directory has mode 0700 and all in it 0600, under any umask', async (t) => {
  const dataDir = join(temporaryFolder(t), 'deep', 'data')
  await killedAtEnd(t, 'hold-store.ts', dataDir)
  const modes = Object.fromEntries(readdirSync(dataDir).map((name) => [name, modeOf(join(dataDir, name))]))
  assert.deepEqual(
    [modeOf(dataDir), modes],
    [
      '700',
      {
        'lock.db': '600',
        'sallyport.db': '600',
        'sallyport.db-shm': '600',
        'sallyport.db-wal': '600',
        'sallyport.sock': '600',
      },
    ],
  )
})

test('SQL-1 wider modes of the directory and its files are narrowed', async (t) => {
  const dataDir = join(temporaryFolder(t), 'data')
  mkdirSync(dataDir)
  for (const name of ['sallyport.db', 'lock.db']) writeFileSync(join(dataDir, name), '')
  for (const path of [dataDir, join(dataDir, 'sallyport.db'), join(dataDir, 'lock.db')]) chmodSync(path, 0o777)
  const store = await openServerStore(dataDir)
  atEnd(t, () => store.close())
  const found = [modeOf(dataDir), modeOf(join(dataDir, 'sallyport.db')), modeOf(join(dataDir, 'lock.db'))]
  assert.deepEqual(found, ['700', '600', '600'])
})

test('SQL-2 a second server on a data directory is refused in one sentence, a command is not', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await openServerStore(dataDir)
  const running = isServerRunning(prepareDataDirectory(dataDir))
  await assert.rejects(openServerStore(dataDir), {
    code: 'STORE_UNAVAILABLE',
    message: `Another Sallyport server uses the data directory ${dataDir}; stop it, or choose another directory.`,
  })
  const command = await openCommandStore(dataDir)
  assert.deepEqual(await listOf(everyAccount(command)), [])
  await command.close()
  await first.close()
  const after = isServerRunning(prepareDataDirectory(dataDir))
  assert.deepEqual([running, after], [true, false])
  await (await openServerStore(dataDir)).close()
})

test('SQL-2 a killed server holds no lock', async (t) => {
  const dataDir = temporaryFolder(t)
  const kill = await killedAtEnd(t, 'hold-store.ts', dataDir)
  await assert.rejects(openServerStore(dataDir), { code: 'STORE_UNAVAILABLE' })
  await kill()
  const store = await openServerStore(dataDir)
  assert.deepEqual(
    (await store.auditHeads()).map(({ seq }) => seq),
    [1],
  )
  await store.close()
})

test('SQL-3 a database of a newer schema is refused by a sentence with both numbers, and stays unchanged', async (t) => {
  const dataDir = temporaryFolder(t)
  await (await openServerStore(dataDir)).close()
  withDatabase(dataDir, (database) => database.exec('PRAGMA user_version = 99'))
  await assert.rejects(openServerStore(dataDir), {
    code: 'STORE_UNAVAILABLE',
    message: `The database has schema 99 of a newer Sallyport, and this version supports schemas up to ${currentSchema}; upgrade Sallyport.`,
  })
  const version = withDatabase(dataDir, (database) => database.prepare('PRAGMA user_version').get())
  assert.deepEqual({ ...version }, { user_version: 99 })
})

test('SQL-3 a command changes no schema under a running server', async (t) => {
  const dataDir = temporaryFolder(t)
  const release = lockDataDirectory(prepareDataDirectory(dataDir))
  await assert.rejects(openCommandStore(dataDir), {
    code: 'STORE_UNAVAILABLE',
    message: `The running server uses schema 0, this command needs ${currentSchema}; restart the server with this version first.`,
  })
  release()
  await (await openCommandStore(dataDir)).close()
})

test('SQL-25 a database of the first schema is migrated with all its content, once', async (t) => {
  const dataDir = temporaryFolder(t)
  withDatabase(dataDir, (database) => {
    database.exec(initialSchema)
    database.exec(rowsOfFirstSchema)
    database.exec('PRAGMA user_version = 1')
  })
  for (let opened = 0; opened < 2; opened += 1) {
    const store = await openServerStore(dataDir)
    atEnd(t, () => store.close())
    const [account] = await listOf(everyAccount(store))
    assert.deepEqual([account?.username, account?.person], ['ada', 'uuid-1'])
    const change = await store.changeById('CHG-1')
    assert.deepEqual([change?.state, change?.requestedBy, change?.approvedBy], ['approved', null, null])
    const listed = await store.ptySessions(everyPtySession, { limit: 20, before: null })
    assert.deepEqual(
      listed.map(({ id, state, activeAtMs, closedAtMs, endReason }) => [id, state, activeAtMs, closedAtMs, endReason]),
      [
        ['pty-3', 'closed', null, 3, 'internal'],
        ['pty-2', 'active', null, null, null],
        ['pty-1', 'created', null, null, null],
      ],
    )
    assert.deepEqual(await store.ptyAttachments('pty-2'), [])
    await store.close()
  }
  const version = withDatabase(dataDir, (database) => database.prepare('PRAGMA user_version').get())
  assert.deepEqual({ ...version }, { user_version: currentSchema })
})

test('SQL-26 the database refuses a closed PTY session without time and reason, and a left attachment without cause', async (t) => {
  const dataDir = temporaryFolder(t)
  await (await openServerStore(dataDir)).close()
  const refused = (sql: string): string =>
    withDatabase(dataDir, (database) => {
      database.exec(`BEGIN; ${rowsOfFirstSchema.replaceAll("'closed'", "'created'")}`)
      try {
        database.exec(sql)
        return 'written'
      } catch (error) {
        return (error as Error).message
      }
    })
  const closed = 'CHECK constraint failed: closed_pty_session_tells_when_and_why'
  assert.equal(refused("UPDATE pty_sessions SET state = 'closed'"), closed)
  assert.equal(refused("UPDATE pty_sessions SET state = 'closed', closed_at_ms = 1"), closed)
  assert.equal(refused('UPDATE pty_sessions SET closed_at_ms = 1'), closed)
  assert.equal(refused("UPDATE pty_sessions SET state = 'closed', closed_at_ms = 1, end_reason = 'idle'"), 'written')
  assert.equal(
    refused("INSERT INTO pty_attachments VALUES ('a', 'pty-1', 1, 'ada', 'observer', '', 1, 2, NULL)"),
    'CHECK constraint failed: attachment_that_left_tells_why',
  )
  assert.equal(
    refused("INSERT INTO pty_attachments VALUES ('a', 'pty-9', 1, 'ada', 'observer', '', 1, NULL, NULL)"),
    'FOREIGN KEY constraint failed',
  )
})

const rowsOfFirstSchema = `
INSERT INTO accounts (uuid, username, role, kind, status, epoch, password_is_short, created_at_ms, updated_at_ms)
  VALUES ('uuid-1', 'ada', 'user', 'person', 'enabled', 'epoch-1', 0, 1, 1);
INSERT INTO changes (id, summary, servers, os_users, groups, starts_at_ms, ends_at_ms, state)
  VALUES ('CHG-1', '', '[]', '[]', '[]', 1, 2, 'approved');
INSERT INTO pty_sessions (id, state, purpose, server_name, os_user, started_by_account_id, created_at_ms)
  VALUES ('pty-1', 'created', 'health_check', 'web-1', 'ops', 1, 1), ('pty-2', 'active', 'health_check', 'web-1', 'ops', 1, 2),
    ('pty-3', 'closed', 'health_check', 'web-1', 'ops', 1, 3);
`

test('SQL-4 a file that is no database is refused as unavailable, with its cause', async (t) => {
  const dataDir = temporaryFolder(t)
  writeFileSync(join(dataDir, 'sallyport.db'), 'x'.repeat(8_192))
  await assert.rejects(openServerStore(dataDir), (error: Error) => {
    assert.match(String(error.cause), /not a database/)
    return 'code' in error && error.code === 'STORE_UNAVAILABLE'
  })
})

test('SQL-5 a stored answer is erased when its successor was exchanged and 30 s have passed', async (t) => {
  const dataDir = temporaryFolder(t)
  const store = await openServerStore(dataDir)
  atEnd(t, () => store.close())
  const account = await addAccount(store)
  const answers = (row: number) =>
    withDatabase(dataDir, (database) => {
      const found = database.prepare('SELECT sealed_answer FROM tokens WHERE row = ?').get(row)
      return found?.sealed_answer != null
    })
  const collect = (ms: number) =>
    store.execute('collectExpired', { nowMs: startMs + ms, throttleMs: startMs, limit: 100 })

  const { token } = await createSession(store, account)
  const first = exchangeInput(store, token)
  const second = exchangeInput(store, first.successor, { nowMs: startMs + 1_000 })
  await store.execute('exchangeToken', first)
  await collect(60_000)
  const unpresented = answers(first.successor.row)
  await store.execute('exchangeToken', second)
  await collect(29_999)
  const early = answers(first.successor.row)
  await collect(30_000)
  assert.deepEqual([unpresented, early, answers(first.successor.row)], [true, true, false])

  await store.execute('exchangeToken', exchangeInput(store, second.successor, { nowMs: startMs + 31_000 }))
  assert.equal(answers(second.successor.row), false)

  const session = newSession({ account, row: store.nextRow('session') })
  const access = opaqueToken({ row: store.nextRow('token'), sessionRow: session.row })
  await createSession(store, account, { session, token: access })
  const exchange = exchangeInput(store, access)
  await store.execute('exchangeToken', exchange)
  await collect(30_000)
  assert.equal(answers(exchange.successor.row), false)
})

test('SQL-6 a server that closes leaves everything in the database and no log beside it', async (t) => {
  const dataDir = temporaryFolder(t)
  const store = await openServerStore(dataDir)
  await addAccount(store)
  await store.close()
  assert.deepEqual(readdirSync(dataDir).sort(), ['lock.db', 'sallyport.db'])
})

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

function withDatabase<Result>(dataDir: string, use: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(join(dataDir, 'sallyport.db'))
  try {
    return use(database)
  } finally {
    database.close()
  }
}
