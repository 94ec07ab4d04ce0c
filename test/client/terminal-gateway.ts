/** Test fixture: a gateway that sends what a test asks for, over real sockets, and a clock that a test moves. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  type CloseReason,
  openTerminal,
  type TerminalOptions,
  type TerminalSocket,
  type TerminalState,
  type TerminalTimers,
} from '../../src/client/terminal-socket.ts'
import { decodeClientFrame } from '../../src/protocol/decode-client-frame.ts'
import { encodeServerFrame } from '../../src/protocol/encode-frame.ts'
import type { ClientFrame, ServerFrame, Welcome } from '../../src/protocol/terminal-frames.ts'

/** Values that are awaited one after the other. */
export class Channel<Value> {
  readonly #values: Value[] = []
  #waiting: ((value: Value) => void) | null = null

  /** Gives a value to the one who waits, or keeps it. */
  push(value: Value): void {
    const take = this.#waiting
    this.#waiting = null
    if (take === null) this.#values.push(value)
    else take(value)
  }

  /** Returns the oldest value, once there is one. */
  next(): Promise<Value> {
    const [oldest] = this.#values.splice(0, 1)
    if (oldest !== undefined) return Promise.resolve(oldest)
    return new Promise((take) => {
      this.#waiting = take
    })
  }

  /** Values that have come and were not taken. */
  get left(): readonly Value[] {
    return this.#values
  }
}

/** One socket as the gateway sees it. */
export type Peer = {
  readonly path: string
  readonly offers: readonly string[]
  readonly frames: Channel<ClientFrame | { readonly type: 'bad' }>
  /** Resolves with the close code that came. */
  readonly closed: Promise<number>
  readonly send: (...frames: readonly ServerFrame[]) => void
  readonly sendRaw: (data: Uint8Array | string) => void
  readonly close: (code: number) => void
  /** Cuts the connection without a close frame. */
  readonly drop: () => void
}

/** A gateway at a port of its own. */
export type TestGateway = { readonly url: string; readonly peers: Channel<Peer>; readonly count: () => number }

/** Runs a gateway until the test is over; it selects `pty.v1` by default. */
export async function runGateway(t: TestContext, select = 'pty.v1'): Promise<TestGateway> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => select })
  const peers = new Channel<Peer>()
  let count = 0
  server.on('connection', (socket, request) => {
    count += 1
    peers.push(peerOf(socket, request.url ?? '', request.headers['sec-websocket-protocol'] ?? ''))
  })
  await once(server, 'listening')
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, peers, count: () => count }
}

function peerOf(socket: WebSocket, path: string, offered: string): Peer {
  const frames = new Channel<ClientFrame | { readonly type: 'bad' }>()
  socket.on('message', (data) => frames.push(decodeClientFrame(data as Buffer)))
  return {
    path,
    offers: offered.split(',').map((offer) => offer.trim()),
    frames,
    closed: once(socket, 'close').then(([code]) => Number(code)),
    send: (...sent) => {
      for (const frame of sent) socket.send(encodeServerFrame(frame))
    },
    sendRaw: (data) => socket.send(data),
    close: (code) => socket.close(code),
    drop: () => socket.terminate(),
  }
}

/** Time that moves by `advance` alone. */
export class ManualTime implements TerminalTimers {
  readonly #due = new Set<{ readonly atMs: number; readonly run: () => void }>()
  nowMs = 1000

  readonly now = (): number => this.nowMs

  readonly after = (ms: number, run: () => void): (() => void) => {
    const entry = { atMs: this.nowMs + ms, run }
    this.#due.add(entry)
    return () => this.#due.delete(entry)
  }

  /** How long each timer that runs still has, shortest first. */
  get pending(): readonly number[] {
    return [...this.#due].map(({ atMs }) => atMs - this.nowMs).sort((one, other) => one - other)
  }

  /** Moves the time forward and runs everything that is due by then, in order. */
  advance(ms: number): void {
    const end = this.nowMs + ms
    for (;;) {
      const [next] = [...this.#due].filter(({ atMs }) => atMs <= end).sort((one, other) => one.atMs - other.atMs)
      if (next === undefined) break
      this.#due.delete(next)
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = end
  }
}

/** A welcome with the given members. */
export function welcomeWith(members: Partial<Welcome> = {}): ServerFrame {
  const participant = { id: 'a1', username: 'ada', role: 'implementor' } as const
  const policy = {
    purpose: 'change_request',
    server: 'db-1',
    osUser: 'deploy',
    changeId: 'CR-1',
    windowEndsAtMs: null,
    idleSeconds: 900,
    observersNeeded: 0,
    presenceMinutes: null,
    inputIsRecorded: false,
  } as const
  const most = { ptySessionId: 'p1', participant, participants: [participant], role: 'implementor', policy } as const
  const welcome: Welcome = { ...most, seq: 0, inputSeq: 0, cols: 80, rows: 24, resume: 'first', ...members }
  return { type: 'welcome', welcome }
}

/** A callback to the user of the terminal, with its values. */
export type Told = readonly [name: string, ...values: unknown[]]

/** A terminal with its clock and the callbacks to its user. */
export type Observed = {
  readonly terminal: TerminalSocket
  readonly time: ManualTime
  readonly told: Channel<Told>
  readonly states: Channel<readonly [TerminalState, CloseReason | null]>
}

/** Opens a terminal at a gateway; it is closed when the test is over. */
export function observe(t: TestContext, proxyUrl: string, options: Partial<TerminalOptions> = {}): Observed {
  const time = new ManualTime()
  const told = new Channel<Told>()
  const states = new Channel<readonly [TerminalState, CloseReason | null]>()
  const terminal = openTerminal(
    { token: 'header.payload.signature', proxyUrl },
    {
      size: { cols: 80, rows: 24 },
      timers: time,
      now: time.now,
      random: () => 0,
      onOutput: (bytes, seq) => told.push(['output', Buffer.from(bytes).toString(), seq]),
      onSnapshot: ({ bytes, seq }) => told.push(['snapshot', Buffer.from(bytes).toString(), seq]),
      onSize: (size) => told.push(['size', size]),
      onWelcome: ({ resume }) => told.push(['welcome', resume]),
      onEvent: (event) => told.push(['event', event]),
      onExit: (exit) => told.push(['exit', exit]),
      onFlow: (flow) => told.push(['flow', flow]),
      onInputLost: () => told.push(['input lost']),
      onState: (state, reason) => states.push([state, reason]),
      ...options,
    },
  )
  t.after(() => terminal.close())
  return { terminal, time, told, states }
}

/** A terminal that was welcomed, with the peer that welcomed it. */
export type Opened = Observed & { readonly gateway: TestGateway; readonly peer: Peer }

/** Opens a terminal and has it welcomed; the HELLO and the first two states are taken. */
export async function opened(t: TestContext, options: Partial<TerminalOptions> = {}): Promise<Opened> {
  const gateway = await runGateway(t)
  const observed = observe(t, gateway.url, options)
  const peer = await gateway.peers.next()
  await peer.frames.next()
  peer.send(welcomeWith())
  await observed.told.next()
  await observed.states.next()
  await observed.states.next()
  return { ...observed, gateway, peer }
}

/** Drops the socket of a terminal, lets the first wait pass, and returns the next peer with its HELLO. */
export async function dropped({
  peer,
  states,
  time,
  gateway,
}: Opened): Promise<{ readonly next: Peer; readonly hello: ClientFrame | { readonly type: 'bad' } }> {
  peer.drop()
  await states.next()
  time.advance(250)
  const next = await gateway.peers.next()
  return { next, hello: await next.frames.next() }
}
