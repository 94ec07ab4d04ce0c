/** Ssh transport: the agent, asked by hand for what it must not do, and by OpenSSH's own ssh-add for what it offers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { systemRandom } from '../../../src/platform/random.ts'
import { longestMessage, startAgent } from '../../../src/terminals/transports/ssh/agent.ts'
import { AgentExchange, type AgentLogin } from '../../../src/terminals/transports/ssh/agent-protocol.ts'
import { makeCertificate } from '../../../src/terminals/transports/ssh/certificate.ts'
import { hostTrust } from '../../../src/terminals/transports/ssh/host-trust.ts'
import { makeSigningKey, publicLine } from '../../../src/terminals/transports/ssh/keys.ts'
import { byte, string, uint32, WireReader } from '../../../src/terminals/transports/ssh/wire.ts'
import { requireTools } from '../../fixtures/require-tool.ts'

const { skip } = requireTools('ssh')
const key = makeSigningKey('ed25519')
const host = makeSigningKey('ed25519')
const otherHost = makeSigningKey('ecdsa')
const certificate = makeCertificate(
  {
    serverName: 'web-1',
    osUser: 'deploy',
    ptySessionId: '7b0c9f0e-5a36-4a55-9a0b-6a1f3f4f2c11',
    username: 'ada',
    changeId: null,
    command: null,
    sourceAddresses: null,
  },
  { subject: key, authority: makeSigningKey('ed25519'), nowMs: Date.now(), randomBytes: systemRandom().bytes },
)
const login: AgentLogin = {
  certificate,
  key,
  osUser: 'deploy',
  isServersKey: hostTrust({ hostKey: publicLine(host, ''), hostCa: null }),
}

const sessionId = Buffer.alloc(32, 7)
const failure = Buffer.of(5)
const hostbound = 'publickey-hostbound-v00@openssh.com'

/** What a request may be changed in. */
type Request = {
  readonly sessionId: Buffer
  readonly kind: number
  readonly user: string
  readonly service: string
  readonly method: string
  readonly hasSignature: number
  readonly algorithm: string
  readonly blob: Buffer
  readonly hostKey: Buffer | null
  readonly more: Buffer
}

const ours: Request = {
  sessionId,
  kind: 50,
  user: 'deploy',
  service: 'ssh-connection',
  method: hostbound,
  hasSignature: 1,
  algorithm: certificate.algorithm,
  blob: certificate.blob,
  hostKey: host.publicBlob,
  more: Buffer.alloc(0),
}

function toSign(request: Request): Buffer {
  return Buffer.concat([
    string(request.sessionId),
    byte(request.kind),
    string(request.user),
    string(request.service),
    string(request.method),
    byte(request.hasSignature),
    string(request.algorithm),
    string(request.blob),
    request.hostKey === null ? Buffer.alloc(0) : string(request.hostKey),
    request.more,
  ])
}

function signRequest(request: Request, { blob = certificate.blob, flags = 0 } = {}): Buffer {
  return Buffer.concat([byte(13), string(blob), string(toSign(request)), uint32(flags)])
}

function bind(hostKey: Buffer, { session = sessionId, isForwarding = 0 } = {}): Buffer {
  const parts = [string('session-bind@openssh.com'), string(hostKey), string(session), string('signature')]
  return Buffer.concat([byte(27), ...parts, byte(isForwarding)])
}

/** Plays messages to a new agent; returns its answers. */
function play(
  messages: readonly Buffer[],
  agentLogin: AgentLogin = login,
): { replies: Buffer[]; over: boolean[]; progress: string } {
  const agent = new AgentExchange(agentLogin)
  const answers = messages.map((message) => agent.answer(message))
  return {
    replies: answers.map(({ reply }) => reply),
    over: answers.map(({ isOver }) => isOver),
    progress: agent.progress,
  }
}

function isSigned(reply: Buffer | undefined, signed: Buffer): boolean {
  if (reply === undefined || reply[0] !== 14) return false
  const signature = new WireReader(new WireReader(reply.subarray(1)).string())
  assert.equal(signature.text(), 'ssh-ed25519')
  return verify(null, signed, createPublicKey(key.privateKey), signature.string())
}

const plain: Request = { ...ours, method: 'publickey', hostKey: null }

test('SSH-8 the login is signed in both forms, bound to a session or not', () => {
  for (const request of [ours, plain]) {
    for (const before of [[], [bind(host.publicBlob)], [bind(host.publicBlob), byte(11)]]) {
      const { replies, over, progress } = play([...before, signRequest(request)])
      assert.equal(isSigned(replies.at(-1), toSign(request)), true)
      assert.deepEqual([over.at(-1), progress], [true, 'signed'])
    }
  }
})

