/** Platform tests: signed tokens, their headers byte for byte, and the published keys. */
import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { SigningKeyName, TokenSigner } from '../../src/core/ports.ts'
import type { StoredKey } from '../../src/core/tokens/commands.ts'
import { jwksDocument } from '../../src/platform/jwks.ts'
import type { KeyMaterial } from '../../src/platform/key-material.ts'
import { createSealer } from '../../src/platform/sealer.ts'
import { createSigner } from '../../src/platform/signer.ts'
import { newSigningKey, openSigningKey, pacerproKey, sftpgoKey } from '../../src/platform/signing-keys.ts'

const sealer = createSealer(new Uint8Array(32).fill(7))
const names: readonly SigningKeyName[] = ['control', 'pty', 'sftpgo', 'pacerpro', 'koyeb']
const startMs = 1_700_000_000_000

function newKey(name: SigningKeyName, generation = 1, activeFromMs: number = startMs): Promise<StoredKey> {
  return newSigningKey({ name, generation, nowMs: startMs, activeFromMs }, sealer)
}

function signerAt(nowMs: number, keys: readonly KeyMaterial[]): TokenSigner {
  return createSigner({ keys: () => keys, clock: { wallMs: () => nowMs, monotonicMs: () => 0 } })
}

function part(token: string, index: number): string {
  return Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8')
}

function asJwks(keys: readonly StoredKey[]): JSONWebKeySet {
  return { keys: jwksDocument(keys).keys.map((key) => ({ ...key })) }
}

test('KEY-1 the header of a token has the members of its name, byte for byte', async () => {
  const keys = await Promise.all(names.map((name) => newKey(name)))
  const signer = signerAt(
    startMs,
    keys.map((key) => openSigningKey(key, sealer)),
  )
  const headers = await Promise.all(names.map(async (name) => part(await signer.sign(name, 'some+jwt', {}), 0)))
  assert.deepEqual(headers, [
    `{"alg":"EdDSA","typ":"some+jwt","kid":"${keys[0]?.kid}"}`,
    '{"alg":"HS256","typ":"some+jwt"}',
    '{"alg":"HS256","typ":"some+jwt"}',
    '{"typ":"some+jwt","alg":"HS256"}',
    '{"alg":"HS256","typ":"some+jwt"}',
  ])
})

test('KEY-2 claims keep the order in which they were given', async () => {
  const signer = signerAt(startMs, [pacerproKey('k'.repeat(32)), openSigningKey(await newKey('control'), sealer)])
  const claims = { jti: 'c0b507a7-2716-4f3e-af6a-46b26fdc24e2', sub: 1, exp: 1_500_334_993, scp: 'user', aud: ['ä'] }
  for (const name of ['pacerpro', 'control'] as const) {
    assert.equal(part(await signer.sign(name, 'JWT', claims), 1), JSON.stringify(claims))
  }
})

test('KEY-3 a control token verifies with the published set, and with no other', async () => {
  const [key, otherKey] = await Promise.all([newKey('control'), newKey('control')])
  const token = await signerAt(startMs, [openSigningKey(key, sealer)]).sign('control', 'at+jwt', { sub: 'ada' })
  const { payload } = await compactVerify(token, createLocalJWKSet(asJwks([key])), { algorithms: ['EdDSA'] })
  assert.equal(Buffer.from(payload).toString(), '{"sub":"ada"}')
  await assert.rejects(compactVerify(token, createLocalJWKSet(asJwks([otherKey]))), {
    code: 'ERR_JWKS_NO_MATCHING_KEY',
  })
})

test('KEY-4 a valid token is distinguished from an expired one at the exact second, and from every foreign one', async () => {
  const stored = await newKey('control')
  const keys = [
    openSigningKey(stored, sealer),
    openSigningKey(await newKey('koyeb'), sealer),
    pacerproKey('secret'),
    sftpgoKey('secret'),
  ]
  const signer = signerAt(startMs, keys)
  const now = startMs / 1000
  for (const name of ['control', 'koyeb', 'pacerpro', 'sftpgo'] as const) {
    const tokens = await Promise.all(
      [{ exp: now }, { exp: now + 1 }, {}, { nbf: now + 60 }].map((claims) => signer.sign(name, 'JWT', claims)),
    )
    assert.deepEqual(await Promise.all(tokens.map((token) => signer.inspect(name, token))), [
      'expired',
      'ours',
      'ours',
      'ours',
    ])
  }
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const none = `${encode({ alg: 'none', typ: 'JWT' })}.${encode({ exp: 1 })}.`
  const publicBytes = Buffer.from(jwksDocument([stored]).keys[0]?.x ?? '', 'base64url')
  const confused = hmacToken({ alg: 'HS256', kid: stored.kid }, { exp: 1 }, publicBytes)
  const expired = await signer.sign('koyeb', 'JWT', { exp: 1 })
  const tampered = `${expired.slice(0, -2)}${expired.endsWith('AA') ? 'BB' : 'AA'}`
  const foreign = [none, confused, expired, '', 'a', 'a.b.c', '..', `${none}x`]
  assert.deepEqual(
    await Promise.all(foreign.map((token) => signer.inspect('control', token))),
    foreign.map(() => 'foreign'),
  )
  assert.deepEqual(await Promise.all([none, tampered, expired].map((token) => signer.inspect('koyeb', token))), [
    'foreign',
    'foreign',
    'expired',
  ])
  const notClaims = hmacToken({ alg: 'HS256' }, 'text', Buffer.from('secret'))
  assert.equal(await signer.inspect('pacerpro', notClaims), 'foreign')
})

