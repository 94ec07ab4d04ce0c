/** Protocol tests: `pty.v1`: what one end writes the other reads, byte by byte, and every limit of a client's frame holds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeClientFrame } from '../../src/protocol/decode-client-frame.ts'
import { decodeServerFrame } from '../../src/protocol/decode-server-frame.ts'
import { encodeClientFrame, encodeOutput, encodeServerFrame } from '../../src/protocol/encode-frame.ts'
import type { ControlRequest, Hello, ServerFrame, TerminalEvent, Welcome } from '../../src/protocol/terminal-frames.ts'
import { clientFrames, type SentFrame, serverFrames } from './frame-arbitraries.ts'

const utf8 = new TextEncoder()

/** Bytes as hexadecimal digits; spaces are for the eye. */
function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
}

function jsonFrame(type: number, value: unknown): Uint8Array {
  return rawFrame(type, utf8.encode(typeof value === 'string' ? value : JSON.stringify(value)))
}

function rawFrame(type: number, payload: Uint8Array): Uint8Array {
  return Uint8Array.of(type, ...payload)
}

const participant = { id: 'a1', username: 'ada', role: 'implementor' } as const
const welcome: Welcome = {
  ptySessionId: 'p1',
  participant,
  participants: [participant],
  role: 'implementor',
  seq: 7,
  inputSeq: 0,
  cols: 80,
  rows: 24,
  resume: 'c2VjcmV0',
  policy: {
    purpose: 'change_request',
    server: 'db-1',
    osUser: 'deploy',
    changeId: 'CR-1',
    windowEndsAtMs: null,
    idleSeconds: 900,
    observersNeeded: 1,
    presenceMinutes: null,
    inputIsRecorded: false,
  },
}
const joined: TerminalEvent = { kind: 'joined', participant, participants: [participant] }
const typed = utf8.encode('ls\r')

const serverGoldens: readonly (readonly [ServerFrame, Uint8Array])[] = [
  [{ type: 'output', seq: 2 ** 32 + 5, bytes: typed }, hex('01 0000000100000005 6c730d')],
  [{ type: 'snapshot', cols: 80, rows: 24, seq: 9, bytes: typed }, hex('02 0050 0018 0000000000000009 6c730d')],
  [{ type: 'size', seq: 2 ** 53 - 1, cols: 2, rows: 1000 }, hex('03 001fffffffffffff 0002 03e8')],
  [{ type: 'exit', code: -1, signal: 9, finalSeq: 258 }, hex('04 ffffffff 09 0000000000000102')],
  [{ type: 'pong', clientTs: 1 }, hex('05 0000000000000001')],
  [{ type: 'inputAck', inputSeq: 0xffffffff }, hex('06 ffffffff')],
  [{ type: 'flow', state: 'live', seq: 3 }, hex('07 00 0000000000000003')],
  [{ type: 'flow', state: 'behind', seq: 3 }, hex('07 01 0000000000000003')],
  [{ type: 'flow', state: 'paused', seq: 3 }, hex('07 02 0000000000000003')],
  [{ type: 'event', event: joined }, jsonFrame(0x10, joined)],
  [{ type: 'welcome', welcome }, jsonFrame(0x11, welcome)],
  [
    { type: 'error', error: { code: 'idle', message: 'é', retry: 'no' } },
    hex('8e 7b22636f6465223a2269646c65222c226d657373616765223a22c3a9222c227265747279223a226e6f227d'),
  ],
]

const hello: Hello = { v: 1, cols: 80, rows: 24, resume: { seq: 5, inputSeq: 2 } }
const clientGoldens: readonly (readonly [SentFrame, Uint8Array])[] = [
  [{ type: 'hello', hello }, jsonFrame(0x40, '{"v":1,"cols":80,"rows":24,"resume":{"seq":5,"inputSeq":2}}')],
  [{ type: 'input', inputSeq: 258, bytes: typed }, hex('41 00000102 6c730d')],
  [{ type: 'resize', cols: 132, rows: 43 }, hex('42 0084 002b')],
  [{ type: 'ack', seq: 65_536 }, hex('43 0000000000010000')],
  [{ type: 'ping', clientTs: 2 ** 32 }, hex('44 0000000100000000')],
  [{ type: 'resync' }, hex('45')],
  [{ type: 'control', control: { action: 'present' } }, jsonFrame(0x46, '{"action":"present"}')],
  [{ type: 'bye' }, hex('47')],
]