test('SSH-8 everything but the one login is refused, and ends the agent', () => {
  const bound = bind(host.publicBlob)
  const wrong: Readonly<Record<string, readonly Buffer[]>> = {
    'other user': [bound, signRequest({ ...ours, user: 'root' })],
    'other service': [bound, signRequest({ ...ours, service: 'ssh-userauth' })],
    'other method': [bound, signRequest({ ...ours, method: 'hostbased' })],
    'other session': [bound, signRequest({ ...ours, sessionId: Buffer.alloc(32, 8) })],
    'no session': [signRequest({ ...ours, sessionId: Buffer.alloc(0) })],
    'other host': [signRequest({ ...ours, hostKey: otherHost.publicBlob })],
    'other host than the bound one': [bound, signRequest({ ...ours, hostKey: otherHost.publicBlob })],
    'host without its form': [bound, signRequest({ ...plain, hostKey: host.publicBlob })],
    'form without its host': [bound, signRequest({ ...ours, hostKey: null })],
    'a query, which needs no signature': [bound, signRequest({ ...ours, hasSignature: 0 })],
    'other truth': [bound, signRequest({ ...ours, hasSignature: 2 })],
    'plain key': [bound, signRequest({ ...ours, algorithm: 'ssh-ed25519', blob: key.publicBlob })],
    'other algorithm': [bound, signRequest({ ...ours, algorithm: 'ssh-rsa-cert-v01@openssh.com' })],
    'other message': [bound, signRequest({ ...ours, kind: 51 })],
    'more behind it': [bound, signRequest({ ...ours, more: byte(0) })],
    'asked for the plain key': [bound, signRequest(ours, { blob: key.publicBlob })],
    'asked with flags': [bound, signRequest(ours, { flags: 2 })],
    'something else to sign': [bound, Buffer.concat([byte(13), string(certificate.blob), string('SSHSIG'), uint32(0)])],
    'bound to another host': [bind(otherHost.publicBlob)],
    'bound to no session': [bind(host.publicBlob, { session: Buffer.alloc(0) })],
    'bound for forwarding': [bind(host.publicBlob, { isForwarding: 1 })],
    'bound twice': [bound, bound],
  }
  const ends = Object.entries(wrong).map(([what, messages]) => {
    const { replies, over, progress } = play(messages)
    return [what, replies.at(-1)?.equals(failure), over.at(-1), progress]
  })
  assert.deepEqual(
    ends,
    Object.keys(wrong).map((what) => [what, true, true, 'refused']),
  )
})

test('SSH-8 nothing is signed after the first signature, nor after a refusal', () => {
  const twice = play([signRequest(ours), signRequest(ours), byte(11)])
  const afterRefusal = play([signRequest({ ...ours, user: 'root' }), signRequest(ours)])
  assert.deepEqual([twice.replies.slice(1), twice.progress], [[failure, failure], 'signed'])
  assert.deepEqual([afterRefusal.replies, afterRefusal.progress], [[failure, failure], 'refused'])
})

test('SSH-8 other messages of agents fail, and too many end the conversation', () => {
  const kinds = [1, 3, 9, 17, 18, 19, 20, 21, 22, 23, 25, 26, 255].map((kind) => byte(kind))
  assert.deepEqual(
    play([...kinds, signRequest(ours)]).replies.map((reply) => reply[0]),
    [...kinds.map(() => 5), 14],
  )
  assert.equal(play([...kinds, ...kinds, signRequest(ours)]).progress, 'refused')
})

test('SSH-8, SSH-12 a host certificate counts by its plain key, and by its authority', () => {
  const hostCa = makeSigningKey('ecdsa')
  const signed = makeHostCertificate(host.publicBlob, hostCa.publicBlob, 2)
  const asUser = makeHostCertificate(host.publicBlob, hostCa.publicBlob, 1)
  const byKey = hostTrust({ hostKey: publicLine(host, ''), hostCa: null })
  const byCa = hostTrust({ hostKey: null, hostCa: publicLine(hostCa, '') })
  const byOtherCa = hostTrust({ hostKey: null, hostCa: publicLine(otherHost, '') })
  const blobs = [signed, asUser, host.publicBlob, hostCa.publicBlob, signed.subarray(0, -1), Buffer.alloc(0)]
  assert.deepEqual(
    [byKey, byCa, byOtherCa].map((trust) => blobs.map(trust)),
    [
      [true, false, true, false, false, false],
      [true, false, false, false, false, false],
      [false, false, false, false, false, false],
    ],
  )
})

