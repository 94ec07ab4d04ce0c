/** Core tests: which passwords are taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  checkPassword,
  defaultPasswordRules,
  normalisePassword,
  type PasswordCandidate,
  type PasswordVerdict,
} from '../../../src/core/accounts/password-policy.ts'

const listed = ['correcthorsebattery', 'qwertyuiop1234567']
const commonPasswords = { has: async (lowerCased: string) => listed.includes(lowerCased) }
const ada: Omit<PasswordCandidate, 'password'> = {
  username: 'ada',
  email: 'Ada.Ops@example.org',
  hasSecondFactor: false,
  rules: defaultPasswordRules,
}

function check(password: string, changes: Partial<PasswordCandidate> = {}): Promise<PasswordVerdict> {
  return checkPassword({ ...ada, ...changes, password }, commonPasswords)
}

async function kinds(passwords: readonly string[], changes: Partial<PasswordCandidate> = {}): Promise<string[]> {
  return (await Promise.all(passwords.map((password) => check(password, changes)))).map(({ kind }) => kind)
}

test('PWD-1 composed and decomposed characters are one password, and count as one', async () => {
  assert.equal(normalisePassword('pa\u0308ssword'), normalisePassword('p\u00e4ssword'))
  assert.deepEqual(await kinds(['\u00e4'.repeat(14), 'a\u0308'.repeat(14), 'a\u0308'.repeat(15)]), [
    'rejected',
    'rejected',
    'accepted',
  ])
})

test('PWD-2 15 characters alone and 8 beside a second factor, however many bytes they take', async () => {
  const keys = (count: number): string => '\u{1f511}\u{1f5dd}'.repeat(8).slice(0, count * 2)
  assert.deepEqual(await kinds(['x7'.repeat(7), `${'x7'.repeat(7)}x`, keys(14), keys(15)]), [
    'rejected',
    'accepted',
    'rejected',
    'accepted',
  ])
  const beside = { hasSecondFactor: true }
  assert.deepEqual(await kinds(['x7k2m9q', 'x7k2m9qv', keys(7), keys(8)], beside), [
    'rejected',
    'accepted',
    'rejected',
    'accepted',
  ])
  assert.deepEqual(await check('short'), { kind: 'rejected', reason: 'The password must have at least 15 characters.' })
})

test('PWD-3 a password that is too short to be alone is marked', async () => {
  const beside = { hasSecondFactor: true }
  assert.deepEqual(await check('x7k2m9qv4b6n8s', beside), { kind: 'accepted', isShort: true })
  assert.deepEqual(await check('x7k2m9qv4b6n8s1', beside), { kind: 'accepted', isShort: false })
  assert.deepEqual(await check('x7k2m9qv4b6n8s1'), { kind: 'accepted', isShort: false })
})

test('PWD-4 1,024 characters are taken and one more is not', async () => {
  assert.deepEqual(
    await kinds(['\u{1f511}'.repeat(1024), '\u{1f511}'.repeat(1025), 'x'.repeat(1024), 'x'.repeat(1025)]),
    ['accepted', 'rejected', 'accepted', 'rejected'],
  )
})

test('PWD-5 a listed password is refused in any case of letters', async () => {
  const reason = 'The password is one of those that everybody tries first.'
  for (const password of [...listed, 'CorrectHorseBattery'])
    assert.deepEqual(await check(password), { kind: 'rejected', reason })
  assert.equal((await check('correcthorsebattery1')).kind, 'accepted')
})

test('PWD-6 a password that says the name, the address or the product over and over is refused', async () => {
  const guessable = [
    'adaadaadaadaada',
    'ADAadaADAadaADA',
    'ada.ops@example.org',
    'Ada.OpsAda.OpsAda.Ops',
    'sallyportSallyport',
  ]
  assert.deepEqual(
    await kinds(guessable),
    guessable.map(() => 'rejected'),
  )
  assert.deepEqual(await kinds(['sallyport', 'SallyPort', 'x7k2m9qv'], { hasSecondFactor: true }), [
    'rejected',
    'rejected',
    'accepted',
  ])
  assert.deepEqual(await kinds(['adaadaadaadaadaX', 'a7'.repeat(8)], { username: '', email: null }), [
    'accepted',
    'accepted',
  ])
})

test('PWD-7 no kind of character is asked for', async () => {
  const alphabets = ['ab', '0', ' ', 'A', '\u0000x', '\u{1f511}', '.-']
  const passwords = fc
    .constantFrom(...alphabets)
    .chain((units) =>
      fc.array(fc.constantFrom(...units), { minLength: 15, maxLength: 80 }).map((characters) => characters.join('')),
    )
  await fc.assert(
    fc.asyncProperty(passwords, async (password) => {
      assert.deepEqual(await check(password), { kind: 'accepted', isShort: false })
    }),
  )
})

test('PWD-8 the reason of a refusal does not hold the password', async () => {
  for (const password of ['x7k2m9qv', ...listed, 'adaadaadaadaada', 'q'.repeat(1025)]) {
    const verdict = await check(password)
    assert.equal(verdict.kind === 'rejected' && verdict.reason.toLowerCase().includes(password), false)
    assert.match(verdict.kind === 'rejected' ? verdict.reason : '', /^The password .+\.$/)
  }
})
