/** Cli tests: an export of the audit trail, verified elsewhere with only the public key. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { writeTrail } from '../fixtures/audit-world.ts'
import { dataPath, type Outcome, sallyport } from './sallyport-process.ts'

type Line = {
  seal?: { seq: number; text: string }
  head?: object
  chain?: string
  seq?: number
  hash?: string
  text?: string
}

/** An export with its key, and a folder without a store and a master key. */
type Elsewhere = { readonly lines: readonly Line[]; readonly key: string; readonly prove: Prove }

type Prove = (lines: readonly Line[] | string, ...words: readonly string[]) => Promise<Outcome>

async function exported(t: TestContext): Promise<Elsewhere> {
  const data = dataPath(t)
  await writeTrail(data, 4)
  const { stdout } = await sallyport(['audit', 'export'], { data })
  const { stdout: key } = await sallyport(['audit', 'keys'], { data })
  const folder = join(dirname(data), 'elsewhere')
  mkdirSync(folder)
  const [file, keyFile] = [join(folder, 'trail.jsonl'), join(folder, 'key.pem')]
  writeFileSync(keyFile, key)
  return {
    lines: stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
    key: keyFile,
    prove: (lines, ...words) => {
      const text = typeof lines === 'string' ? lines : lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      writeFileSync(file, text)
      const asked = words.length === 0 ? ['--key', keyFile] : words
      return sallyport(['audit', 'verify', '--file', file, ...asked], { data: join(folder, 'none') })
    },
  }
}

/** Computes the hashes of all events again, as an attacker does after changing one. */
function rehashed(lines: readonly Line[]): readonly Line[] {
  let hash = '0'.repeat(64)
  return lines.map((line) => {
    if (line.text === undefined) return line
    hash = createHash('sha256').update(`${hash}\n${line.text}`).digest('hex')
    return { ...line, hash }
  })
}

test('CLI-86 an export is verified elsewhere with only the public key', async (t) => {
  const { lines, prove } = await exported(t)
  const { code, stdout, stderr } = await prove(lines)
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /whole/)
  assert.match(stdout, /^Signatures: \d+, the newest of /m)
})

const forgeries: Readonly<Record<string, (lines: readonly Line[]) => readonly Line[]>> = {
  'an event altered and all hashed again': (lines) =>
    rehashed(lines.map((line) => (line.seq === 3 ? { ...line, text: `${line.text} ` } : line))),
  'an event dropped': (lines) => lines.filter(({ seq }) => seq !== 3),
  'every signature dropped': (lines) => lines.filter((line) => line.seal === undefined),
  'a signature of another text': (lines) =>
    lines.map((line) => (line.seal?.seq === 1 ? { seal: { ...line.seal, text: `${line.seal.text} ` } } : line)),
}

for (const [title, forge] of Object.entries(forgeries)) {
  test(`CLI-86 ${title} of an export is named, and the verb ends with 1`, async (t) => {
    const { lines, prove } = await exported(t)
    const { code, stderr } = await prove(forge(lines))
    assert.equal(code, 1)
    assert.match(stderr, /^sallyport: (?:Event|All signatures|Signature) /)
  })
}

test('CLI-86 an export is not verified with another key, without a key, or with a malformed line', async (t) => {
  const { lines, prove } = await exported(t)
  const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  assert.equal((await prove(lines, '--key', other)).code, 1)
  assert.equal((await prove(lines, '--json')).code, 2)
  const broken = await prove('rubbish\n')
  assert.deepEqual([broken.code, broken.stderr], [1, 'sallyport: Line 1 of the file is no line of an export.\n'])
})
