/** Platform tests: the sources of the master key, and its refusals. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadMasterKey, MasterKeyError, type MasterKeySource } from '../../src/platform/master-key.ts'
import { temporaryFolder } from './temporary-folder.ts'

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function load(dataDir: string, env: MasterKeySource['env'] = {}, createIfMissing = false): Promise<Uint8Array> {
  return loadMasterKey({ env, dataDir, createIfMissing })
}

async function refusal(loading: Promise<Uint8Array>): Promise<string> {
  const error = await loading.then(
    () => assert.fail('The key was taken.'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof MasterKeyError)
  return error.message
}

function keyFile(path: string, text: string, mode = 0o600): string {
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test('PLT-8 a named file comes before the credential, that before the variable, and that before the data directory', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'credentials'))
  keyFile(join(folder, 'credentials/sallyport-master-key'), base64(keyOf(2)))
  keyFile(join(folder, 'master.key'), `${base64(keyOf(4))}\n`)
  const named = { SALLYPORT_MASTER_KEY_FILE: keyFile(join(folder, 'named'), ` ${base64(keyOf(1))}\r\n`) }
  const credential = { CREDENTIALS_DIRECTORY: join(folder, 'credentials') }
  const given = { SALLYPORT_MASTER_KEY: base64(keyOf(3)) }
  const elsewhere = { CREDENTIALS_DIRECTORY: join(folder, 'none') }
  const environments = [
    { ...named, ...credential, ...given },
    { ...credential, ...given },
    { ...elsewhere, ...given },
    elsewhere,
    {},
  ]
  const loaded = await Promise.all(environments.map((env) => load(folder, env)))
  assert.deepEqual(loaded, [keyOf(1), keyOf(2), keyOf(3), keyOf(4), keyOf(4)])
})

test('PLT-9 a key file that others may read is refused, a credential of systemd is not', async (t) => {
  const folder = temporaryFolder(t)
  for (const mode of [0o640, 0o604, 0o620, 0o644, 0o601]) {
    const path = keyFile(join(folder, 'master.key'), base64(keyOf(1)), mode)
    const sentence = `The master key file ${path} may be read by others than its owner; set its mode to 0600.`
    assert.equal(await refusal(load(folder)), sentence)
    assert.equal(await refusal(load('/none', { SALLYPORT_MASTER_KEY_FILE: path })), sentence)
  }
  keyFile(join(folder, 'sallyport-master-key'), base64(keyOf(2)), 0o440)
  assert.deepEqual(await load(folder, { CREDENTIALS_DIRECTORY: folder }), keyOf(2))
  keyFile(join(folder, 'master.key'), base64(keyOf(1)), 0o400)
  assert.deepEqual(await load(folder), keyOf(1))
})

test('PLT-10 a key that is not base64 or not 32 bytes long is refused in a sentence without the key', async (t) => {
  const folder = temporaryFolder(t)
  const short = base64(new Uint8Array(31).fill(0xa7))
  const long = base64(new Uint8Array(33).fill(0xa7))
  const url = Buffer.from(new Uint8Array(32).fill(0xff)).toString('base64url')
  const sentences = await Promise.all(
    [short, long, url, 'correct horse'].map((text) => refusal(load(folder, { SALLYPORT_MASTER_KEY: text }))),
  )
  assert.deepEqual(sentences, [
    'The master key in SALLYPORT_MASTER_KEY has 31 bytes; it must have 32.',
    'The master key in SALLYPORT_MASTER_KEY has 33 bytes; it must have 32.',
    'The master key in SALLYPORT_MASTER_KEY is not base64.',
    'The master key in SALLYPORT_MASTER_KEY is not base64.',
  ])
  const path = keyFile(join(folder, 'master.key'), `${short}\n`)
  assert.equal(await refusal(load(folder, {}, true)), `The master key in ${path} has 31 bytes; it must have 32.`)
})

test('PLT-11 a named source that is empty or missing is refused, and no other is tried', async (t) => {
  const folder = temporaryFolder(t)
  const path = keyFile(join(folder, 'master.key'), base64(keyOf(4)))
  assert.equal(
    await refusal(load(folder, { SALLYPORT_MASTER_KEY: '' }, true)),
    'The master key in SALLYPORT_MASTER_KEY has 0 bytes; it must have 32.',
  )
  const missing = join(folder, 'missing')
  assert.equal(
    await refusal(load(folder, { SALLYPORT_MASTER_KEY_FILE: missing }, true)),
    `There is no master key file ${missing}.`,
  )
  assert.equal(
    await refusal(load(folder, { SALLYPORT_MASTER_KEY_FILE: join(path, 'x') })),
    `The master key file ${join(path, 'x')} cannot be read (ENOTDIR).`,
  )
})

test('PLT-12 a missing key is created only if that is requested, with mode 0600 under any umask, and stays', async (t) => {
  const folder = temporaryFolder(t)
  assert.equal(await refusal(load(folder)), `There is no master key file ${join(folder, 'master.key')}.`)
  assert.deepEqual(readdirSync(folder), [])
  const umask = process.umask(0o777)
  const created = await load(folder, {}, true).finally(() => process.umask(umask))
  const { mode } = statSync(join(folder, 'master.key'))
  assert.deepEqual([mode & 0o777, readFileSync(join(folder, 'master.key'), 'utf8')], [0o600, `${base64(created)}\n`])
  assert.deepEqual(await Promise.all([load(folder), load(folder, {}, true)]), [created, created])
  assert.notDeepEqual(await load(temporaryFolder(t), {}, true), created)
})

test('PLT-13 a key file is never overwritten, however many processes create one at once', async (t) => {
  const folder = temporaryFolder(t)
  const created = await Promise.allSettled(Array.from({ length: 8 }, () => load(folder, {}, true)))
  const keys = created.flatMap((result) => (result.status === 'fulfilled' ? [base64(result.value)] : []))
  assert.deepEqual([...new Set(keys)], [readFileSync(join(folder, 'master.key'), 'utf8').trim()])
  for (const result of created) assert.ok(result.status === 'fulfilled' || result.reason instanceof MasterKeyError)
})
