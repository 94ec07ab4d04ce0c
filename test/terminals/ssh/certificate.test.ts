/** Ssh transport: certificates, as the real ssh-keygen reads them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemRandom } from '../../../src/platform/random.ts'
import {
  type Certificate,
  type CertificateInput,
  keyIdOf,
  makeCertificate,
} from '../../../src/terminals/transports/ssh/certificate.ts'
import { fingerprint, makeSigningKey, parsePublicLine, publicLine } from '../../../src/terminals/transports/ssh/keys.ts'
import { sourceAddresses } from '../../../src/terminals/transports/ssh/source-address.ts'
import { requireTools } from '../../fixtures/require-tool.ts'

const { skip } = requireTools('ssh')
const id = '7b0c9f0e-5a36-4a55-9a0b-6a1f3f4f2c11'

const wanted: CertificateInput = {
  serverName: 'web-1',
  osUser: 'deploy',
  ptySessionId: id,
  username: 'ada',
  changeId: 'CHG-1',
  command: null,
  sourceAddresses: null,
}
const nowMs = Date.UTC(2026, 0, 2, 15, 4, 5, 678)
const types = ['ed25519', 'ecdsa'] as const

/** What `ssh-keygen -L` says, a line of it by its heading; lines of a list are put after one another. */
function read({ algorithm, blob }: Certificate): Record<string, string> {
  const line = `${algorithm} ${blob.toString('base64')}\n`
  const text = execFileSync('ssh-keygen', ['-L', '-f', '-'], {
    input: line,
    env: { TZ: 'UTC', PATH: process.env.PATH },
  })
  const told: Record<string, string> = {}
  let heading = ''
  for (const row of text.toString('utf8').split('\n').slice(1)) {
    const [, name, value] = /^ {8}([A-Z][A-Za-z ]+): ?(.*)$/.exec(row) ?? []
    heading = name ?? heading
    told[heading] = name === undefined ? `${told[heading]}${row.trim()}|` : (value ?? '')
  }
  return told
}

for (const subjectType of types) {
  for (const authorityType of types) {
    test(`SSH-2, SSH-6 ssh-keygen reads a certificate of an ${subjectType} key that an ${authorityType} authority signed`, {
      skip,
    }, () => {
      const subject = makeSigningKey(subjectType)
      const authority = makeSigningKey(authorityType)
      const certificate = makeCertificate(wanted, { subject, authority, nowMs, randomBytes: systemRandom().bytes })
      const { Serial, ...told } = read(certificate)
      const names = { ed25519: 'ED25519', ecdsa: 'ECDSA' }
      assert.deepEqual(told, {
        Type: `${subject.algorithm}-cert-v01@openssh.com user certificate`,
        'Public key': `${names[subjectType]}-CERT ${fingerprint(subject.publicBlob)}`,
        'Signing CA': `${names[authorityType]} ${fingerprint(authority.publicBlob)} (using ${authority.algorithm})`,
        'Key ID': `"pty=${id};account=ada;change=CHG-1"`,
        Valid: 'from 2026-01-02T14:59:05 to 2026-01-02T15:06:05',
        Principals: 'web-1/deploy|',
        'Critical Options': '(none)',
        Extensions: 'permit-pty||',
      })
      assert.match(Serial ?? '', /^[1-9]\d{10,19}$/)
    })
  }
}

test('SSH-2 no two certificates have the same serial, and none the same nonce', () => {
  const making = {
    subject: makeSigningKey('ed25519'),
    authority: makeSigningKey('ed25519'),
    nowMs,
    randomBytes: systemRandom().bytes,
  }
  const blobs = Array.from({ length: 50 }, () => makeCertificate(wanted, making).blob)
  // Both lie at fixed places in a certificate of an ed25519 key: after its name and its nonce, and after its public key.
  const nonces = new Set(blobs.map((blob) => blob.toString('hex', 40, 72)))
  const serials = new Set(blobs.map((blob) => blob.readBigUInt64BE(108)))
  assert.deepEqual([nonces.size, serials.size], [50, 50])
})

test('SSH-3 a forced command and source addresses are the critical options', { skip }, () => {
  const making = {
    subject: makeSigningKey('ed25519'),
    authority: makeSigningKey('ed25519'),
    nowMs,
    randomBytes: systemRandom().bytes,
  }
  const certificate = makeCertificate(
    { ...wanted, command: 'exec env TERM=dumb uptime', sourceAddresses: ['10.0.0.0/8', '::1'] },
    making,
  )
  assert.equal(
    read(certificate)['Critical Options'],
    'force-command exec env TERM=dumb uptime|source-address 10.0.0.0/8,::1|',
  )
})

test("SSH-3 the source is the address of the route, the operator's list, or absent", async () => {
  const target = { address: '127.0.0.1', port: 22 }
  assert.deepEqual(
    [
      await sourceAddresses('auto', target),
      await sourceAddresses('off', target),
      await sourceAddresses(['10.0.0.1'], target),
    ],
    [['127.0.0.1'], null, ['10.0.0.1']],
  )
})

test('SSH-4 a key id stays apart from the log that it stands in, and its parts from one another', () => {
  const hostile = keyIdOf({ ptySessionId: id, username: 'eve;change=CHG-9 (serial 1)\n"\u001b[31m', changeId: null })
  const long = keyIdOf({ ptySessionId: id, username: 'é'.repeat(255), changeId: 'A'.repeat(64) })
  assert.deepEqual(
    [hostile, long],
    [
      `pty=${id};account=eve%3Bchange%3DCHG-9%20%28serial%201%29%0A%22%1B%5B31m;change=-`,
      `pty=${id};account=${'%C3%A9'.repeat(21)}~;change=${'A'.repeat(64)}`,
    ],
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (username, changeId) => {
      assert.match(
        keyIdOf({ ptySessionId: id, username, changeId }),
        /^pty=[0-9a-f-]{36};account=[\w.@+%~-]{0,128};change=[\w.@+%~-]{0,128}$/,
      )
    }),
  )
})

test('SSH-12 a public key line is read as ssh-keygen prints it, and nothing else is one', { skip }, () => {
  const key = makeSigningKey('ecdsa')
  const line = publicLine(key, 'a comment')
  const printed = execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: `${line}\n` }).toString('utf8')
  const blob = key.publicBlob.toString('base64')
  const others = [
    '',
    'ssh-ed25519',
    `ssh-ed25519 ${blob}`,
    `${key.algorithm} ${blob}\nweb-2 x`,
    `@revoked ${key.algorithm} ${blob}`,
  ]
  assert.equal(printed, `256 ${fingerprint(key.publicBlob)} a comment (ECDSA)\n`)
  assert.deepEqual(
    [parsePublicLine(line), ...others.map(parsePublicLine)],
    [{ algorithm: key.algorithm, blob: key.publicBlob }, ...others.map(() => null)],
  )
})
