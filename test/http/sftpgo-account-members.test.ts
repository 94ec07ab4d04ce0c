/** sftpgo: every member of users and administrators in every case, from the tables that read and show them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { adminFields } from '../../src/http/dialects/sftpgo/account-shape-admin.ts'
import { userFields } from '../../src/http/dialects/sftpgo/account-shape-user.ts'
import { asAdmin, type Caller, created, type Json, readJson } from '../fixtures/sftpgo/administration.ts'
import { adminRows, lineContext as aroundAdmins } from '../fixtures/sftpgo/members/admins.ts'
import { type Case, type Cell, cases, type Expectation, nothing } from '../fixtures/sftpgo/members/cells.ts'
import { membersOf, surroundingOf, valueAt, withValueAt } from '../fixtures/sftpgo/members/paths.ts'
import { lineContext as aroundUsers, userRows } from '../fixtures/sftpgo/members/users.ts'
import { password, type SftpgoWorld, sftpgoWorld } from '../fixtures/sftpgo/world.ts'

const kinds = [
  { path: '/users', fields: userFields, rows: userRows, lineContext: aroundUsers, add: {} },
  { path: '/admins', fields: adminFields, rows: adminRows, lineContext: aroundAdmins, add: { password } },
] as const
type AccountKind = (typeof kinds)[number]

let world: SftpgoWorld
let ops: Caller

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
  ops = await asAdmin(world)
})

after(() => world.close())

/** Returns the body of a cell: the member in what it needs around it. */
function bodyOf({ lineContext }: AccountKind, path: string, { sent }: Cell): Json {
  return withValueAt(surroundingOf(lineContext, path), path, sent === nothing ? undefined : sent) as Json
}

/** Returns the answer for a member: its refusal, or the shown value. */
function outcome(answer: { readonly status: number; readonly body: string }, told: Json | null, path: string): unknown {
  if (answer.status >= 300) return `${answer.status} ${(JSON.parse(answer.body) as { error: string }).error}`
  return valueAt(told, path)
}

function wanted(expected: Expectation, path: string, untouched: Json): unknown {
  if (expected === 'absent') return undefined
  if (expected === 'own') return valueAt(untouched, path)
  return 'refused' in expected ? `400 Validation error: ${expected.refused}` : expected.shown
}

for (const kind of kinds) {
  describe(`${kind.path}`, () => {
    test(`SFT-124 every member of ${kind.path} has an expectation in every case, and nothing else has`, () => {
      assert.deepEqual(
        Object.keys(kind.rows).sort(),
        membersOf(kind.fields)
          .map(({ path }) => path)
          .sort(),
      )
    })

    for (const [index, one] of cases.entries()) {
      test(`SFT-124 every member of ${kind.path} that is ${one} is refused, left out or filled in, when it is added and when it is replaced`, async () => {
        await checkCase(kind, one, `${kind.path.slice(1)}-${index}`)
      })
    }
  })
}

async function checkCase(kind: AccountKind, one: Case, name: string): Promise<void> {
  const path = `${kind.path}/${name}`
  const least = kind.lineContext[''] ?? {}
  created(await ops('POST', kind.path, { ...least, ...kind.add, username: name }))
  const untouched = readJson(await ops('GET', path))
  const wrong: unknown[] = []
  for (const [member, row] of Object.entries(kind.rows)) {
    const body = bodyOf(kind, member, row[one])
    const added = await adding(kind, body, member)
    const want = wanted(row[one].expected, member, untouched)
    if (member === 'id' && want === untouched.id) assert.notEqual(added, row[one].sent)
    else if (!isAsWanted(added, want)) wrong.push({ member, added, want })
    const replaced = await replacing(path, body, member)
    const wantThen = isKept(member, want) ? valueAt(untouched, member) : want
    if (!isAsWanted(replaced, wantThen)) wrong.push({ member, replaced, want: wantThen })
    assert.deepEqual(await ops('PUT', path, least).then(({ status }) => status), 200, member)
  }
  assert.deepEqual(wrong, [])
}

/** Adds an account, returns the shown value of a member, and removes the account again. */
async function adding({ path, add }: AccountKind, body: Json, member: string): Promise<unknown> {
  const answer = await ops('POST', path, {
    username: 'fresh',
    ...(member === 'password' ? {} : add),
    ...withName(body, member),
  })
  if (answer.status !== 201) return outcome(answer, null, member)
  const told = JSON.parse(answer.body) as Json
  const found = `${path}/${encodeURIComponent(String(told.username))}`
  assert.deepEqual(readJson(await ops('GET', found)), told)
  readJson(await ops('DELETE', found))
  return outcome(answer, told, member)
}

/** Replaces an account and returns the shown value of a member. A refused request changes nothing. */
async function replacing(path: string, body: Json, member: string): Promise<unknown> {
  const before = readJson(await ops('GET', path))
  const answer = await ops('PUT', path, body)
  const after = readJson(await ops('GET', path))
  if (answer.status !== 200) assert.deepEqual(after, before, `${member} was refused and changed something`)
  return outcome(answer, after, member)
}

/** A name that is left out is left out. */
function withName(body: Json, member: string): Json {
  return member === 'username' ? { username: undefined, ...body } : body
}

/** A replaced account keeps its name for every request. An administrator keeps the password if none is sent. */
function isKept(member: string, want: unknown): boolean {
  const isAboutType = typeof want === 'string' && want.endsWith('has to be a text')
  return (
    (member === 'username' && !isAboutType) ||
    (member === 'password' && want === '400 Validation error: please set a password')
  )
}

/** A sentence that ends in a colon is the beginning of one. */
function isAsWanted(got: unknown, want: unknown): boolean {
  if (typeof want === 'string' && want.endsWith(': ')) return String(got).startsWith(want)
  return isDeepStrictEqual(got, want)
}
