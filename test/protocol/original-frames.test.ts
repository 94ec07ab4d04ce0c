/** Protocol tests: the opcode table of the original browser-SSH proxy, opcode by opcode. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bad } from '../../src/protocol/frame-payload.ts'
import {
  decodeOriginalFrame,
  encodeForOriginal,
  encodeOriginalOutput,
  encodeOriginalParseError,
} from '../../src/protocol/original-frames.ts'
import type { ServerFrame, TerminalEvent } from '../../src/protocol/terminal-frames.ts'

const utf8 = new TextEncoder()
const ada = { id: 'a1', username: 'ada', role: 'implementor' } as const
const ops = { id: 'a2', username: 'ops, 100%', role: 'observer' } as const
const participants = [ada, ops]
const listed = frame(0x1c, 'implementor:ada,observer:ops%2C 100%25')

function frame(opcode: number, payload: string): Uint8Array {
  return Uint8Array.of(opcode, ...utf8.encode(payload))
}

function told(event: TerminalEvent): readonly Uint8Array[] {
  return encodeForOriginal({ type: 'event', event })
}

function refused(code: string): readonly Uint8Array[] {
  return encodeForOriginal({ type: 'error', error: { code, message: 'Why.', retry: 'no' } })
}

test('FRM-11 input, resize, close and end of the original are read as the same acts', () => {
  const read = [
    Uint8Array.of(0x00, 0x6c, 0x73, 0x0d),
    Uint8Array.of(0x10, 0x00, 0x50, 0x00, 0x18),
    Uint8Array.of(0x10, 0x00, 0x01, 0xff, 0xff),
    Uint8Array.of(0x12),
    Uint8Array.of(0x18),
  ].map(decodeOriginalFrame)
  assert.deepEqual(read, [
    { type: 'input', inputSeq: 0, bytes: utf8.encode('ls\r') },
    { type: 'resize', cols: 80, rows: 24 },
    { type: 'resize', cols: 2, rows: 1000 },
    { type: 'bye' },
    { type: 'control', control: { action: 'end' } },
  ])
})

test('FRM-11 the opcodes for sudo are not offered, and bytes that are no frame are answered as a parse error', () => {
  const unknown = [0x11, 0x20, 0x21, 0x40, 0x41].map((opcode) => decodeOriginalFrame(Uint8Array.of(opcode, 1)).type)
  assert.deepEqual(unknown, Array(5).fill('unknown'))
  const refusals = [
    new Uint8Array(0),
    Uint8Array.of(0x10, 0, 80, 0),
    Uint8Array.of(0x10, 0, 80, 0, 24, 0),
    new Uint8Array(65_538),
    Uint8Array.of(0x80),
  ].map((bytes) => decodeOriginalFrame(bytes).type)
  assert.deepEqual(refusals, Array(5).fill('bad'))
  assert.equal(decodeOriginalFrame(new Uint8Array(65_537)).type, 'input')
  assert.deepEqual(encodeOriginalParseError(bad('A frame is empty.')), frame(0xff, 'A frame is empty.'))
})

test('FRM-12 output is passed on as it is, and a snapshot is output that begins with a full reset', () => {
  const bytes = Uint8Array.of(0xff, 0x00, 0x1b)
  assert.deepEqual(encodeForOriginal({ type: 'output', seq: 9, bytes }), [Uint8Array.of(0x01, 0xff, 0x00, 0x1b)])
  assert.deepEqual(encodeOriginalOutput(bytes), Uint8Array.of(0x01, 0xff, 0x00, 0x1b))
  assert.deepEqual(encodeForOriginal({ type: 'snapshot', cols: 80, rows: 24, seq: 9, bytes }), [
    Uint8Array.of(0x01, 0x1b, 0x63, 0xff, 0x00, 0x1b),
  ])
})

test('FRM-13 a welcome is the id of the session and the participants, and joining and leaving has the participants', () => {
  const policy = {
    purpose: 'health_check',
    server: 'db-1',
    osUser: 'deploy',
    changeId: null,
    windowEndsAtMs: null,
    idleSeconds: 120,
    observersNeeded: 0,
    presenceMinutes: null,
    inputIsRecorded: false,
  } as const
  const most = { ptySessionId: 'p1', participant: ada, participants, role: 'implementor', policy } as const
  const welcome = { ...most, seq: 0, inputSeq: 0, cols: 80, rows: 24, resume: 's' }
  assert.deepEqual(encodeForOriginal({ type: 'welcome', welcome }), [frame(0x15, 'p1'), listed])
  assert.deepEqual(told({ kind: 'joined', participant: ops, participants }), [
    frame(0x07, 'ops, 100% joined as observer'),
    listed,
  ])
  assert.deepEqual(told({ kind: 'left', participant: ops, participants: [] }), [
    frame(0x07, 'ops, 100% left'),
    frame(0x1c, ''),
  ])
})

test('FRM-14 warnings, blocks and messages have the opcode of the original, and a sentence if it defines no payload', () => {
  const warn = (what: 'window' | 'idle' | 'headless' | 'observers', secondsLeft: number) =>
    told({ kind: 'warning', what, secondsLeft, sentence: 'Soon.' })
  assert.deepEqual([warn('window', 60), warn('window', 61), warn('idle', 30)].flat(), [
    frame(0x17, '1'),
    frame(0x17, '2'),
    frame(0x1b, '30'),
  ])
  assert.deepEqual([warn('headless', 5), warn('observers', 5)].flat(), [frame(0x05, 'Soon.'), frame(0x05, 'Soon.')])
  const sentence = 'Why.'
  const blocked = (['observers-missing', 'presence-missing', 'paused-by-observer', 'no-new-commands'] as const).flatMap(
    (why) => told({ kind: 'blocked', why, sentence }),
  )
  assert.deepEqual(blocked, [frame(0x19, 'Why.'), frame(0x19, 'Why.'), frame(0x05, 'Why.'), frame(0x05, 'Why.')])
  assert.deepEqual(told({ kind: 'presence', sentence, byMs: 5 }), [frame(0x05, 'Why.')])
  assert.deepEqual(told({ kind: 'message', from: ada, text: 'wait' }), [frame(0x06, 'ada: wait')])
})

test('FRM-15 the end of the window, idleness, every other refusal and an exit each have the opcode of the original', () => {
  assert.deepEqual(['window-over', 'idle', 'revoked'].flatMap(refused), [
    frame(0x16, 'Why.'),
    frame(0x1a, 'Why.'),
    frame(0x14, 'Why.'),
  ])
  assert.deepEqual(encodeForOriginal({ type: 'exit', code: 3, signal: 0, finalSeq: 9 }), [
    frame(0x13, 'The shell has ended with status 3.'),
  ])
})

test('FRM-15 frames that the original knows nothing of are not sent to its clients', () => {
  const frames: readonly ServerFrame[] = [
    { type: 'flow', state: 'behind', seq: 1 },
    { type: 'pong', clientTs: 1 },
    { type: 'inputAck', inputSeq: 1 },
    { type: 'size', seq: 1, cols: 80, rows: 24 },
    { type: 'event', event: { kind: 'unblocked' } },
    { type: 'event', event: { kind: 'active' } },
  ]
  assert.deepEqual(frames.flatMap(encodeForOriginal), [])
})
