/** Platform tests: hashing of passwords on a pool of threads. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { hashSync } from '@node-rs/argon2'
import { normalisePassword } from '../../src/core/accounts/password-policy.ts'
import {
  createPasswordHasher,
  type PasswordHasherOptions,
  type PooledPasswordHasher,
} from '../../src/platform/password-hasher.ts'

const todays = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/

function hasherOf(t: TestContext, options: PasswordHasherOptions = { threads: 1 }): PooledPasswordHasher {
  const hasher = createPasswordHasher(options)
  t.after(() => hasher.close())
  return hasher
}

test('PWD-9 a hash has today’s parameters and a salt of its own', async (t) => {
  const hasher = hasherOf(t)
  const [one, other] = await Promise.all([hasher.hash('correct horse'), hasher.hash('correct horse')])
  assert.match(one, todays)
  assert.match(other, todays)
  assert.notEqual(one.split('$')[4], other.split('$')[4])
})

test('PWD-10, PWD-1 every character counts, and both forms of a character are one', async (t) => {
  const hasher = hasherOf(t)
  const long = 'x'.repeat(1023)
  const password = `${long}\u0000a\u00e4`
  const phc = await hasher.hash(normalisePassword(password))
  const tries = [password, `${long}\u0000aa\u0308`, `${long}\u0000a`, `${long}\u0000b\u00e4`, long, '']
  const results = await Promise.all(tries.map((text) => hasher.verify(phc, normalisePassword(text))))
  assert.deepEqual(results, [true, true, false, false, false, false])
})

test('PWD-11, PWD-12 every verification costs one hash, and without a password none is right', async (t) => {
  const hasher = hasherOf(t)
  const phc = await hasher.hash('correct horse')
  const damaged = [
    '',
    'correct horse',
    phc.slice(0, -1),
    phc.replace('argon2id', 'argon2i'),
    phc.replace('m=19456', 'm=99999999'),
    phc.replace('t=2', 't=0'),
    phc.replace('p=1', 'p=0'),
    phc.replace('$m', ''),
    `${phc.slice(0, -3)}=+=`,
  ]
  const cases: [string | null, string, boolean][] = [
    [phc, 'correct horse', true],
    [phc, 'wrong horse', false],
    [null, 'correct horse', false],
    [null, '', false],
    ...damaged.map((text): [string, string, boolean] => [text, 'correct horse', false]),
  ]
  for (const [stored, password, isRight] of cases) {
    const before = hasher.calls()
    assert.equal(await hasher.verify(stored, password), isRight, String(stored))
    assert.equal(hasher.calls() - before, 1, String(stored))
  }
})

test('PWD-13 when the queue is full, the next task is refused at once without a hash, and later ones are served', async (t) => {
  const hasher = hasherOf(t, { threads: 1, maxQueue: 3 })
  const served = Array.from({ length: 4 }, () => hasher.verify(null, 'x'))
  await assert.rejects(hasher.verify(null, 'x'), { name: 'Refusal', code: 'HASH_QUEUE_FULL', retryAfterSeconds: 2 })
  await assert.rejects(hasher.hash('x'), { code: 'HASH_QUEUE_FULL' })
  assert.deepEqual([await Promise.all(served), hasher.calls()], [[false, false, false, false], 4])
  assert.equal(await hasher.verify(null, 'x'), false)
})

test('PWD-14 weaker, foreign and damaged hashes need a new hash', async (t) => {
  const hasher = hasherOf(t)
  const phc = await hasher.hash('x')
  const stronger = [phc, phc.replace('m=19456', 'm=65536'), phc.replace('t=2', 't=3'), phc.replace('p=1', 'p=4')]
  const weaker = [
    hashSync('x', { memoryCost: 19_455 }),
    hashSync('x', { timeCost: 1 }),
    phc.replace('argon2id', 'argon2i'),
    phc.replace('v=19', 'v=16'),
    '$2b$12$abcdefghijklmnopqrstuv',
    '',
  ]
  assert.deepEqual([...stronger, ...weaker].map(hasher.needsRehash), [
    ...stronger.map(() => false),
    ...weaker.map(() => true),
  ])
})

test('PWD-14 a hash with weaker parameters is still verified', async (t) => {
  assert.equal(await hasherOf(t).verify(hashSync('x', { memoryCost: 1024, timeCost: 1 }), 'x'), true)
})

test('PWD-15 idle threads do not keep the process alive', async () => {
  const module = fileURLToPath(new URL('../../src/platform/password-hasher.ts', import.meta.url))
  const program = `
    import { createPasswordHasher } from ${JSON.stringify(module)}
    const hasher = createPasswordHasher({ threads: 2 })
    console.log(await Promise.all([hasher.verify(null, 'x'), hasher.verify(null, 'x'), hasher.verify(null, 'x')]))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    timeout: 60_000,
  })
  assert.equal(stdout, '[ false, false, false ]\n')
})

test('PWD-16 closing finishes accepted tasks, accepts no more and leaves no thread', async () => {
  const hasher = createPasswordHasher({ threads: 2 })
  const accepted = Promise.all(Array.from({ length: 6 }, () => hasher.hash('x')))
  const closed = hasher.close()
  await assert.rejects(hasher.hash('x'), { code: 'HASH_QUEUE_FULL' })
  await closed
  assert.equal((await accepted).filter((phc) => todays.test(phc)).length, 6)
})

const skip = process.platform === 'linux' ? false : 'Threads are counted in /proc.'

test('PWD-16 closing leaves no thread', { skip }, async () => {
  const hasher = createPasswordHasher({ threads: 2 })
  await Promise.all(Array.from({ length: 6 }, () => hasher.verify(null, 'x')))
  const working = countWorkers()
  await hasher.close()
  assert.deepEqual([working, countWorkers()], [2, 0])
})

function countWorkers(): number {
  const names = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim())
  return names.filter((name) => name === 'WorkerThread').length
}
