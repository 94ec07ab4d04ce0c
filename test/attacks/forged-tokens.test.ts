/** Attacks by forged tokens: no algorithm, confused algorithms, keys that the token brings along. */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type AttackWorld, attackWorld, realmOf, tokenUses } from '../fixtures/attack-world.ts'

let world: AttackWorld

before(async () => {
  world = await attackWorld()
})

after(() => world.close())

type Json = Readonly<Record<string, unknown>>

/** A way to forge: the header, and the signature over what stands before it. */
type Forgery = { readonly header: Json; readonly sign: (input: string) => Buffer }

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function forge({ header, sign: signature }: Forgery, claims: Json): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${signature(input).toString('base64url')}`
}

const unsigned = (): Buffer => Buffer.alloc(0)
const hmac =
  (key: string | Buffer, hash = 'sha256') =>
  (input: string): Buffer =>
    createHmac(hash, key).update(input).digest()
const byKey =
  (key: KeyObject, hash: string | null = null) =>
  (input: string): Buffer =>
    sign(hash, Buffer.from(input), key)

async function publishedKey(): Promise<{ readonly kid: string; readonly x: string; readonly text: string }> {
  const { body } = await world.attack({ url: '/.well-known/jwks.json' })
  const { keys } = JSON.parse(body) as { keys: readonly [{ kid: string; x: string }] }
  return { ...keys[0], text: JSON.stringify(keys[0]) }
}

/** The claims of a token of a path's dialect, as every holder can read them. */
async function claimsOf(path: string): Promise<Json> {
  const payload = (await world.tokenOf(realmOf(path))).split('.')[1]
  const claims =
    payload === undefined ? { sub: 'ada' } : (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Json)
  return {
    ...claims,
    jti: realmOf(path) === 'pacerpro' ? claims.jti : '1.forged',
    iat: 1_767_366_245,
    exp: 4_102_444_800,
  }
}

function pemOf(x: string): string {
  const prefix = Buffer.from('302a300506032b6570032100', 'hex')
  const body = Buffer.concat([prefix, Buffer.from(x, 'base64url')]).toString('base64')
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`
}

/** Every forgery that needs nothing but the published key, or a key of the attacker's own. */
function forgeries({ kid, x, text }: Awaited<ReturnType<typeof publishedKey>>): Forgery[] {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const own = generateKeyPairSync('ed25519')
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ownJwk = own.publicKey.export({ format: 'jwk' })
  const raw = Buffer.from(x, 'base64url')
  return [
    ...['none', 'None', 'NONE', 'nOnE', ''].map((alg) => ({ header: { alg, typ: 'at+jwt', kid }, sign: unsigned })),
    { header: {}, sign: unsigned },
    { header: { alg: null }, sign: unsigned },
    { header: { alg: ['EdDSA'] }, sign: unsigned },
    ...[raw, x, text, pemOf(x), pemOf(x).trim(), ''].flatMap((key) =>
      ['HS256', 'HS384', 'HS512'].map((alg) => ({
        header: { alg, typ: 'at+jwt', kid },
        sign: hmac(key, `sha${alg.slice(2)}`),
      })),
    ),
    { header: { alg: 'HS256', typ: 'JWT' }, sign: hmac('secret') },
    { header: { alg: 'RS256', typ: 'at+jwt', kid }, sign: byKey(rsa.privateKey, 'sha256') },
    { header: { alg: 'PS256', typ: 'at+jwt', kid }, sign: byKey(rsa.privateKey, 'sha256') },
    { header: { alg: 'ES256', typ: 'at+jwt', kid }, sign: byKey(p256.privateKey, 'sha256') },
    { header: { alg: 'EdDSA', typ: 'at+jwt', kid }, sign: byKey(own.privateKey) },
    { header: { alg: 'EdDSA', typ: 'at+jwt', kid }, sign: () => Buffer.alloc(64) },
    { header: { alg: 'EdDSA', typ: 'at+jwt', jwk: ownJwk }, sign: byKey(own.privateKey) },
    { header: { alg: 'EdDSA', kid, crit: ['b64'], b64: false }, sign: byKey(own.privateKey) },
    { header: { alg: 'HS256', crit: ['exp'], exp: 1 }, sign: hmac('secret') },
    { header: { alg: 'HS256', zip: 'DEF' }, sign: hmac('secret') },
    ...['jku', 'x5u'].map((name) => ({
      header: { alg: 'EdDSA', typ: 'at+jwt', [name]: `${world.url}/never-fetched` },
      sign: byKey(own.privateKey),
    })),
    { header: { alg: 'RS256', x5c: ['MIIB'] }, sign: byKey(rsa.privateKey, 'sha256') },
  ]
}

const kids: readonly unknown[] = [
  '../../../../etc/passwd',
  '/dev/null',
  'master.key',
  "' UNION SELECT 'secret' --",
  '1; DROP TABLE tokens',
  '__proto__',
  'constructor',
  'toString',
  '',
  null,
  0,
  -1,
  true,
  [],
  {},
  ['control'],
  { toString: 1 },
  '\u0000',
  '\ud800',
  'k'.repeat(1024 * 1024),
]

test('ATK-3 no algorithm, a confused one, and a key that the token brings along are refused everywhere', async () => {
  const forged = forgeries(await publishedKey())
  assert.ok(forged.length > 35)
  for (const { path, authorization } of tokenUses) {
    const claims = await claimsOf(path)
    for (const one of forged) {
      const headers = { authorization: authorization(forge(one, claims)) }
      const { statusCode } = await world.attack({ url: path, headers })
      assert.equal(statusCode, 401, `${path} ${JSON.stringify(one.header)}`)
    }
  }
})

test('ATK-3 a key id is a name that is looked up and nothing else, whatever it holds', async () => {
  for (const { path, authorization } of tokenUses) {
    const claims = await claimsOf(path)
    for (const kid of kids) {
      for (const alg of ['HS256', 'EdDSA']) {
        const headers = { authorization: authorization(forge({ header: { alg, kid }, sign: hmac('') }, claims)) }
        const { statusCode } = await world.attack({ url: path, headers })
        assert.equal(statusCode, 401, `${path} ${alg} ${String(JSON.stringify(kid)).slice(0, 60)}`)
      }
    }
  }
})

test('ATK-3 a token that says it is of another session, account or type is refused, however well its parts are taken from real ones', async () => {
  const tokens = [await world.tokenOf('control'), await world.tokenOf('control')] as const
  const [first, second] = tokens.map((token) => token.split('.'))
  const mixed = [
    [first?.[0], second?.[1], first?.[2]],
    [first?.[0], first?.[1], second?.[2]],
    [first?.[0], first?.[1], ''],
    [first?.[0], '', first?.[2]],
    ['', first?.[1], first?.[2]],
    [first?.[0], first?.[1]],
    [first?.[0], first?.[1], first?.[2], first?.[2]],
  ]
  for (const parts of mixed) {
    const { statusCode } = await world.attack({
      url: '/api/v1/verify',
      headers: { authorization: `Bearer ${parts.join('.')}` },
    })
    assert.equal(statusCode, 401)
  }
})
