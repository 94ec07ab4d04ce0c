/** The gateway: the implementor's size reaches the terminal before later input does. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TerminalSize } from '../../../src/protocol/terminal-frames.ts'
import type { Transport } from '../../../src/terminals/transports/transport.ts'
import { type HandTransport, handTransport } from '../../fixtures/hand-transport.ts'
import { answered, echoed, passTime } from '../../fixtures/pass-time.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, type Ticket, terminalWorld } from '../../fixtures/terminal-world.ts'

/** What the opening of the next terminal waits for. */
let opening: Promise<void> = Promise.resolve()
const hand: HandTransport = handTransport({ before: () => opening })
/** The sizes and the input of the newest terminal, in order: sizes as `100x30`. */
let told: string[] = []
let world: TerminalWorld

/** The transport that a test plays, which notes sizes and input in one order. */
const noting: Transport = {
  ...hand,
  open: async (request, listener) => {
    told = [text(request.size)]
    const mine = told
    const terminal = await hand.open(request, listener)
    return {
      ...terminal,
      resize: (size) => {
        mine.push(text(size))
        terminal.resize(size)
      },
      write: (bytes) => {
        mine.push(Buffer.from(bytes).toString())
        return terminal.write(bytes)
      },
    }
  },
}

before(async () => {
  world = await terminalWorld({ transport: noting })
})

after(() => world.close())

const text = ({ cols, rows }: TerminalSize): string => `${cols}x${rows}`
const small = { cols: 80, rows: 24 } as const
const large = { cols: 132, rows: 50 } as const

async function enter(ticket: Ticket, size: TerminalSize): Promise<TerminalSocket> {
  const socket = openTerminalSocket(ticket)
  await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, ...size } })
  await socket.next('welcome')
  socket.acknowledge()
  return socket
}

async function comeBack(before: TerminalSocket, size: TerminalSize): Promise<TerminalSocket> {
  const offers = ['X-Proxy-Session-Token', `resume.${before.resumeSecret()}`, 'pty.v1']
  const socket = openTerminalSocket({ proxyUrl: world.url, token: '', offers })
  await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, ...size, resume: { seq: before.seq(), inputSeq: 0 } } })
  await socket.next('welcome')
  socket.acknowledge()
  return socket
}

async function drop(socket: TerminalSocket): Promise<void> {
  socket.webSocket.terminate()
  await socket.closed
}

/** Ada types, at a small window. */
async function begin() {
  const index = hand.terminals.length
  const ada = await enter(await world.start(await world.signIn('ada')), small)
  return { ada, terminal: await hand.opened(index) }
}

/** Each way in with a HELLO, and whether its size is the terminal's from then on. */
const ways: Readonly<
  Record<string, { readonly takes: boolean; readonly enter: (ada: TerminalSocket) => Promise<TerminalSocket> }>
> = {
  'a resume of whoever types': {
    takes: true,
    enter: async (ada) => {
      await drop(ada)
      return await comeBack(ada, large)
    },
  },
  'a resume of an implementor who lost the slot meanwhile': {
    takes: true,
    enter: async (ada) => {
      const olga = await enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'observer'), small)
      await drop(ada)
      await passTime(world, 16_000, [olga])
      const back = await comeBack(ada, large)
      await drop(olga)
      return back
    },
  },
  'taking over': {
    takes: true,
    enter: async (ada) => {
      const id = ada.ptySessionId()
      ada.send({ type: 'control', control: { action: 'release' } })
      while ((await world.ports.store.ptySessionById(id))?.implementorAccountId !== null) await answered(ada)
      return await enter(await world.join(await world.signIn('olga'), id, 'implementor'), large)
    },
  },
  'joining as an observer': {
    takes: false,
    enter: async (ada) =>
      await enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'observer'), large),
  },
  'a resume of an observer': {
    takes: false,
    enter: async (ada) => {
      const olga = await enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'observer'), small)
      await drop(olga)
      return await comeBack(olga, large)
    },
  },
}

for (const [way, { takes, enter: goIn }] of Object.entries(ways)) {
  test(`GTW-26 the size in the HELLO of ${way} ${takes ? 'reaches' : 'does not reach'} the terminal and all attachments`, async () => {
    const { ada, terminal } = await begin()
    const socket = await goIn(ada)
    if (takes) await socket.next('size', ({ cols, rows }) => cols === large.cols && rows === large.rows)
    socket.type('typed')
    await echoed(socket)
    assert.deepEqual(told, takes ? [text(small), text(large), 'typed'] : [text(small)])
    terminal.exit({})
    await socket.closed
  })
}

test('GTW-27 a size is set before later input, while the terminal is opening too', async () => {
  const { ada, terminal } = await begin()
  ada.send({ type: 'resize', ...large })
  ada.type('one')
  ada.send({ type: 'resize', cols: 90, rows: 20 })
  ada.send({ type: 'resize', ...small })
  ada.type('two')
  ada.send({ type: 'resize', ...large })
  ada.send({ type: 'resize', ...small })
  ada.type('three')
  await echoed(ada)
  assert.deepEqual(told, [text(small), text(large), 'one', text(small), 'two', 'three'])
  terminal.exit({})
  await ada.closed

  const { promise, resolve } = Promise.withResolvers<void>()
  opening = promise
  const index = hand.terminals.length
  const early = await enter(await world.start(await world.signIn('ada')), small)
  early.send({ type: 'resize', ...large })
  early.type('early')
  await early.next('size')
  await echoed(early)
  resolve()
  opening = Promise.resolve()
  const late = await hand.opened(index)
  await echoed(early)
  assert.deepEqual(told, [text(small), text(large), 'early'])
  late.exit({})
  await early.closed
})
