/** Client tests: what becomes of a terminal whose socket drops; no byte of output is lost or repeated, no input is sent twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OutputPosition } from '../../src/client/output-position.ts'
import type { ServerFrame } from '../../src/protocol/terminal-frames.ts'
import { dropped, observe, opened, runGateway, type Told, welcomeWith } from './terminal-gateway.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const output = (seq: number, value: string): ServerFrame => ({ type: 'output', seq, bytes: text(value) })

test('CLT-27 a dropped terminal resumes with its secret and its positions, and every welcome brings a new secret', async (t) => {
  const all = await opened(t)
  all.peer.send(output(0, 'hello'))
  await all.told.next()
  all.terminal.write(text('a'))
  const { next, hello } = await dropped(all)
  assert.deepEqual(
    [next.offers, hello],
    [
      ['X-Proxy-Session-Token', 'resume.first', 'pty.v1'],
      { type: 'hello', hello: { v: 1, cols: 80, rows: 24, resume: { seq: 5, inputSeq: 1 } } },
    ],
  )
  next.send(welcomeWith({ seq: 5, inputSeq: 1, resume: 'second' }))
  assert.deepEqual([await all.states.next(), all.time.pending], [['open', null], [10_000]])
  all.time.advance(5000)
  const third = await dropped({ ...all, peer: next })
  assert.equal(third.next.offers[1], 'resume.second')
})

test('CLT-28 after a resume output that is wholly old is left out, and one that is partly old is cut', async (t) => {
  const all = await opened(t)
  all.peer.send(output(0, 'abcdef'))
  const { next } = await dropped(all)
  next.send(
    welcomeWith({ seq: 6 }),
    { type: 'size', seq: 5, cols: 70, rows: 20 },
    output(0, 'abc'),
    output(3, 'def'),
    output(4, 'efgh'),
    { type: 'size', seq: 8, cols: 71, rows: 20 },
    output(8, 'ij'),
  )
  const all5: Told[] = []
  for (let index = 0; index < 5; index += 1) all5.push(await all.told.next())
  assert.deepEqual(all5, [
    ['output', 'abcdef', 0],
    ['welcome', 'first'],
    ['output', 'gh', 6],
    ['size', { seq: 8, cols: 71, rows: 20 }],
    ['output', 'ij', 8],
  ])
})

test('CLT-28 however a stream is cut, repeated and overlapped, every byte is given on once and in order', () => {
  const stream = Uint8Array.from({ length: 200 }, (_, index) => index)
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(60))), (cuts) => {
      const position = new OutputPosition(0)
      const given: number[] = []
      for (const [back, length] of cuts) {
        const seq = Math.max(0, position.next - back)
        const arrival = position.take(seq, stream.subarray(seq, seq + length))
        if (arrival.kind === 'fresh') given.push(...arrival.bytes)
        assert.deepEqual([arrival.kind === 'gap', given], [false, [...stream.subarray(0, position.next)]])
      }
      assert.equal(position.take(position.next + 1, stream).kind, 'gap')
    }),
  )
})

test('CLT-29 a gap drops the socket and resumes from the missing byte, and a second one asks for the screen', async (t) => {
  const all = await opened(t)
  all.peer.send(output(0, 'abc'), output(4, 'e'))
  assert.deepEqual(await all.told.next(), ['output', 'abc', 0])
  assert.deepEqual([(await all.states.next())[0], await all.peer.closed], ['reconnecting', 4000])
  all.time.advance(250)
  const next = await all.gateway.peers.next()
  const hello = { v: 1, cols: 80, rows: 24, resume: { seq: 3, inputSeq: 0 } }
  assert.deepEqual(await next.frames.next(), { type: 'hello', hello })
  next.send(welcomeWith({ seq: 4 }), output(4, 'e'))
  assert.deepEqual(await next.frames.next(), { type: 'resync' })
  next.send(output(5, 'f'), { type: 'snapshot', cols: 80, rows: 24, seq: 2, bytes: text('screen') }, output(2, 'cdef'))
  const told = [await all.told.next(), await all.told.next(), await all.told.next()]
  assert.deepEqual(told, [
    ['welcome', 'first'],
    ['snapshot', 'screen', 2],
    ['output', 'cdef', 2],
  ])
  all.terminal.control({ action: 'present' })
  assert.equal((await next.frames.next()).type, 'control')
})

test('CLT-38 a snapshot of an older place than was acknowledged is acknowledged, and so is the output that is sent again after it', async (t) => {
  const { terminal, peer, told, time } = await opened(t)
  const snapshot = (seq: number): ServerFrame => ({ type: 'snapshot', cols: 80, rows: 24, seq, bytes: text('screen') })
  const parsed: readonly (readonly [ServerFrame, number])[] = [
    [output(0, 'abcdef'), 6],
    [snapshot(2), 2],
    [output(2, 'cd'), 4],
    [snapshot(0), 0],
    [output(0, 'a'), 1],
  ]
  const acks = []
  for (const [frame, seq] of parsed) {
    peer.send(frame)
    await told.next()
    terminal.ack(seq)
    time.advance(50)
    terminal.control({ action: 'present' })
    acks.push(await peer.frames.next())
    if (acks.at(-1)?.type === 'ack') await peer.frames.next()
  }
  assert.deepEqual(
    acks,
    parsed.map(([, seq]) => ({ type: 'ack', seq })),
  )
})

test('CLT-38 nothing is acknowledged between a snapshot of an older place and its being parsed', async (t) => {
  const { terminal, peer, told, time } = await opened(t)
  peer.send(output(0, 'abcdef'))
  await told.next()
  terminal.ack(6)
  peer.send({ type: 'snapshot', cols: 80, rows: 24, seq: 0, bytes: text('screen') })
  await told.next()
  time.advance(50)
  terminal.control({ action: 'present' })
  assert.deepEqual(await peer.frames.next(), { type: 'control', control: { action: 'present' } })
})

test('CLT-30 after a resume, input that the gateway did not accept is sent again once, and accepted input is not', async (t) => {
  const all = await opened(t)
  for (const typed of ['a', 'b', 'c']) all.terminal.write(text(typed))
  all.peer.send({ type: 'inputAck', inputSeq: 1 }, output(0, 'x'))
  await all.told.next()
  const { next } = await dropped(all)
  all.terminal.write(text('d'))
  all.time.advance(4750)
  next.send(welcomeWith({ seq: 1, inputSeq: 2 }))
  const again = [await next.frames.next(), await next.frames.next()]
  assert.deepEqual(again, [
    { type: 'input', inputSeq: 3, bytes: text('c') },
    { type: 'input', inputSeq: 4, bytes: text('d') },
  ])
  all.terminal.control({ action: 'present' })
  assert.equal((await next.frames.next()).type, 'control')
  assert.deepEqual([await all.told.next(), all.told.left], [['welcome', 'first'], []])
})

test('CLT-30 input that is older than 5 s is not sent again, nor is later input, and the user is informed', async (t) => {
  const all = await opened(t)
  all.terminal.write(text('rm -r '))
  const { next } = await dropped(all)
  all.time.advance(4700)
  all.terminal.write(text('/tmp/x'))
  all.time.advance(51)
  next.send(welcomeWith({ seq: 0, inputSeq: 0 }))
  assert.deepEqual([await all.told.next(), await all.told.next()], [['welcome', 'first'], ['input lost']])
  assert.equal((await all.states.next())[0], 'open')
  all.terminal.write(text('ls'))
  assert.deepEqual(await next.frames.next(), { type: 'input', inputSeq: 3, bytes: text('ls') })
  all.time.advance(5000)
  const third = await dropped({ ...all, peer: next })
  third.next.send(welcomeWith({ inputSeq: 3 }))
  await all.told.next()
  assert.deepEqual(all.told.left, [])
})

test('CLT-30 old input that was accepted after all loses no later input', async (t) => {
  const all = await opened(t)
  all.terminal.write(text('a'))
  all.time.advance(6000)
  all.terminal.write(text('b'))
  const { next } = await dropped(all)
  next.send(welcomeWith({ inputSeq: 1 }))
  assert.deepEqual(await next.frames.next(), { type: 'input', inputSeq: 2, bytes: text('b') })
})

test('CLT-31 output that was parsed is acknowledged again to the new socket', async (t) => {
  const all = await opened(t)
  all.peer.send(output(0, 'abc'))
  await all.told.next()
  all.terminal.ack(3)
  all.time.advance(50)
  assert.deepEqual(await all.peer.frames.next(), { type: 'ack', seq: 3 })
  const { next } = await dropped(all)
  next.send(welcomeWith({ seq: 3 }))
  assert.deepEqual(await next.frames.next(), { type: 'ack', seq: 3 })
})

const finalCodes = [1000, 4400, 4401, 4403, 4404, 4408, 4409, 4410, 4421, 4423, 4429, 4440, 4507, 4999]

test('CLT-32 a final close code ends the terminal at once, with a sentence', async (t) => {
  for (const code of finalCodes) {
    const { peer, states, time, gateway } = await opened(t)
    peer.close(code)
    const [state, reason] = await states.next()
    assert.deepEqual(
      [code, state, reason?.closeCode, reason?.retry === 'resume', /^[A-Z].+\.$/.test(reason?.sentence ?? '')],
      [code, 'closed', code, false, true],
    )
    assert.deepEqual([time.pending, gateway.count()], [[], 1])
  }
})

test('CLT-32 a close code of a passing trouble is followed by a resume', async (t) => {
  for (const code of [1001, 1011, 1012, 4500, 4503]) {
    const all = await opened(t)
    all.peer.close(code)
    const [state, reason] = await all.states.next()
    assert.deepEqual([state, reason?.closeCode, reason?.retry], ['reconnecting', code, 'resume'])
    all.time.advance(250)
    assert.equal((await all.gateway.peers.next()).offers[1], 'resume.first')
    all.terminal.close()
  }
})

test('CLT-33 the sentence and the advice of an ERROR go before those of the close code', async (t) => {
  const error = { code: 'node-drained', message: 'This node is being shut down.', retry: 'later' } as const
  const drained = await opened(t)
  drained.peer.send({ type: 'error', error })
  drained.peer.close(1001)
  const { message: sentence, code } = error
  assert.deepEqual(await drained.states.next(), ['closed', { closeCode: 1001, code, sentence, retry: 'later' }])

  const hopeful = await opened(t)
  hopeful.peer.send({ type: 'error', error: { ...error, retry: 'resume' } })
  hopeful.peer.close(4401)
  assert.deepEqual(await hopeful.states.next(), ['closed', { closeCode: 4401, code, sentence, retry: 'new-token' }])
})

test('CLT-33 an ERROR is of the socket that it came by, not of the next one', async (t) => {
  const all = await opened(t)
  const error = { code: 'internal', message: 'Once.', retry: 'resume' } as const
  all.peer.send({ type: 'error', error })
  const { next } = await dropped(all)
  next.send(welcomeWith())
  assert.deepEqual((await all.states.next())[0], 'open')
  next.drop()
  assert.equal((await all.states.next())[1]?.sentence, 'The connection was lost.')
})

test('CLT-34 a terminal whose program has ended is over, however its socket closes', async (t) => {
  const { peer, states, told, time } = await opened(t)
  peer.send({ type: 'exit', code: 3, signal: 0, finalSeq: 0 })
  await told.next()
  peer.drop()
  const reason = { closeCode: 1006, code: null, sentence: 'The terminal has ended.', retry: 'no' }
  assert.deepEqual([await states.next(), time.pending], [['closed', reason], []])
})

test('CLT-35 a socket that drops before its first welcome is not tried again: its token is spent', async (t) => {
  const gateway = await runGateway(t)
  const { states, time } = observe(t, gateway.url)
  const peer = await gateway.peers.next()
  await states.next()
  peer.drop()
  const reason = { closeCode: 1006, code: null, sentence: 'The connection was lost.', retry: 'new-token' }
  assert.deepEqual([await states.next(), time.pending], [['closed', reason], []])
})
