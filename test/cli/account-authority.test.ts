/** Cli tests: the authority of administrators on the command line, and the last owner. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dataPath, sallyport } from './sallyport-process.ts'

type Shown = { readonly role: string; readonly admin_role: string | null; readonly permissions: readonly string[] }

async function run(data: string, words: string): Promise<readonly [code: number | null, said: string]> {
  const { code, stdout, stderr } = await sallyport(words.split(' '), { data })
  return [code, `${stdout}${stderr}`]
}

async function shown(data: string, name: string): Promise<Shown> {
  const { role, admin_role, permissions } = JSON.parse((await run(data, `account show ${name} --json`))[1]) as Shown
  return { role, admin_role, permissions }
}

const everything = 13

describe('administrators on the command line', { concurrency: 2 }, () => {
  test('CLI-33 an administrator is an owner, has a named role, or has a list of permissions', async (t) => {
    const data = dataPath(t)
    for (const [name, flags] of [
      ['root', '--role admin'],
      ['op', '--role admin --admin-role operator'],
      ['eye', '--role admin --permission audit.read --permission accounts.read'],
      ['ada', ''],
    ]) {
      const words = `account add ${name} --no-password ${flags}`.trim()
      assert.equal((await run(data, words))[0], 0, words)
    }
    const first = [
      await shown(data, 'root'),
      await shown(data, 'op'),
      await shown(data, 'eye'),
      await shown(data, 'ada'),
    ]
    assert.deepEqual(
      first.map(({ role, admin_role, permissions }) => [role, admin_role, permissions.length]),
      [
        ['admin', 'owner', everything],
        ['admin', 'operator', 7],
        ['admin', 'custom', 2],
        ['user', null, 0],
      ],
    )
    assert.deepEqual(first[2]?.permissions, ['accounts.read', 'audit.read'])
    assert.deepEqual(
      [
        await run(data, 'account set eye --admin-role approver'),
        await run(data, 'account set op --permission keys.write'),
        await run(data, 'account set ada --admin-role auditor'),
        await run(data, 'account set ada --role admin --admin-role auditor'),
      ],
      [
        [0, 'Changed the administrator eye.\n'],
        [0, 'Changed the administrator op.\n'],
        [1, 'sallyport: the account ada is no administrator; give --role admin as well.\n'],
        [0, 'Changed the administrator ada.\n'],
      ],
    )
    const listed = JSON.parse((await run(data, 'account list --json'))[1]) as readonly Shown[]
    assert.deepEqual(
      listed.map((one) => one.admin_role),
      ['owner', 'custom', 'approver', 'auditor'],
    )
  })

  test('CLI-34, AUT-7, AUT-9 the last owner stays without --force, which prints the consequence', async (t) => {
    const data = dataPath(t)
    const added = await sallyport(['account', 'add', 'root', '--role', 'admin', '--password-stdin'], {
      data,
      input: 'correct horse battery staple\n',
    })
    assert.equal(added.code, 0)
    const stays = [
      1,
      'sallyport: the administrator root is the last owner who can sign in; create another owner first, or give --force.\n',
    ]
    const ends = [
      'account disable root',
      'account remove root',
      'account set root --role user',
      'account set root --admin-role auditor',
      'account set root --permission admins.write',
      'account set root --expires 2099-01-01T00:00:00Z',
    ]
    for (const words of ends) assert.deepEqual(await run(data, words), stays, words)
    assert.deepEqual(await run(data, 'account set root --email root@example.org --force'), [
      0,
      'Changed the administrator root.\n',
    ])
    const lost =
      'the administrator root is the last owner who can sign in. No administrator can be created and no key rotated until account add --role admin creates an owner.\n'
    assert.deepEqual(await sallyport(['account', 'disable', 'root', '--force'], { data }), {
      code: 0,
      stdout: 'Disabled the administrator root and ended its sessions.\n',
      stderr: lost,
    })
    assert.deepEqual((await run(data, 'account remove root'))[0], 0)
  })
})
