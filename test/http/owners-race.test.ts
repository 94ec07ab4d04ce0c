/** Tests two owners who remove each other, one at a dialect and one on the command line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { isStandingOwner } from '../../src/core/administration/standing-owner.ts'
import { isRefusal } from '../../src/core/errors.ts'
import { openCommand } from '../../src/main/store-command.ts'
import { authorityWorld } from '../fixtures/authority/world.ts'

test('AUT-8 of two owners who remove each other, one at giantswarm and one on the command line, one is refused', async () => {
  const world = await authorityWorld()
  const config = readConfig({ flags: {}, env: {}, file: { data: world.dataDir } })
  const command = await openCommand({ config, env: {}, words: ['sallyport'], mayCreate: false })
  try {
    const { store } = world.ports
    const refusedAt: string[] = []
    for (let round = 0; round < 8; round += 1) {
      for (const one of await store.administrators()) await command.removeAccount(one, { mayEndLastOwner: true })
      const [signedIn, other] = [await world.add({ role: 'owner' }), await world.add({ role: 'owner' })]
      await world.as(signedIn, 'giantswarm', 'GET /v4/user/')
      const [atDoor, onLine] = await Promise.all([
        world.as(signedIn, 'giantswarm', `DELETE /v4/users/${other.email}/`),
        command.removeAccount(signedIn).then(
          () => 'done',
          (cause: unknown) => (isRefusal(cause, 'LAST_OWNER') ? 'last owner' : String(cause)),
        ),
      ])
      const isRefusedAtDoor = atDoor.status !== 200
      assert.notEqual(isRefusedAtDoor, onLine === 'last owner', `${atDoor.status} ${onLine}`)
      assert.equal((await store.administrators()).filter(isStandingOwner).length, 1)
      refusedAt.push(isRefusedAtDoor ? 'realm' : 'command line')
    }
    assert.equal(refusedAt.length, 8)
  } finally {
    await command.close()
    await world.close()
  }
})
