/** sftpgo: no secret of an account, in any shape, reaches the disk or an answer in clear. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { adminFields } from '../../src/http/dialects/sftpgo/account-shape-admin.ts'
import { userFields } from '../../src/http/dialects/sftpgo/account-shape-user.ts'
import { asAdmin, type Caller, type Json } from '../fixtures/sftpgo/administration.ts'
import { lineContext as aroundAdmins } from '../fixtures/sftpgo/members/admins.ts'
import { membersOf, surroundingOf, valueAt, withValueAt } from '../fixtures/sftpgo/members/paths.ts'
import { lineContext as aroundUsers } from '../fixtures/sftpgo/members/users.ts'
import { byCommand } from '../fixtures/sftpgo/self.ts'
import { password, type SftpgoWorld, sftpgoWorld } from '../fixtures/sftpgo/world.ts'

let world: SftpgoWorld
let ops: Caller

before(async () => {
  world = await sftpgoWorld({ config: { throttle: false } })
  ops = await asAdmin(world)
})

after(() => world.close())

/** Values in the place of a secret; each contains its marker. */
const shapes: Readonly<Record<string, (marker: string) => unknown>> = {
  'a text': (marker) => marker,
  'a list': (marker) => [marker],
  'a payload alone': (payload) => ({ payload }),
  'an empty status': (payload) => ({ status: '', payload }),
  'a status that is not known': (payload) => ({ status: 'Clear', payload }),
  'a status that is no text': (payload) => ({ status: 1, payload }),
  'a payload that is a list': (marker) => ({ status: 'Plain', payload: [marker] }),
  'a key that is a list': (marker) => ({ status: 'Plain', payload: 'x', key: [marker] }),
  'a status of its own': (marker) => ({ status: marker, payload: 'x' }),
  'a secret in a secret': (payload) => ({ status: 'Plain', payload: { status: 'Plain', payload } }),
  'other members': (value) => ({ value }),
  'a secret that is redacted': (payload) => ({ status: 'Redacted', payload }),
  'a secret of elsewhere': (payload) => ({ status: 'AWS', payload, key: payload, additional_data: payload }),
  'a secret': (payload) => ({ status: 'Plain', payload, key: payload, additional_data: payload }),
}

const kinds = [
  { path: '/users', fields: userFields, lineContext: aroundUsers },
  { path: '/admins', fields: adminFields, lineContext: aroundAdmins },
] as const

/** Shapes that are secrets, and the object of other members, which is an empty one; all others have to be refused. */
const taken: ReadonlySet<string> = new Set([
  'a secret',
  'a secret of elsewhere',
  'a secret that is redacted',
  'other members',
])

test('SFT-125 a secret of another shape is 400 for every secret of every provider, and no byte of one is in the store, its log or an answer', async () => {
  const markers: string[] = []
  const told: string[] = []
  const wrong: string[] = []
  for (const { path, fields, lineContext } of kinds) {
    const secrets = membersOf(fields).filter(({ kind }) => kind.form === 'secret')
    assert.ok(secrets.length > 0)
    for (const member of secrets) {
      for (const [shape, make] of Object.entries(shapes)) {
        const marker = `clear-${markers.length}-of-a-secret`
        markers.push(marker)
        const around = surroundingOf(lineContext, member.path)
        // What stands beside it is spelled as nothing that the table knows.
        const body = withValueAt(withValueAt(around, member.path, make(marker)), `${member.path}_`, marker) as Json
        const username = `s${markers.length}`
        const answers = [
          await ops('POST', path, { password, ...body, username }),
          await ops('PUT', `${path}/${username}`, body),
          await ops('GET', `${path}/${username}`),
          await ops('DELETE', `${path}/${username}`),
        ]
        told.push(...answers.map((answer) => answer.body))
        if (!taken.has(shape) && answers[0]?.status !== 400) wrong.push(`${member.path}: ${shape}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
  const stored = await filesBelow(world.dataDir)
  assert.ok([...stored.keys()].some((name) => name.endsWith('-wal')))
  const leaked = [...stored, ['answers', Buffer.from(told.join('\n'))] as const].flatMap(([name, bytes]) =>
    markers.filter((marker) => bytes.includes(marker)).map((marker) => `${name}: ${marker}`),
  )
  assert.deepEqual(leaked, [])
})

async function filesBelow(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.map(async (name) => [name, await readFile(name)] as const)))
}

test('SFT-125 the search finds what is kept in clear', async () => {
  const marker = 'clear-description-of-an-account'
  await ops('POST', '/users', { ...aroundUsers[''], username: 'described', description: marker })
  const stored = [...(await filesBelow(world.dataDir)).values()]
  assert.ok(stored.some((bytes) => bytes.includes(marker)))
})

test('SFT-125 what an earlier version kept where a secret belongs is not shown', async () => {
  const { id } = await world.addAccount({ username: 'older', password: null })
  const s3config = { bucket: 'b', access_secret: 'kept in clear', sse_customer_key: { payload: 'kept in clear' } }
  const attributes = JSON.stringify({ filesystem: { provider: 1, s3config, private_key: 'kept in clear' } })
  const account = (await world.ports.store.accountById(id)) ?? assert.fail()
  await changeAccount(world.ports, account, {
    change: { attributes: { text: attributes, rules: null } },
    how: byCommand,
  })
  const shown = JSON.parse((await ops('GET', '/users/older')).body) as Json
  assert.deepEqual(valueAt(shown, 'filesystem.s3config'), { bucket: 'b' })
  assert.ok(!JSON.stringify(shown).includes('kept in clear'))
})
