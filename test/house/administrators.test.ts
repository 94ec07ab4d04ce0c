/** Project tests: one function decides who may act as an administrator. Every other check of a role has its reason here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectRoot, readSources } from '../../tools/source-tree.ts'

/** Expressions that check a role or an authority. */
const questions = /role [=!]== '(?:admin|user)'|\.role === realm\.role|grantedBy\(|authority\?*\.role/g

/** Files that may have such a check, how many, and why it grants nothing. */
const reasons: Readonly<Record<string, readonly [times: number, reason: string]>> = {
  'src/core/administration/authorise.ts': [3, 'the one place that decides'],
  'src/core/accounts/permissions.ts': [2, 'says what an authority grants'],
  'src/core/administration/standing-owner.ts': [2, 'which owners count as the last'],
  'src/core/administration/administer-accounts.ts': [
    4,
    'passes the granted authority to authorise, and gives users nothing',
  ],
  'src/core/tokens/verify.ts': [1, 'tokens of the admin realm of sftpgo stay there'],
  'src/core/ends.ts': [1, 'a change that takes the role away is an end'],
  'src/stores/sqlite/commands/accounts.ts': [2, 'the mark that an administrator was made'],
  'src/stores/sqlite/rows/account-rows.ts': [2, 'how an authority is kept'],
  'src/main/store-command.ts': [1, 'shows what an account holds'],
  'src/main/administrators.ts': [1, 'the log counts those who are no owners'],
  'src/cli/account.ts': [2, 'shows the role'],
  'src/cli/account-authority.ts': [1, 'flags that go with the role admin alone'],
  'src/cli/find-account.ts': [3, 'names that both roles have'],
  'src/cli/organization.ts': [1, 'names that both roles have'],
  'src/http/dialects/control/wire.ts': [1, 'returns the authority of the caller'],
}

/** sftpgo has two realms with separate names. */
const realmsOf = 'src/http/dialects/sftpgo/'

test('AUT-13 only one function decides what an administrator may do', () => {
  const found = new Map<string, number>()
  for (const [path, text] of readSources(projectRoot, ['src'])) {
    if (!path.startsWith('src/') || path.startsWith(realmsOf)) continue
    const code = text
      .replace(/\/\*[\s\S]*?\*\/|\/\/.*$|^import .*$/gm, '')
      .replaceAll(/export function grantedBy\(/g, '')
    const times = [...code.matchAll(questions)].length
    if (times > 0) found.set(path, times)
  }
  const expected = Object.fromEntries(Object.entries(reasons).map(([path, [times]]) => [path, times]))
  assert.deepEqual(Object.fromEntries([...found].sort()), Object.fromEntries(Object.entries(expected).sort()))
})

test('AUT-13 sftpgo decides by its own list and by that one function', () => {
  const powers = [...readSources(projectRoot, ['src'])]
    .filter(([path, text]) => path.startsWith(realmsOf) && /requirePermission\(|authorise\(|grantedBy\(/.test(text))
    .map(([path]) => path.slice(realmsOf.length))
  assert.deepEqual(powers.sort(), ['api-keys.ts', 'authenticate-realm.ts', 'authority.ts', 'require-permission.ts'])
})
