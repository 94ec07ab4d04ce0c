/** Bench: the ceilings of terminals; plain PTYs whose output is thrown away, and a bare server that sends to all its sockets. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { encodeOutput } from '../../src/protocol/encode-frame.ts'
import { systemTimers } from '../../src/terminals/timers.ts'
import { LocalTransport } from '../../src/terminals/transports/local.ts'
import { SpawnBound } from '../../src/terminals/transports/spawn-bound.ts'
import { spawnPty } from '../../src/terminals/transports/spawn-pty.ts'
import type { Terminal, TerminalListener } from '../../src/terminals/transports/transport.ts'
import { echoPattern } from '../../test/fixtures/echo-transport.ts'
import { type Lane, quieten, silence, transfer, typeKeys } from './lane.ts'
import type { CeilingRequest, TerminalReply } from './messages.ts'

const size = { cols: 80, rows: 24 } as const
const frameBytes = 64 * 1024

/** Bytes that may wait in this process for one socket before the next frame waits too. */
const mostBuffered = 512 * 1024

const transport = new LocalTransport({
  timers: systemTimers,
  bound: new SpawnBound(systemTimers),
  isAllowed: () => Promise.resolve(null),
})
const opened = new Map<string, { readonly lane: Lane; readonly terminal: Terminal }>()
let bare: WebSocketServer | null = null
/** Offset of the next frame, as sockets check it. */
let seq = 0

process.on('message', (request: CeilingRequest) => {
  void answer(request).then((reply) => process.send?.(reply))
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')

async function answer(request: CeilingRequest): Promise<TerminalReply> {
  switch (request.op) {
    case 'open-local':
      await open(request.name, (listener) => transport.open({ ...nobody, osUser: request.osUser }, listener))
      return { kind: 'done' }
    case 'open-ssh': {
      const [command = '', ...args] = request.words
      const program = { command, args, env: { TERM: 'xterm-256color', LANG: 'C.UTF-8' }, size }
      await open(request.name, (listener) => spawnPty(program, listener, systemTimers))
      return { kind: 'done' }
    }
    case 'type':
      find(request.name).write(request.text)
      return { kind: 'done' }
    case 'transfer': {
      const lane = find(request.name)
      const moved = await transfer([lane], request.bytes, () => lane.write(request.command))
      return { kind: 'moved', ...moved, skipped: 0 }
    }
    case 'keys': {
      const lane = find(request.name)
      const found = await typeKeys(lane, request.count)
      lane.write('\r')
      await silence(lane)
      return { kind: 'latencies', ...found }
    }
    case 'listen':
      return { kind: 'listening', port: await listen() }
    case 'broadcast':
      await broadcast(request.bytes)
      return { kind: 'done' }
    case 'close':
      await Promise.all([...opened.values()].map(({ terminal }) => terminal.end()))
      opened.clear()
      return { kind: 'done' }
  }
}

const nobody = {
  ptySessionId: 'bench',
  username: 'bench',
  changeId: null,
  server: { name: 'bench-1', address: '127.0.0.1', port: 22, hostKey: null, hostCa: null },
  size,
  command: null,
} as const

async function open(name: string, start: (listener: TerminalListener) => Promise<Terminal>): Promise<void> {
  let terminal: Terminal | null = null
  const lane: Lane = { write: (text) => terminal?.write(Buffer.from(text)), onOutput: () => undefined }
  terminal = await start({ onOutput: ({ length }) => lane.onOutput(length) })
  opened.set(name, { lane, terminal })
  await quieten(lane)
}

function find(name: string): Lane {
  const found = opened.get(name)
  if (found === undefined) throw new Error(`There is no terminal ${name}.`)
  return found.lane
}

async function listen(): Promise<number> {
  bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(bare, 'listening')
  return (bare.address() as AddressInfo).port
}

/** Each frame is made once, as the gateway makes it, and goes out as soon as every socket has room. */
async function broadcast(bytes: number): Promise<void> {
  const sockets = [...(bare?.clients ?? [])]
  const pattern = echoPattern(frameBytes)
  for (const end = seq + bytes; seq < end; seq += frameBytes) {
    const frame = encodeOutput(seq, pattern)
    for (const socket of sockets) socket.send(frame, { binary: true })
    await setImmediate()
    while (sockets.some(isFull)) await setImmediate()
  }
}

function isFull({ bufferedAmount }: WebSocket): boolean {
  return bufferedAmount > mostBuffered
}
