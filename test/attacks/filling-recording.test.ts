/** A recording that grows as fast as a shell can write, on a small disk: the floor ends it before other users are refused. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { sallyport } from '../cli/sallyport-process.ts'
import { bearer, signInAtControl, verifyStatus } from '../fixtures/http-client.ts'
import { enterShell, password, prepareShells, shellServer } from '../fixtures/shell-server.ts'
import { smallDisk } from '../fixtures/small-disk.ts'
import { atEnd } from '../fixtures/sqlite-store.ts'
import { assertTold } from '../fixtures/terminal-ends.ts'

const mebibyte = 1024 * 1024

test('END-21 a recording that fills a small disk ends at the floor; sign-out, disable and a new sign-in answer as always', async (t) => {
  const disk = smallDisk(t, 60)
  if (disk === null) return
  const dataDir = join(disk.folder, 'data')
  await prepareShells(dataDir)
  const floors = { TERMINALS_OPEN_FLOOR_MIB: '16', TERMINALS_END_FLOOR_MIB: '8' }
  const server = await shellServer(dataDir, floors)
  atEnd(t, () => server.end('SIGKILL'))
  const { client } = server
  const signedIn = (username: string) => signInAtControl(client, username, password)
  const [ada, olga] = [(await signedIn('ada')).access_token, (await signedIn('olga')).access_token]
  const shell = await enterShell(await server.start(ada))
  shell.type('exec yes a line that is recorded\r')
  await assertTold(shell, 'disk-low')
  assert.ok(disk.freeBytes() < 8 * mebibyte && disk.freeBytes() > 2 * mebibyte, `${disk.freeBytes()} bytes are free`)

  await assert.rejects(server.start(ada), /answered 503 .*too little room left to record another terminal/)
  assert.equal(
    (await client.send({ path: '/api/v1/sessions/current', method: 'DELETE', headers: bearer(ada) })).status,
    204,
  )
  const disabled = await sallyport(['account', 'disable', 'olga'], { data: dataDir })
  assert.equal(disabled.code, 0, disabled.stderr)
  const again = (await signedIn('ada')).access_token
  assert.deepEqual(await Promise.all([ada, olga, again].map((token) => verifyStatus(client, token))), [401, 401, 200])
  const verified = await sallyport(['recording', 'verify', shell.ptySessionId()], { data: dataDir })
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
})