test('FRM-1 every frame is written as the table of the protocol has it, and read back', () => {
  assert.deepEqual(
    serverGoldens.map(([frame]) => encodeServerFrame(frame)),
    serverGoldens.map(([, bytes]) => bytes),
  )
  assert.deepEqual(
    serverGoldens.map(([, bytes]) => decodeServerFrame(bytes)),
    serverGoldens.map(([frame]) => frame),
  )
  assert.deepEqual(
    clientGoldens.map(([frame]) => encodeClientFrame(frame)),
    clientGoldens.map(([, bytes]) => bytes),
  )
  assert.deepEqual(
    clientGoldens.map(([, bytes]) => decodeClientFrame(bytes)),
    clientGoldens.map(([frame]) => frame),
  )
})

test('FRM-1 every frame that can be written is read as the same frame', () => {
  fc.assert(fc.property(serverFrames, (frame) => assert.deepEqual(decodeServerFrame(encodeServerFrame(frame)), frame)))
  fc.assert(fc.property(clientFrames, (frame) => assert.deepEqual(decodeClientFrame(encodeClientFrame(frame)), frame)))
})

test('FRM-1 frames are read out of the middle of a larger buffer, and what they hold is no Buffer', () => {
  const message = Buffer.from('ffff410000000161ff', 'hex').subarray(2, 8)
  const frame = decodeClientFrame(message)
  assert.deepEqual(frame, { type: 'input', inputSeq: 1, bytes: Uint8Array.of(0x61) })
})

test('FRM-2 an unknown type below 0x80 is passed over, and one from 0x80 on is bad, in both directions', () => {
  const types = [0x00, 0x3f, 0x7f, 0x80, 0x8f, 0xff]
  for (const decode of [decodeClientFrame, decodeServerFrame]) {
    const read = types.map((type) => decode(Uint8Array.of(type, 1, 2, 3)).type)
    assert.deepEqual(read, ['unknown', 'unknown', 'unknown', 'bad', 'bad', 'bad'])
    assert.equal(decode(new Uint8Array(0)).type, 'bad')
  }
})

test('FRM-2 an event of a kind that is not known is passed over, and a known one of another shape is bad', () => {
  const read = [
    { kind: 'later' },
    { kind: 'toString' },
    { kind: 'unblocked', more: 1 },
    { kind: 'message' },
    {},
    [],
    null,
  ]
  assert.deepEqual(
    read.map((event) => decodeServerFrame(jsonFrame(0x10, event))),
    [
      { type: 'unknown' },
      { type: 'unknown' },
      { type: 'event', event: { kind: 'unblocked' } },
      ...Array(4).fill({ type: 'bad', reason: 'A frame has not the members of its type.' }),
    ],
  )
})

test('FRM-3 a number above 2^53 - 1 is neither read nor written', () => {
  const over = '0020000000000000'
  const client = [`43 ${over}`, `44 ${over}`].map((digits) => decodeClientFrame(hex(digits)).type)
  const server = [
    `01 ${over}`,
    `02 00500018 ${over}`,
    `03 ${over} 00500018`,
    `04 00000000 00 ${over}`,
    `05 ${over}`,
    `07 00 ${over}`,
  ].map((digits) => decodeServerFrame(hex(digits)).type)
  assert.deepEqual([...client, ...server], Array(8).fill('bad'))
  for (const seq of [2 ** 53, -1, 1.5, Number.NaN]) {
    assert.throws(() => encodeOutput(seq, typed), RangeError)
    assert.throws(() => encodeClientFrame({ type: 'ack', seq }), RangeError)
  }
})

