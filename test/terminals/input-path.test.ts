import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WebSocket } from 'ws'
import { readClocks } from '../../src/core/revocation/lease.ts'
import { Supervision } from '../../src/core/terminals/supervision.ts'
import type { TerminalRole } from '../../src/protocol/terminal-frames.ts'
import { Attachment, type AttachmentFacts } from '../../src/terminals/attachment.ts'
import { InputPath } from '../../src/terminals/input-path.ts'
import type { Terminal } from '../../src/terminals/transports/transport.ts'
import { SocketSink } from '../../src/terminals/web-socket.ts'
import { KeepingSink, turn } from '../fixtures/memory-output.ts'
import { ManualTime } from './recording/record-world.ts'

const kib = 1024

/** A terminal that reads only when the test says so. */
class SlowTerminal implements Terminal {
  readonly written: string[] = []
  readonly exited = new Promise<never>(() => undefined)
  #waitingBytes = 0
  #onDrained: (() => void)[] = []

  write(bytes: Uint8Array): number {
    this.written.push(Buffer.from(bytes).toString())
    this.#waitingBytes += bytes.length
    return this.#waitingBytes
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#onDrained.push(resolve))
  }

  /** Reads all that waits. */
  async read(): Promise<void> {
    this.#waitingBytes = 0
    for (const tell of this.#onDrained.splice(0)) tell()
    await turn()
  }

  resize(): void {}
  pause(): void {}
  resume(): void {}
  end(): Promise<never> {
    return this.exited
  }
}

const facts: AttachmentFacts = {
  id: '7d0c6a5e-3f7e-4a57-9a50-0f6f0d4f2a11',
  accountId: 1,
  username: 'ada',
  person: 'ada',
  groups: ['ops'],
  sessionRow: 1,
  sessionId: '7d0c6a5e-3f7e-4a57-9a50-0f6f0d4f2a12',
  organizationId: null,
  credentialId: null,
  expiresAt: null,
  ip: '127.0.0.1',
  clientIp: '127.0.0.1',
  accessEndsAt: null,
}

type World = {
  readonly input: InputPath
  readonly terminal: SlowTerminal
  /** The callbacks, in order. */
  readonly blocked: string[]
  readonly recorded: string[]
  readonly attach: (id: string, role: TerminalRole) => { readonly attachment: Attachment; readonly sink: KeepingSink }
}

function world(): World {
  const time = new ManualTime()
  const now = (): ReturnType<typeof readClocks> => readClocks(time)
  const policy = {
    observers: null,
    windowEnd: { kind: 'hard' } as const,
    idleSeconds: 900,
    headlessSeconds: 300,
    recordInput: true,
    retentionMonths: 12,
  }
  const setup = { policy, purpose: 'change_request', windowEndsAtMs: null, partiesOfChange: [] } as const
  const supervision = new Supervision(setup, now())
  const blocked: string[] = []
  const recorded: string[] = []
  const terminal = new SlowTerminal()
  const input = new InputPath({
    supervision,
    isWatched: () => false,
    whyNot: () => null,
    timers: time,
    now,
    record: (bytes) => void recorded.push(Buffer.from(bytes).toString()),
    onBlocked: (_attachment, why) => void blocked.push(why),
  })
  return {
    input,
    terminal,
    blocked,
    recorded,
    attach: (id, role) => {
      const attachment = new Attachment({ ...facts, id }, role, 0)
      const sink = new KeepingSink()
      attachment.sink = sink
      supervision.attach({ id, accountId: 1, person: 'ada', role }, now())
      return { attachment, sink }
    },
  }
}

const bytes = (length: number): Uint8Array => Buffer.alloc(length, 'x')

test('FLW-26 a socket is read no more while more than 64 KiB wait, and again once the program has read them', async () => {
  const { input, terminal, attach } = world()
  const { attachment, sink } = attach('a', 'implementor')
  input.opened(terminal)
  input.take(attachment, bytes(64 * kib))
  assert.equal(sink.isInputPaused, false)
  input.take(attachment, bytes(1))
  input.take(attachment, bytes(1))
  assert.deepEqual([sink.isInputPaused, sink.pauses], [true, 1])
  await terminal.read()
  assert.deepEqual([sink.isInputPaused, sink.pauses], [false, 0])
})

test('FLW-26 a client that resumes on another socket is slowed there too', async () => {
  const { input, terminal, attach } = world()
  const { attachment, sink } = attach('a', 'implementor')
  input.opened(terminal)
  input.take(attachment, bytes(65 * kib))
  const next = new KeepingSink()
  attachment.sink = next
  input.take(attachment, bytes(1))
  assert.deepEqual([sink.isInputPaused, next.isInputPaused], [true, true])
  await terminal.read()
  assert.deepEqual([sink.isInputPaused, next.isInputPaused], [false, false])
})

test('FLW-27 input before the terminal is open reaches it first and in order; beyond 64 KiB it is dropped with an event', () => {
  const { input, terminal, blocked, recorded, attach } = world()
  const { attachment } = attach('a', 'implementor')
  input.take(attachment, Buffer.from('one'))
  input.take(attachment, bytes(64 * kib))
  input.take(attachment, Buffer.from('two'))
  input.opened(terminal)
  input.take(attachment, Buffer.from('three'))
  assert.deepEqual([terminal.written, blocked], [['one', 'two', 'three'], ['paste-too-large']])
  assert.ok(recorded.includes('three'))
})

test('FLW-27 input of an observer, or after the end, reaches nothing and is not recorded', () => {
  const { input, terminal, blocked, recorded, attach } = world()
  const { attachment } = attach('a', 'implementor')
  const { attachment: observer } = attach('b', 'observer')
  input.opened(terminal)
  input.take(observer, Buffer.from('one'))
  input.close()
  input.take(attachment, Buffer.from('two'))
  assert.deepEqual([terminal.written, recorded, blocked], [[], [], ['not-implementor']])
})

/** A WebSocket that writes down the calls to it. */
class KeptSocket {
  readonly asked: string[] = []
  bufferedAmount = 0
  on(): void {}
  pause(): void {
    this.asked.push('pause')
  }
  resume(): void {
    this.asked.push('resume')
  }
  send(): void {
    this.asked.push('send')
  }
  terminate(): void {
    this.asked.push('terminate')
  }
}

function socketSink(): { readonly sink: SocketSink; readonly socket: KeptSocket } {
  const socket = new KeptSocket()
  return { sink: new SocketSink(socket as unknown as WebSocket, 'pty.v1', new ManualTime()), socket }
}

test('FLW-28 a socket that two have stopped is read again only when both let it', () => {
  const { sink, socket } = socketSink()
  sink.pauseInput()
  sink.pauseInput()
  sink.resumeInput()
  assert.deepEqual([sink.isInputPaused, socket.asked.includes('resume')], [true, false])
  sink.resumeInput()
  assert.deepEqual([sink.isInputPaused, socket.asked.at(-1)], [false, 'resume'])
})

test('FLW-29 a client that sends requests without reading the answers is cut off at 8 MiB', () => {
  const { sink, socket } = socketSink()
  socket.bufferedAmount = 8 * kib * kib
  sink.send({ type: 'pong', clientTs: 1 })
  socket.bufferedAmount += 1
  sink.send({ type: 'pong', clientTs: 2 })
  sink.send({ type: 'pong', clientTs: 3 })
  assert.deepEqual(socket.asked, ['send', 'terminate'])
})
