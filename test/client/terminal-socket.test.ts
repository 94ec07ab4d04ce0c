/** Client tests: a terminal over real sockets, at a gateway that a test directs: opening, typing, reporting and leaving. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openTerminal } from '../../src/client/terminal-socket.ts'
import type { ServerFrame, TerminalEvent } from '../../src/protocol/terminal-frames.ts'
import { dropped, observe, opened, runGateway, welcomeWith } from './terminal-gateway.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const output = (seq: number, value: string): ServerFrame => ({ type: 'output', seq, bytes: text(value) })

test('CLT-17 the token and pty.v1 are offered in order, HELLO is first, and the terminal opens with the welcome', async (t) => {
  const gateway = await runGateway(t)
  const { states, told, terminal } = observe(t, `${gateway.url}/`, { size: { cols: 0, rows: 4000.7 } })
  const peer = await gateway.peers.next()
  assert.deepEqual(
    [peer.path, peer.offers],
    ['/v1/ws', ['X-Proxy-Session-Token', 'header.payload.signature', 'pty.v1']],
  )
  assert.deepEqual(await peer.frames.next(), { type: 'hello', hello: { v: 1, cols: 2, rows: 1000 } })
  assert.deepEqual([await states.next(), terminal.state], [['connecting', null], 'connecting'])
  peer.send(welcomeWith())
  assert.deepEqual(
    [await told.next(), await states.next(), terminal.state],
    [['welcome', 'first'], ['open', null], 'open'],
  )
})

test('CLT-17 the socket is at /v1/ws of the address, and uses TLS if the address does', () => {
  const urls: string[] = []
  const open = (proxyUrl: string): void => {
    const socket = (url: string): never => {
      urls.push(url)
      throw new Error('no network')
    }
    openTerminal({ token: 't', proxyUrl }, { size: { cols: 80, rows: 24 }, socket })
  }
  for (const url of ['https://proxy.example.org', 'http://[::1]:45007/', 'https://example.org/pty/?a#b']) {
    assert.throws(() => open(url), { message: 'no network' })
  }
  assert.deepEqual(urls, ['wss://proxy.example.org/v1/ws', 'ws://[::1]:45007/v1/ws', 'wss://example.org/pty/v1/ws'])
  assert.throws(() => open('file:///tmp'), TypeError)
})

test('CLT-18 a gateway that selects another protocol is left without a frame', async (t) => {
  const gateway = await runGateway(t, 'X-Proxy-Session-Token')
  const { states, time } = observe(t, gateway.url)
  const peer = await gateway.peers.next()
  assert.equal(await peer.closed, 1000)
  await states.next()
  const reason = { closeCode: 1002, code: null, sentence: 'The gateway does not speak pty.v1.', retry: 'no' }
  assert.deepEqual([await states.next(), peer.frames.left, time.pending], [['closed', reason], [], []])
})

test('CLT-19 input is numbered from 1 and split at 64 KiB', async (t) => {
  const { terminal, peer } = await opened(t)
  const pasted = new Uint8Array(65_536 * 2 + 5).map((_, index) => index % 251)
  terminal.write(text('a'))
  terminal.write(new Uint8Array(0))
  terminal.write(pasted)
  const frames = [
    await peer.frames.next(),
    await peer.frames.next(),
    await peer.frames.next(),
    await peer.frames.next(),
  ]
  assert.deepEqual(frames, [
    { type: 'input', inputSeq: 1, bytes: text('a') },
    { type: 'input', inputSeq: 2, bytes: pasted.subarray(0, 65_536) },
    { type: 'input', inputSeq: 3, bytes: pasted.subarray(65_536, 131_072) },
    { type: 'input', inputSeq: 4, bytes: pasted.subarray(131_072) },
  ])
})

test('CLT-19 input from before the welcome is sent after it, in order', async (t) => {
  const gateway = await runGateway(t)
  const { terminal } = observe(t, gateway.url, { onWelcome: () => terminal.write(text('c')) })
  terminal.write(text('a'))
  const peer = await gateway.peers.next()
  assert.equal((await peer.frames.next()).type, 'hello')
  terminal.write(text('b'))
  peer.send(welcomeWith())
  const frames = [await peer.frames.next(), await peer.frames.next(), await peer.frames.next()]
  assert.deepEqual(
    frames,
    ['a', 'b', 'c'].map((typed, index) => ({ type: 'input', inputSeq: index + 1, bytes: text(typed) })),
  )
})

test('CLT-20 output, snapshots, sizes, flow, events and the exit are reported in the order of their arrival', async (t) => {
  const { told, peer } = await opened(t)
  const event: TerminalEvent = { kind: 'unblocked' }
  peer.sendRaw(Uint8Array.of(0x7f, 1))
  peer.sendRaw('text is no frame')
  peer.send(
    output(0, 'ab'),
    { type: 'size', seq: 2, cols: 100, rows: 30 },
    { type: 'flow', state: 'behind', seq: 2 },
    { type: 'snapshot', cols: 100, rows: 30, seq: 900, bytes: text('screen') },
    output(900, 'cd'),
    { type: 'event', event },
    { type: 'exit', code: 0, signal: 1, finalSeq: 902 },
  )
  const all = []
  for (let index = 0; index < 7; index += 1) all.push(await told.next())
  assert.deepEqual(all, [
    ['output', 'ab', 0],
    ['size', { seq: 2, cols: 100, rows: 30 }],
    ['flow', { state: 'behind', seq: 2 }],
    ['snapshot', 'screen', 900],
    ['output', 'cd', 900],
    ['event', event],
    ['exit', { code: 0, signal: 1, finalSeq: 902 }],
  ])
})

test('CLT-21 of several sizes within 50 ms the last is sent, brought within 2 to 1000', async (t) => {
  const { terminal, peer, time } = await opened(t)
  terminal.resize({ cols: 90, rows: 20 })
  time.advance(49)
  terminal.resize({ cols: 1, rows: 5000 })
  time.advance(49)
  terminal.control({ action: 'present' })
  time.advance(1)
  assert.deepEqual(
    [await peer.frames.next(), await peer.frames.next()],
    [
      { type: 'control', control: { action: 'present' } },
      { type: 'resize', cols: 2, rows: 1000 },
    ],
  )
})

test('CLT-21 a size that changed while the line was down, or before the welcome, is not lost', async (t) => {
  const all = await opened(t)
  all.peer.drop()
  await all.states.next()
  all.terminal.resize({ cols: 100, rows: 30 })
  all.time.advance(250)
  const next = await all.gateway.peers.next()
  const hello = { v: 1, cols: 100, rows: 30, resume: { seq: 0, inputSeq: 0 } }
  assert.deepEqual(await next.frames.next(), { type: 'hello', hello })
  all.terminal.resize({ cols: 101, rows: 31 })
  all.time.advance(50)
  next.send(welcomeWith())
  assert.deepEqual(await next.frames.next(), { type: 'resize', cols: 101, rows: 31 })
})

test('CLT-22 parsed output is acknowledged after 64 KiB at once, else after 50 ms, and never beyond the output that arrived', async (t) => {
  const { terminal, peer, told, time } = await opened(t)
  peer.send(output(0, 'x'.repeat(100_000)))
  await told.next()
  terminal.ack(10)
  terminal.ack(20)
  time.advance(49)
  terminal.ack(30)
  time.advance(1)
  terminal.ack(30)
  terminal.ack(65_565)
  terminal.ack(65_566)
  terminal.ack(999_999)
  time.advance(50)
  const acks = [await peer.frames.next(), await peer.frames.next(), await peer.frames.next()]
  assert.deepEqual(
    acks,
    [30, 65_566, 100_000].map((seq) => ({ type: 'ack', seq })),
  )
  assert.deepEqual(
    time.pending.filter((ms) => ms <= 50),
    [],
  )
})

test('CLT-23 requests are sent while the line is open and refused while it is not, and visibility is sent again', async (t) => {
  const all = await opened(t)
  assert.deepEqual([all.terminal.control({ action: 'visible', visible: false }), all.terminal.resync()], [true, true])
  const first = [await all.peer.frames.next(), await all.peer.frames.next()]
  assert.deepEqual(first, [{ type: 'control', control: { action: 'visible', visible: false } }, { type: 'resync' }])
  const { next } = await dropped(all)
  const refused = [
    all.terminal.control({ action: 'visible', visible: true }),
    all.terminal.control({ action: 'end' }),
    all.terminal.resync(),
  ]
  next.send(welcomeWith())
  assert.deepEqual(
    [refused, await next.frames.next()],
    [[false, false, false], { type: 'control', control: { action: 'visible', visible: true } }],
  )
  all.terminal.control({ action: 'present' })
  assert.deepEqual(await next.frames.next(), { type: 'control', control: { action: 'present' } })
})

test('CLT-24 leaving sends BYE and closes with 1000, and nothing is reported or tried after it', async (t) => {
  const { terminal, peer, states, told, time } = await opened(t)
  terminal.resize({ cols: 90, rows: 20 })
  terminal.close()
  terminal.close()
  terminal.write(text('x'))
  terminal.resize({ cols: 91, rows: 20 })
  peer.send(output(0, 'late'))
  assert.deepEqual([await peer.frames.next(), await peer.closed], [{ type: 'bye' }, 1000])
  const reason = { closeCode: 1000, code: null, sentence: 'You left the terminal.', retry: 'no' }
  assert.deepEqual(await states.next(), ['closed', reason])
  assert.deepEqual([states.left, told.left, peer.frames.left, time.pending, terminal.state], [[], [], [], [], 'closed'])
})

test('CLT-24 a terminal that is closed while it waits to resume does not resume', async (t) => {
  const { terminal, peer, states, time, gateway } = await opened(t)
  peer.drop()
  await states.next()
  terminal.close()
  time.advance(120_000)
  assert.deepEqual([time.pending, gateway.count(), (await states.next())[0]], [[], 1, 'closed'])
})

test('CLT-25 a gateway that was silent for 10 s is asked, and one that is silent for 10 more is left for a resume', async (t) => {
  const { peer, states, time, told, gateway } = await opened(t)
  time.advance(20_000)
  assert.deepEqual(await peer.frames.next(), { type: 'ping', clientTs: 21_000 })
  peer.send({ type: 'pong', clientTs: 21_000 }, output(0, 'x'))
  await told.next()
  time.advance(20_000)
  assert.deepEqual([await peer.frames.next(), states.left], [{ type: 'ping', clientTs: 41_000 }, []])
  time.advance(10_000)
  const [state, reason] = await states.next()
  assert.deepEqual([state, reason?.closeCode, await peer.closed], ['reconnecting', 1006, 4000])
  time.advance(250)
  assert.equal((await gateway.peers.next()).offers[1], 'resume.first')
})

test('CLT-26 bytes that are no frame end the terminal with 4400, and nothing is tried again', async (t) => {
  const { peer, states, time } = await opened(t)
  peer.sendRaw(Uint8Array.of(0x03, 1))
  const reason = {
    closeCode: 4400,
    code: null,
    sentence: 'The gateway sent what this client cannot read.',
    retry: 'new-token',
  }
  assert.deepEqual([await states.next(), await peer.closed, time.pending], [['closed', reason], 4400, []])
})

test('CLT-26 nothing of a gateway is given on before its welcome', async (t: TestContext) => {
  const gateway = await runGateway(t)
  const { told } = observe(t, gateway.url)
  const peer = await gateway.peers.next()
  const early: ServerFrame = { type: 'flow', state: 'live', seq: 0 }
  peer.send(output(0, 'early'), early, welcomeWith({ seq: 5 }), output(5, 'on time'))
  assert.deepEqual(
    [await told.next(), await told.next()],
    [
      ['welcome', 'first'],
      ['output', 'on time', 5],
    ],
  )
})