test('FRM-3 a number out of the range of its member is not written', () => {
  const written: readonly (() => unknown)[] = [
    () => encodeClientFrame({ type: 'input', inputSeq: 2 ** 32, bytes: typed }),
    () => encodeClientFrame({ type: 'resize', cols: 1, rows: 24 }),
    () => encodeServerFrame({ type: 'size', seq: 0, cols: 80, rows: 1001 }),
    () => encodeServerFrame({ type: 'exit', code: 2 ** 31, signal: 0, finalSeq: 0 }),
    () => encodeServerFrame({ type: 'exit', code: 0, signal: 256, finalSeq: 0 }),
  ]
  for (const write of written) assert.throws(write, RangeError)
})

test('FRM-4 a frame of fixed length that is a byte shorter or longer is bad', () => {
  const fixed = (frame: { type: string }) => !['output', 'snapshot', 'input'].includes(frame.type)
  const cut = (bytes: Uint8Array) => [bytes.subarray(0, -1), Uint8Array.of(...bytes, 0x20, 0x7b)]
  const client = clientGoldens
    .filter(([frame]) => fixed(frame))
    .flatMap(([, bytes]) => cut(bytes).map(decodeClientFrame))
  const server = serverGoldens
    .filter(([frame]) => fixed(frame))
    .flatMap(([, bytes]) => cut(bytes).map(decodeServerFrame))
  assert.deepEqual(new Set([...client, ...server].map(({ type }) => type)), new Set(['bad']))
  const heads = [hex('01 00000000000000'), hex('02 0050001800000000000000')].map(decodeServerFrame)
  assert.deepEqual(
    [...heads, decodeClientFrame(hex('41 000001'))].map(({ type }) => type),
    ['bad', 'bad', 'bad'],
  )
})

test('FRM-5 an input carries at most 64 KiB and is numbered from 1', () => {
  const input = (length: number, inputSeq = 1) =>
    decodeClientFrame(encodeClientFrame({ type: 'input', inputSeq, bytes: new Uint8Array(length) })).type
  assert.deepEqual([input(0), input(65_536), input(65_537), input(1, 0)], ['input', 'input', 'bad', 'bad'])
})

test('FRM-6 whole numbers of columns and rows are brought within 2 to 1000, and others are bad', () => {
  assert.deepEqual(decodeClientFrame(hex('42 0000 ffff')), { type: 'resize', cols: 2, rows: 1000 })
  const sizes = [
    [0, -7],
    [80.5, 24],
    ['80', 24],
    [null, 24],
    [1e9, 1001],
  ]
  const bad = { type: 'bad', reason: 'A frame has not the members of its type.' }
  assert.deepEqual(
    sizes.map(([cols, rows]) => decodeClientFrame(jsonFrame(0x40, { v: 1, cols, rows }))),
    [
      { type: 'hello', hello: { v: 1, cols: 2, rows: 2 } },
      bad,
      bad,
      bad,
      { type: 'hello', hello: { v: 1, cols: 1000, rows: 1000 } },
    ],
  )
  assert.deepEqual(
    ['03 0000000000000000 0001 0018', '02 0050 03e9 0000000000000000'].map(
      (digits) => decodeServerFrame(hex(digits)).type,
    ),
    ['bad', 'bad'],
  )
})

test('FRM-7 a HELLO of another version, shape or encoding is bad, and members that it does not know are left out', () => {
  const size = { cols: 80, rows: 24 }
  const read = [
    { v: 1, ...size, more: { cols: 1 } },
    '{"v":1,"cols":80,"rows":24,"resume":{"seq":-0,"inputSeq":0}}',
    { v: 2, ...size },
    { v: '1', ...size },
    size,
    { v: 1, ...size, resume: null },
    { v: 1, ...size, resume: { seq: 1 } },
    { v: 1, ...size, resume: { seq: -1, inputSeq: 0 } },
    { v: 1, ...size, resume: { seq: 2 ** 53, inputSeq: 0 } },
    { v: 1, ...size, resume: { seq: 0, inputSeq: 2 ** 32 } },
    [1, 80, 24],
    '{"__proto__":{"v":1,"cols":80,"rows":24}}',
    '{"v":1,"cols":80,"rows":24',
    '\ufeff{"v":1,"cols":80,"rows":24}',
    'null',
    '',
  ].map((value) => decodeClientFrame(jsonFrame(0x40, value)))
  assert.deepEqual(read.splice(0, 2), [
    { type: 'hello', hello: { v: 1, ...size } },
    { type: 'hello', hello: { v: 1, ...size, resume: { seq: 0, inputSeq: 0 } } },
  ])
  assert.deepEqual(
    read.map(({ type }) => type),
    Array(14).fill('bad'),
  )
  assert.equal(decodeClientFrame(rawFrame(0x40, hex('22 ff 22'))).type, 'bad')
})

