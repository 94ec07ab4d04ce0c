/** Bench: the ceilings of terminals: plain PTYs whose output is discarded, and a bare server that sends to all its sockets. */
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
import { type MeasuredTerminal, quieten, silence, transfer, typeKeys } from './measured-terminal.ts'
import type { CeilingRequest, TerminalReply } from './messages.ts'

const size = { cols: 80, rows: 24 } as const
const frameBytes = 64 * 1024

/** Most bytes that are buffered for one socket before the next frame waits. */
const mostBuffered = 512 * 1024

const transport = new LocalTransport({
  timers: systemTimers,
  bound: new SpawnBound(systemTimers),
  isAllowed: () => Promise.resolve(null),
})
const opened = new Map<string, { readonly measured: MeasuredTerminal; readonly terminal: Terminal }>()
let bare: WebSocketServer | null = null
/** Offset of the next frame; sockets check it. */
let seq = 0

process.on('message', (request: CeilingRequest) => {
  void answer(request).then((reply) => process.send?.(reply))
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')

async function answer(request: CeilingRequest): Promise<TerminalReply> {
  switch (request.op) {
    case 'open-local':
      await open(request.name, (listener) => transport.open({ ...commonRequest, osUser: request.osUser }, listener))
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
      const measured = find(request.name)
      const moved = await transfer([measured], request.bytes, () => measured.write(request.command))
      return { kind: 'moved', ...moved, skipped: 0 }
    }
    case 'keys': {
      const measured = find(request.name)
      const found = await typeKeys(measured, request.count)
      measured.write('\r')
      await silence(measured)
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

const commonRequest = {
  ptySessionId: 'bench',
  username: 'bench',
  changeId: null,
  server: { name: 'bench-1', address: '127.0.0.1', port: 22, hostKey: null, hostCa: null },
  size,
  command: null,
} as const

async function open(name: string, start: (listener: TerminalListener) => Promise<Terminal>): Promise<void> {
  let terminal: Terminal | null = null
  const measured: MeasuredTerminal = { write: (text) => terminal?.write(Buffer.from(text)), onOutput: () => undefined }
  terminal = await start({ onOutput: ({ length }) => measured.onOutput(length) })
  opened.set(name, { measured, terminal })
  await quieten(measured)
}

function find(name: string): MeasuredTerminal {
  const found = opened.get(name)
  if (found === undefined) throw new Error(`There is no terminal ${name}.`)
  return found.measured
}

async function listen(): Promise<number> {
  bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(bare, 'listening')
  return (bare.address() as AddressInfo).port
}

/** Encodes each frame once, as the gateway does, and sends it when every socket has room. */
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