test('KEY-5 the latest generation whose time has come signs, and earlier tokens still verify', async () => {
  const stored = await Promise.all([
    newKey('control', 1, startMs),
    newKey('control', 2, startMs + 10),
    newKey('control', 3, startMs + 20),
  ])
  const keys = stored.map((key) => openSigningKey(key, sealer)).reverse()
  const times = [startMs - 1, startMs, startMs + 9, startMs + 10, startMs + 20]
  const tokens = await Promise.all(times.map((nowMs) => signerAt(nowMs, keys).sign('control', 'at+jwt', {})))
  const kids = tokens.map((token) => stored.findIndex(({ kid }) => part(token, 0).includes(kid)) + 1)
  assert.deepEqual(kids, [1, 1, 1, 2, 3])
  const late = signerAt(startMs + 30, keys)
  assert.deepEqual(new Set(await Promise.all(tokens.map((token) => late.inspect('control', token)))), new Set(['ours']))
})

test('KEY-6 a stored key opens only with its master key, name and generation, and has no secret in plain text', async () => {
  const other = createSealer(new Uint8Array(32).fill(8))
  for (const name of ['control', 'koyeb'] as const) {
    const stored = await newKey(name, 2)
    const opened = openSigningKey(stored, sealer)
    const secret = opened.kind === 'hmac' ? Buffer.from(opened.secret) : Buffer.from(opened.privateJwk.d, 'base64url')
    assert.equal(secret.length, 32)
    const text = [Buffer.from(stored.sealed).toString('latin1'), JSON.stringify({ ...stored, sealed: '' })].join()
    const clear = ['latin1', 'hex', 'base64', 'base64url'] as const
    assert.deepEqual(
      clear.filter((encoding) => text.includes(secret.toString(encoding))),
      [],
    )
    for (const wrong of [
      { ...stored, generation: 1 },
      { ...stored, name: 'pty' as const },
    ]) {
      assert.throws(() => openSigningKey(wrong, sealer), { code: 'INTERNAL' })
    }
    assert.throws(() => openSigningKey(stored, other), { code: 'INTERNAL' })
  }
})

test('KEY-7 the published set has public members only, and nothing of a secret', async () => {
  const [control, koyeb] = await Promise.all([newKey('control'), newKey('koyeb')])
  const publicJwk = JSON.stringify({ ...JSON.parse(control.publicJwk ?? ''), d: 'private' })
  const { x } = JSON.parse(control.publicJwk ?? '') as { x: string }
  assert.deepEqual(jwksDocument([{ publicJwk }, koyeb]), {
    keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid: control.kid, use: 'sig', alg: 'EdDSA' }],
  })
})

test('KEY-8 a configured key is used as in the original server', async () => {
  const secret = `sécret-${randomBytes(8).toString('hex')}`
  const signer = signerAt(0, [pacerproKey(secret), sftpgoKey(secret)])
  const claims = { jti: 'x' }
  assert.equal(
    await signer.sign('pacerpro', 'JWT', claims),
    hmacToken({ typ: 'JWT', alg: 'HS256' }, claims, Buffer.from(secret, 'utf8')),
  )
  const digest = createHash('sha256').update(secret, 'utf8').digest()
  assert.equal(await signer.sign('sftpgo', 'JWT', claims), hmacToken({ alg: 'HS256', typ: 'JWT' }, claims, digest))
})

test('KEY-15 signing with a name without a key fails', async () => {
  await assert.rejects(signerAt(startMs, [pacerproKey('secret')]).sign('koyeb', 'JWT', {}), /no signing key for koyeb/)
})

function hmacToken(header: unknown, payload: unknown, secret: Uint8Array): string {
  const input = [header, payload].map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')).join('.')
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