test('FRM-7 a HELLO is at most 1 KiB, a CONTROL at most 4 KiB, spaces included', () => {
  const padded = (type: number, value: object, length: number) =>
    decodeClientFrame(jsonFrame(type, JSON.stringify(value).padEnd(length))).type
  assert.deepEqual(
    [padded(0x40, hello, 1024), padded(0x40, hello, 1025), padded(0x46, end, 4096), padded(0x46, end, 4097)],
    ['hello', 'bad', 'control', 'bad'],
  )
})

const end: ControlRequest = { action: 'end' }

test('FRM-8 a CONTROL of another action or shape is bad', () => {
  const controls: ControlRequest[] = [
    end,
    { action: 'visible', visible: false },
    { action: 'confirm-paste', confirmed: true },
    { action: 'release' },
    { action: 'pause' },
    { action: 'continue' },
  ]
  assert.deepEqual(
    controls.map((control) => decodeClientFrame(jsonFrame(0x46, control))),
    controls.map((control) => ({ type: 'control', control })),
  )
  const others = [
    {},
    { action: 'take' },
    { action: 'constructor' },
    { action: ['end'] },
    { action: 'visible' },
    { action: 'visible', visible: 'true' },
    { action: 'confirm-paste', confirmed: 1 },
    { action: 'message' },
    'end',
    7,
  ].map((value) => decodeClientFrame(jsonFrame(0x46, value)).type)
  assert.deepEqual(others, Array(10).fill('bad'))
})

test('FRM-8 a message has 1 to 500 characters, all of which can be seen', () => {
  const send = (text: string) => decodeClientFrame(jsonFrame(0x46, { action: 'message', text })).type
  const taken = ['x', 'é'.repeat(500), '😀'.repeat(500), '👩\u200d💻 می\u200cخواهم']
  const refused = ['', '  ', 'x'.repeat(501), 'a\nb', 'a\u001b[2Jb', 'a\u009bb', 'a\u202eb', 'a\u2028b', 'a\ud800']
  assert.deepEqual(taken.map(send), Array(taken.length).fill('control'))
  assert.deepEqual(refused.map(send), Array(refused.length).fill('bad'))
})

test('FRM-9 a WELCOME, EVENT or ERROR without a member, or with one of another type, is bad', () => {
  const shapes: readonly (readonly [number, object])[] = [
    [0x11, welcome],
    [0x10, joined],
    [0x10, { kind: 'presence', sentence: 's', byMs: null }],
    [0x10, { kind: 'warning', what: 'idle', sentence: 's', secondsLeft: 30 }],
    [0x10, { kind: 'blocked', why: 'no-new-commands', sentence: 's' }],
    [0x10, { kind: 'message', from: participant, text: 't' }],
    [0x8e, { code: 'c', message: 'm', retry: 'resume' }],
  ]
  for (const [type, value] of shapes) {
    assert.notEqual(decodeServerFrame(jsonFrame(type, value)).type, 'bad')
    for (const name of Object.keys(value).filter((name) => name !== 'kind')) {
      const { [name]: _, ...without } = value as Record<string, unknown>
      const other = { ...value, [name]: [[]] }
      const read = [without, other].map((altered) => decodeServerFrame(jsonFrame(type, altered)).type)
      assert.deepEqual([name, ...read], [name, 'bad', 'bad'])
    }
  }
  const resume = ['', 'a b', 'a,b', 'a.b', 'x'.repeat(129)]
  const read = resume.map((secret) => decodeServerFrame(jsonFrame(0x11, { ...welcome, resume: secret })).type)
  assert.deepEqual(read, Array(5).fill('bad'))
})
