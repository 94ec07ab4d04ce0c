/** Forgeries of the audit trail, by an attacker with the data folder and without the master key: real folders, edited with SQL. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sealText } from '../../src/core/audit/seal.ts'
import { sealSigner } from '../../src/platform/audit-key.ts'
import { dataPath, sallyport } from '../cli/sallyport-process.ts'
import { appendForged, edit, prove, rehash, withFoundation, writeTrail } from '../fixtures/audit-world.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { silentLog } from '../fixtures/sqlite-store.ts'

const chain = 'server'

/** An edit of a folder, and the report of `audit verify`, before and after a server has started on it once more. */
type Forgery = {
  readonly title: string
  readonly forge: (data: string) => void
  readonly named: RegExp
  /** After a server has continued it; the first sentence by default. */
  readonly namedLater?: RegExp
  /** Whether the server that starts on it finds it: it checks the newest signature and the events after it. */
  readonly isMetAtStart?: false
}

const forgeries: readonly Forgery[] = [
  {
    title: 'an event dropped, the rest hashed again, the head set',
    forge: (data) => {
      edit(data, `DELETE FROM audit_events WHERE chain = '${chain}' AND seq = 3`)
      rehash(data, chain)
    },
    named: /Event 6 of the chain server is missing\./,
    namedLater: /Event 3 of the chain server, or a later one, does not match its signature\./,
  },
  {
    title: 'an event altered, all hashed again, the head set',
    forge: (data) => {
      edit(data, `UPDATE audit_events SET text = replace(text, 'number-2', 'number-9') WHERE chain = '${chain}'`)
      rehash(data, chain)
    },
    named: /Event 3 of the chain server, or a later one, does not match its signature\./,
  },
  {
    title: 'the newest events cut off, the head set',
    forge: (data) => {
      edit(data, `DELETE FROM audit_events WHERE chain = '${chain}' AND seq > 4`)
      rehash(data, chain)
    },
    named: /Event 5 of the chain server is missing\./,
    namedLater: /Event 3 of the chain server, or a later one, does not match its signature\./,
  },
  {
    title: 'an event of somebody else appended, with its hash and the head',
    forge: (data) => appendForged(data, chain, '{"at":"2026-01-02T00:00:00.000Z","action":"recording-remove"}'),
    named: /Event 7 of the chain server, or a later one, was written without the master key\./,
    namedLater: /Event 8 of the chain server records that the trail was already broken\./,
  },
  {
    title: 'a whole chain gone',
    forge: (data) =>
      edit(data, "DELETE FROM audit_events WHERE chain = 'command'; DELETE FROM audit_heads WHERE chain = 'command'"),
    named: /The chain command was signed and is missing\./,
  },
  {
    title: 'every signature deleted',
    forge: (data) => edit(data, 'DELETE FROM audit_seals'),
    named: /All signatures are missing\./,
    namedLater: /names a key that signed before; its signatures are missing\./,
  },
  {
    title: 'a signature in between deleted',
    forge: (data) => edit(data, 'DELETE FROM audit_seals WHERE seq = 2'),
    named: /Signature 2 is missing\./,
    isMetAtStart: false,
  },
  {
    title: 'a signature deleted, the later ones numbered anew',
    forge: (data) =>
      edit(data, 'DELETE FROM audit_seals WHERE seq = 2; UPDATE audit_seals SET seq = seq - 1 WHERE seq > 2'),
    named: /Signature 2 was not made with this key\./,
  },
  {
    title: 'the newest signature kept over another text',
    forge: (data) => edit(data, 'UPDATE audit_seals SET text = replace(text, \'"seq":6\', \'"seq":5\') WHERE seq = 4'),
    named: /Signature 4 was not made with this key\./,
  },
  {
    title: 'every signature and the key deleted',
    forge: (data) => edit(data, "DELETE FROM audit_seals; DELETE FROM authority_keys WHERE name = 'audit'"),
    named: /Nothing is signed: the store has no key of the audit trail\./,
    namedLater: /names a key that signed before; its signatures are missing\./,
  },
]