test('SSH-9 no bytes make the agent sign another login or throw', () => {
  const messages = [signRequest(ours), signRequest(plain), bind(host.publicBlob), byte(11)]
  const damaged = fc
    .tuple(
      fc.constantFrom(...messages),
      fc.array(fc.tuple(fc.nat(2_000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }),
      fc.nat(2_000),
      fc.constantFrom('change', 'cut', 'repeat'),
    )
    .map(([message, changes, at, how]) => damage(Buffer.from(message), { changes, at, how }))
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  let signatures = 0
  fc.assert(
    fc.property(fc.array(fc.oneof(damaged, random), { minLength: 1, maxLength: 2 }), (played) => {
      for (const [index, reply] of play(played).replies.entries()) {
        if (reply[0] !== 14) continue
        signatures += 1
        const signed = readSigned(played[index] as Buffer)
        // A session is any bytes: all that follows it is the login.
        const rest = signed.subarray(4 + signed.readUInt32BE())
        const known = [ours, plain].map((request) => toSign(request).subarray(4 + sessionId.length))
        assert.equal(
          known.some((bytes) => bytes.equals(rest)),
          true,
        )
      }
    }),
    { numRuns: 100_000 },
  )
  assert.ok(signatures > 0, 'nothing came close enough to prove anything')
})

test('SSH-10 ssh-add sees one certificate, and no one else can connect', { skip }, async (t) => {
  const path = socketPath(t)
  const agent = await startAgent(path, login)
  const { stdout } = await promisify(execFile)('ssh-add', ['-L'], {
    env: { SSH_AUTH_SOCK: path, PATH: process.env.PATH },
  })
  await agent.over
  const line = `${certificate.algorithm} ${certificate.blob.toString('base64')} ${certificate.keyId}\n`
  assert.deepEqual([stdout, existsSync(path), agent.progress()], [line, false, 'listed'])
})

test('SSH-10 the path is gone while the first connection lives, and a message that is too long ends it', async (t) => {
  const path = socketPath(t)
  const agent = await startAgent(path, login)
  const socket = connect(path)
  await send(socket, byte(11))
  const isThere = existsSync(path)
  socket.write(uint32(longestMessage + 1))
  await Promise.all([once(socket, 'close'), agent.over])
  assert.deepEqual([isThere, agent.progress()], [false, 'listed'])
})

test('SSH-10 a message that comes byte by byte is read, and what follows the signature is not', async (t) => {
  const agent = await startAgent(socketPath(t, 'slow'), login)
  const socket = connect(socketPath(t, 'slow'))
  const request = signRequest(ours)
  const framed = Buffer.concat([uint32(request.length), request])
  for (const value of framed.subarray(0, -1)) socket.write(byte(value))
  const reply = await send(socket, Buffer.alloc(0), Buffer.concat([framed.subarray(-1), framed]))
  await agent.over
  assert.deepEqual([isSigned(reply, toSign(ours)), agent.progress()], [true, 'signed'])
})

test('SSH-10 an agent that got no request ends when it is closed', async (t) => {
  const path = socketPath(t)
  const agent = await startAgent(path, login)
  agent.close()
  await agent.over
  assert.deepEqual([existsSync(path), agent.progress()], [false, 'idle'])
})

function damage(
  message: Buffer,
  { changes, at, how }: { readonly changes: readonly [number, number][]; readonly at: number; readonly how: string },
): Buffer {
  if (how === 'cut') return message.subarray(0, at % message.length)
  if (how === 'repeat') return Buffer.concat([message, message.subarray(at % message.length)])
  for (const [place, value] of changes) message[place % message.length] = value
  return message
}

function readSigned(message: Buffer): Buffer {
  const reader = new WireReader(message.subarray(1))
  reader.string()
  return reader.string()
}

function makeHostCertificate(publicBlob: Buffer, authorityBlob: Buffer, kind: number): Buffer {
  const reader = new WireReader(publicBlob)
  const algorithm = reader.text()
  const time = Buffer.alloc(8)
  const fields = [
    string(`${algorithm}-cert-v01@openssh.com`),
    string('nonce'),
    string(reader.string()),
    time,
    uint32(kind),
  ]
  const rest = [string('id'), string(string('web-1')), time, time, string(''), string(''), string('')]
  return Buffer.concat([...fields, ...rest, string(authorityBlob), string('signature')])
}

const folders = new WeakMap<TestContext, string>()

function socketPath(t: TestContext, name = 'agent'): string {
  let folder = folders.get(t)
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'sally-agent-'))
    t.after(() => rmSync(made, { recursive: true, force: true }))
    folders.set(t, made)
    folder = made
  }
  return join(folder, name)
}

/** Sends one message, or bytes as they are, and returns the reply to the first without its length. */
async function send(socket: Socket, message: Buffer, bytes?: Buffer): Promise<Buffer> {
  socket.write(bytes ?? Buffer.concat([uint32(message.length), message]))
  let got = Buffer.alloc(0)
  while (got.length < 4 || got.length < 4 + got.readUInt32BE()) {
    const [part] = (await once(socket, 'data')) as [Buffer]
    got = Buffer.concat([got, part])
  }
  return got.subarray(4)
}
