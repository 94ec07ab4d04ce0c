/** Bench: the process of the terminals' client. It uses as little CPU as possible. */
import { performance } from 'node:perf_hooks'
import headless from '@xterm/headless'
import { accessTokenOf } from '../seed/tokens.ts'
import { quieten, silence, transfer, typeKeys } from './measured-terminal.ts'
import type { ClientRequest, Painted, TerminalReply } from './messages.ts'
import { RawSocket } from './raw-socket.ts'

const size = { cols: 80, rows: 24 } as const

/** A socket of a terminal; `ptySessionId` null: of a bare server. */
type Attached = { readonly socket: RawSocket; readonly port: number; readonly ptySessionId: string | null }

const attached = new Map<string, Attached>()

process.on('message', (request: ClientRequest) => {
  void answer(request).then((reply) => process.send?.(reply))
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')

async function answer(request: ClientRequest): Promise<TerminalReply> {
  switch (request.op) {
    case 'start':
      await start(request)
      return { kind: 'done' }
    case 'start-idle':
      await startIdle(request)
      return { kind: 'done' }
    case 'join':
      await join(request)
      return { kind: 'done' }
    case 'connect': {
      const socket = new RawSocket({ port: request.port, token: null })
      await socket.opened
      attached.set(request.name, { socket, port: request.port, ptySessionId: null })
      return { kind: 'done' }
    }
    case 'leave':
      for (const name of request.names) leave(name)
      return { kind: 'done' }
    case 'type':
      find(request.name).socket.write(request.text)
      return { kind: 'done' }
    case 'transfer':
      return await move(request)
    case 'keys': {
      const { socket } = find(request.name)
      const found = await typeKeys(socket, request.count)
      // A line that is too long is not echoed.
      socket.write('\r')
      await silence(socket)
      return { kind: 'latencies', ...found }
    }
    case 'paint':
      return { kind: 'painted', ...(await paint(request)) }
    case 'position':
      return { kind: 'position', seq: find(request.name).socket.seq }
  }
}

/** Most terminals that are opened at once. */
const atOnce = 5

async function startIdle({ count, port, row, target }: Extract<ClientRequest, { op: 'start-idle' }>): Promise<void> {
  for (let done = 0; done < count; done += atOnce) {
    const names = Array.from({ length: Math.min(atOnce, count - done) }, () => `idle ${attached.size + Math.random()}`)
    await Promise.all(names.map((name) => start({ op: 'start', name, port, row, target })))
  }
}

async function start({ name, port, row, target }: Extract<ClientRequest, { op: 'start' }>): Promise<void> {
  const server = { os_user: target.osUser, server_ip: target.address }
  const token = await mint(port, row, {
    path: 'start',
    body: { purpose: 'change_request', change_id: 'BENCH', server },
  })
  const socket = await openSocket(port, token)
  const { welcome } = await sayHello(socket)
  attached.set(name, { socket, port, ptySessionId: welcome.ptySessionId })
  if (target.isShell) await quieten(socket)
  else await silence(socket)
}

async function join({ name, row, to, isStalled }: Extract<ClientRequest, { op: 'join' }>): Promise<void> {
  const { port, ptySessionId } = find(to)
  const socket = await openSocket(port, await mintJoin(port, row, ptySessionId))
  const painted = socket.next('snapshot')
  socket.send({ type: 'hello', hello: { v: 1, ...size } })
  await painted
  attached.set(name, { socket, port, ptySessionId })
  if (isStalled) socket.stall()
}

async function move({ names, command, bytes }: Extract<ClientRequest, { op: 'transfer' }>): Promise<TerminalReply> {
  const sockets = names.map((name) => find(name).socket)
  const skippedBefore = sockets.map(({ skipped }) => skipped)
  const moved = await transfer(sockets, bytes, () => {
    if (command !== null) sockets[0]?.write(command)
  })
  const skipped = sockets.reduce((sum, socket, place) => sum + socket.skipped - (skippedBefore[place] ?? 0), 0)
  return { kind: 'moved', ...moved, skipped }
}

async function paint({ row, to }: Extract<ClientRequest, { op: 'paint' }>): Promise<Painted> {
  const { port, ptySessionId } = find(to)
  const terminal = new headless.Terminal({ ...size, allowProposedApi: true })
  const token = await mintJoin(port, row, ptySessionId)
  const socket = new RawSocket({ port, token })
  const came = socket.next('snapshot')
  const since = await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, ...size } })
  const { bytes, seq } = await came
  const cameAt = performance.now()
  await new Promise<void>((resolve) => terminal.write(bytes, resolve))
  const ms = performance.now() - since
  socket.send({ type: 'bye' })
  socket.close()
  terminal.dispose()
  return { ms, waitedMs: cameAt - since, bytes: bytes.length, seq }
}

async function openSocket(port: number, token: string): Promise<RawSocket> {
  const socket = new RawSocket({ port, token })
  await socket.opened
  return socket
}

function sayHello(socket: RawSocket): ReturnType<typeof socket.next<'welcome'>> {
  const welcomed = socket.next('welcome')
  socket.send({ type: 'hello', hello: { v: 1, ...size } })
  return welcomed
}

function leave(name: string): void {
  const { socket, ptySessionId } = find(name)
  if (ptySessionId !== null) socket.send({ type: 'bye' })
  socket.close()
  attached.delete(name)
}

function mintJoin(port: number, row: number, ptySessionId: string | null): Promise<string> {
  return mint(port, row, { path: 'join', body: { pty_session_id: ptySessionId, start_role: 'observer' } })
}

async function mint(
  port: number,
  row: number,
  request: { readonly path: string; readonly body: object },
): Promise<string> {
  const answered = await fetch(`http://127.0.0.1:${port}/api/v1/pty_token/${request.path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessTokenOf(row)}`, 'content-type': 'application/json' },
    body: JSON.stringify(request.body),
  })
  const text = await answered.text()
  if (answered.status !== 200) throw new Error(`A token was refused: ${answered.status} ${text}`)
  return (JSON.parse(text) as { readonly token: string }).token
}

function find(name: string): Attached {
  const found = attached.get(name)
  if (found === undefined) throw new Error(`There is no socket ${name}.`)
  return found
}
