/** Attacks on what a request presents: Authorization of every form, Basic credentials, forged and altered tokens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  type AttackWorld,
  attackWorld,
  idleLimits,
  password,
  presented,
  realmOf,
  tokenUses,
  tryCases,
} from '../fixtures/attack-world.ts'

let world: AttackWorld

before(async () => {
  world = await attackWorld()
})

after(() => world.close())

/** What Node's parser lets through in a header's value: Latin-1 without controls, and tabs. */
const headerCharacter = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0x21, max: 0x7e }) },
  { weight: 1, arbitrary: fc.constantFrom(0x09, 0x20, 0x3a, 0x2e) },
  { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0xff }) },
)
const headerText = fc.array(headerCharacter, { maxLength: 80 }).map((codes) => String.fromCharCode(...codes).trim())
const scheme = fc.constantFrom(
  'Bearer',
  'bearer',
  'BEARER',
  'giantswarm',
  'GiantSwarm',
  'Basic',
  'Digest',
  'Negotiate',
  '',
  'null',
)
const gap = fc.constantFrom(' ', '', '  ', '\t', ',', ' , ', '=', ': ')
const pathological = fc.constantFrom(
  '..',
  '...',
  'a.b.c',
  'eyJhbGciOiJub25lIn0.e30.',
  '"',
  '1.',
  `1.${'A'.repeat(43)}`,
  'A'.repeat(4_096),
  'A'.repeat(4_097),
  `${'A.'.repeat(2_000)}A`,
  '='.repeat(60_000),
)
const anyAuthorization = fc
  .tuple(fc.array(scheme, { maxLength: 3 }), gap, fc.oneof({ weight: 6, arbitrary: headerText }, pathological))
  .map(([schemes, between, value]) => [...schemes, value].join(between))

test('ATK-1 whatever an Authorization header holds, the answer is sound and nobody is let in', idleLimits, async () => {
  const cases = fc.record({ use: fc.constantFrom(...tokenUses), authorization: anyAuthorization })
  await tryCases('authorization', cases, async ({ use, authorization }) => {
    const { statusCode } = await world.attack({ url: use.path, headers: { authorization } })
    assert.equal(statusCode, 401, authorization)
  })
})

test('ATK-1 the token of each dialect is let in where it is presented as it should be', async () => {
  for (const { path, authorization } of tokenUses) {
    const token = await world.tokenOf(realmOf(path))
    const { statusCode } = await world.attack({ url: path, headers: { authorization: authorization(token) } })
    assert.equal(statusCode, 200, path)
  }
})

const realmPaths = [
  { path: '/api/v2/token', name: 'root' },
  { path: '/api/v2/user/token', name: 'ada' },
] as const

const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    ':',
    'ada',
    'root',
    password,
    'a\0b',
    '\ud800',
    '\u202eada',
    'é',
    'e\u0301',
    'x'.repeat(5_000),
  ),
)
const credentials = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(part, part).map(([name, secret]) => Buffer.from(`${name}:${secret}`)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: part.map((text) => Buffer.from(text)) },
)
const written = fc.constantFrom<(bytes: Buffer) => string>(
  (bytes) => bytes.toString('base64'),
  (bytes) => bytes.toString('base64url'),
  (bytes) => bytes.toString('base64').replace(/=+$/, ''),
  (bytes) => `${bytes.toString('base64')}=`,
  (bytes) => `${bytes.toString('base64')} `,
  (bytes) => bytes.toString('base64').replace(/^./, '*'),
  (bytes) => bytes.toString('latin1').replace(/[^\x20-\xff]/g, ''),
)

test('ATK-2 whatever Basic credentials hold, only the right name and password sign in', idleLimits, async () => {
  const cases = fc.record({ realm: fc.constantFrom(...realmPaths), bytes: credentials, write: written })
  await tryCases('basic', cases, async ({ realm, bytes, write }) => {
    const authorization = `Basic ${write(bytes)}`
    const { statusCode } = await world.attack({ url: realm.path, headers: { authorization } })
    const isRight =
      bytes.equals(Buffer.from(`${realm.name}:${password}`)) && authorization === `Basic ${bytes.toString('base64')}`
    assert.ok(isRight || statusCode === 401, `${bytes.toString('latin1')} answered ${statusCode}`)
  })
})

test('ATK-2 a password with colons and letters of every script signs in by Basic, and a colon moves nothing', async () => {
  const odd = 'süß:ключ:鍵 and some more'
  await world.addAccount({ username: 'odd', password: odd })
  const statusOf = async (text: string, encoding: BufferEncoding = 'utf8'): Promise<number> => {
    const authorization = `Basic ${Buffer.from(text, encoding).toString('base64')}`
    return (await world.attack({ url: '/api/v2/user/token', headers: { authorization } })).statusCode
  }
  const statuses = [
    await statusOf(`odd:${odd}`),
    await statusOf(`odd:süß:${odd.slice(4)}`),
    await statusOf(`odd:süß`),
    await statusOf(`:${odd}`),
    await statusOf(`odd:${odd}`, 'latin1'),
  ]
  assert.deepEqual(statuses, [200, 200, 401, 401, 401])
})

test('ATK-4 a token of which one character was changed, added or taken away is refused', idleLimits, async () => {
  const tokens = new Map<string, string>()
  for (const { path } of tokenUses) tokens.set(path, await world.tokenOf(realmOf(path)))
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/= '
  const change = fc.record({
    use: fc.constantFrom(...tokenUses),
    at: fc.nat(10_000),
    how: fc.constantFrom('replace', 'insert', 'remove', 'swap case'),
    character: fc.constantFrom(...alphabet),
  })
  await tryCases('tokens', change, async ({ use, at, how, character }) => {
    const token = tokens.get(use.path) ?? ''
    const index = at % token.length
    const kept = how === 'insert' ? index : index + 1
    const middle = how === 'remove' ? '' : how === 'swap case' ? swapCase(token[index] ?? '') : character
    const altered = token.slice(0, index) + middle + token.slice(kept)
    const { statusCode } = await world.attack({ url: use.path, headers: { authorization: use.authorization(altered) } })
    // More blanks than one before a token are one at control.
    const meant = use.path.startsWith('/api/v1/') ? altered.replace(/^ +/, '') : altered
    assert.equal(statusCode, meant === token ? 200 : 401, `${how} ${index} ${character}`)
  })
  for (const [path, token] of tokens) {
    const authorization = presented(realmOf(path), token)
    const { statusCode } = await world.attack({ url: path, headers: { authorization } })
    assert.equal(statusCode, 200, path)
  }
})

function swapCase(character: string): string {
  const lower = character.toLowerCase()
  return character === lower ? character.toUpperCase() : lower
}
