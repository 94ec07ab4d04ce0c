/** Platform tests: the list of common passwords. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dictionary } from '@zxcvbn-ts/language-common'
import { createCommonPasswords } from '../../src/platform/common-passwords.ts'

test('PLT-23 the list has at least 3,000 passwords in lower case, and finds no others', async () => {
  const { has } = createCommonPasswords()
  const listed = dictionary['passwords-common']
  assert.ok(listed.length >= 3000)
  assert.deepEqual(
    listed.filter((password) => password !== password.toLowerCase()),
    [],
  )
  const asked = [
    '123456',
    'password',
    'qwertyuiop',
    listed.at(-1) ?? '',
    'x7k2m9qv4b6n8s1',
    '',
    'Password',
    '__proto__',
    'hasOwnProperty',
  ]
  assert.deepEqual(await Promise.all(asked.map(has)), [true, true, true, true, false, false, false, false, false])
})
