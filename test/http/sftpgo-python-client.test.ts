/** sftpgo: its Python client, run as it is published; by flag, because it needs a Python that has it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { addUser, asAdmin } from '../fixtures/sftpgo/administration.ts'
import { password, sftpgoWorld } from '../fixtures/sftpgo/world.ts'

/** A Python that has `sftpgo-client` 0.3.1. */
const python = process.env.SALLYPORT_SFTPGO_PYTHON

/** Reads all users, writes each back as it was read, and reads them again. */
const script = `
import sys
from sftpgo_client import Client
client = Client(sys.argv[1], "ops", sys.argv[2])
for user in client.get_users(limit=500):
    print(user.username, client.update_user(user.username, json_body=user).message)
print(len(client.get_users(limit=500)), len(client.get_admins()), client.get_user_by_username("nulls").filesystem.provider)
`

test('SFT-134 the Python client reads every user of a list and writes it back', {
  skip: python === undefined ? 'set SALLYPORT_SFTPGO_PYTHON to a Python that has sftpgo-client 0.3.1' : false,
}, async () => {
  // The client compares the end of its token with the clock of its machine.
  const world = await sftpgoWorld({ config: { throttle: false }, now: Date.now() })
  try {
    const ops = await asAdmin(world)
    await addUser(ops, { username: 'nulls', filesystem: null, filters: null, uid: null })
    const sftpconfig = { endpoint: 'a:22', username: 'u', password: { status: 'Plain', payload: 'a lamp' } }
    await addUser(ops, { username: 'remote', filesystem: { provider: 5, sftpconfig } })
    const call = ['-c', script, `${world.url}/api/v2`, password]
    const { stdout } = await promisify(execFile)(python ?? '', call)
    assert.equal(stdout, 'ada User updated\nnulls User updated\nremote User updated\n3 1 0\n')
  } finally {
    await world.close()
  }
})