for (const { title, forge, named, namedLater = named, isMetAtStart = true } of forgeries) {
  test(`EVD-3, EVD-4 ${title}: verifying names it, and goes on naming it after a server has gone on`, async (t) => {
    const { data, key } = await signedFolder(t)
    const { seals, chains } = await prove(data)
    assert.deepEqual([seals.fault, ...chains.map(({ fault }) => fault)], [null, null, null])
    forge(data)
    assert.match(await faultsOf(['audit', 'verify'], data), named)
    assert.notEqual(await faultsOf(['audit', 'verify', '--key', key], data), '')
    const logged = await runServer(data)
    assert.equal(/^audit-broken: /m.test(logged), isMetAtStart)
    assert.equal((await breaksOnTrail(data)) > 0, isMetAtStart)
    assert.match(await faultsOf(['audit', 'verify'], data), namedLater)
    assert.doesNotMatch(await runServer(data), /audit-broken/)
  })
}

test('EVD-3 a genuine signature of a time that was rolled back does not fit in the place of another', async (t) => {
  const { data } = await signedFolder(t)
  edit(data, 'CREATE TABLE loot AS SELECT * FROM audit_seals WHERE seq = 4; DELETE FROM audit_seals WHERE seq = 4')
  await runServer(data)
  edit(data, 'UPDATE audit_seals SET text = loot.text, signature = loot.signature FROM loot WHERE audit_seals.seq = 4')
  assert.match(await faultsOf(['audit', 'verify'], data), /Signature 5 does not follow from the previous one\./)
})

test('EVD-7 a replaced key with a trail that was signed anew is named, and no server starts on it', async (t) => {
  const { data, key } = await signedFolder(t)
  edit(data, `UPDATE audit_events SET text = replace(text, 'number-2', 'number-9') WHERE chain = '${chain}'`)
  rehash(data, chain)
  const own = signAnew(data)
  assert.match(
    await faultsOf(['audit', 'verify'], data),
    /The master key does not open the key of the audit trail: one of them was replaced\./,
  )
  assert.match(await faultsOf(['audit', 'verify', '--key', key], data), /Signature 1 was not made with this key\./)
  const withOwn = await faultsOf(['audit', 'verify', '--key', own], data)
  assert.match(withOwn, /names a key that signed before/, 'even with the key of the thief')
  await assert.rejects(runServer(data), { code: 'INTERNAL' })
})

async function breaksOnTrail(data: string): Promise<number> {
  const events = await withFoundation(data, ({ store }) => store.auditEvents(chain, { afterSeq: 0, limit: 100 }))
  return events.filter(({ text }) => text.includes('"action":"audit-broken"')).length
}

/** Returns what a verb says on standard error, after it ended with 1; nothing when it ended with 0. */
async function faultsOf(words: readonly string[], data: string): Promise<string> {
  const { code, stderr } = await sallyport(words, { data })
  assert.equal(code, stderr === '' ? 0 : 1)
  return stderr
}

/** Runs a server from its start to its end and returns what it logged as errors. */
async function runServer(data: string): Promise<string> {
  const errors: string[] = []
  const log = { ...silentLog, error: (_facts: unknown, sentence: string) => errors.push(sentence) }
  const server = await runSallyport({ dataDir: data, log })
  await server.close()
  return errors.join('\n')
}

/** A folder of two chains with six and three events and four signatures, and its public key, kept elsewhere. */
async function signedFolder(t: TestContext): Promise<{ readonly data: string; readonly key: string }> {
  const data = dataPath(t)
  await writeTrail(data, 1, chain)
  await writeTrail(data, 3, 'command')
  await writeTrail(data, 4, chain)
  const { stdout } = await sallyport(['audit', 'keys'], { data })
  const key = join(data, 'kept-elsewhere.pem')
  writeFileSync(key, stdout)
  return { data, key }
}

/** Signs the trail as it is with a key of the thief's own, whose row has the form of ours; returns it. */
function signAnew(data: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signer = sealSigner(privateKey)
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  edit(data, (db) => {
    const heads = db.prepare('SELECT chain, seq, hash FROM audit_heads ORDER BY chain').all()
    const text = sealText({
      seq: 1,
      at: '2026-01-02T00:00:00.000Z',
      keyId: signer.keyId,
      previous: '0'.repeat(64),
      heads: heads.map((head) => ({
        chain: String(head.chain),
        seq: Number(head.seq),
        hash: String(head.hash),
      })),
    })
    db.exec('DELETE FROM audit_seals')
    db.prepare('INSERT INTO audit_seals (seq, text, signature) VALUES (1, ?, ?)').run(text, signer.sign(text))
    db.prepare("UPDATE authority_keys SET public_key = ?, sealed = ? WHERE name = 'audit'").run(
      pem,
      new Uint8Array(77).fill(1),
    )
  })
  return pem
}
