/** SQLite store: the private socket on which a command notifies the running server of entries that it appended. */
import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { Refusal } from '../../core/errors.ts'
import { dataFiles, isServerRunning } from './data-directory.ts'

/** Most bytes of a line, with the line feed. */
const longestLine = 32
/** Most commands that wait for an answer at once. */
const mostConnections = 16
/** Milliseconds after which a silent connection is closed. */
const silenceMs = 10_000
/** Most bytes of a socket's path (`sun_path` of Linux, without its end). */
const longestPath = 107

/** The answer to a command: the server has applied the entry, there is no server, or it did not confirm. */
export type NotifyAnswer = 'applied' | 'no-server' | 'unconfirmed'

/**
 * Listens for notifications, before the node joins the log, and calls `onNotified` with the number of the entry to apply.
 *
 * Call it only while holding the data directory: then an existing socket is that of a dead server.
 *
 * @throws STORE_UNAVAILABLE if the path is too long for a socket.
 */
export async function listenForNotifications(
  path: string,
  onNotified: (seq: number) => Promise<void>,
): Promise<{ readonly close: () => Promise<void> }> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new Refusal('STORE_UNAVAILABLE', {
      message: `The path of the data directory is too long: the socket ${path} may have at most ${longestPath} bytes; choose a shorter path.`,
    })
  }
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, onNotified)
  })
  server.maxConnections = mostConnections
  await listening(server, path)
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/**
 * Notifies the server at `path` of the log up to the entry `seq`, and waits at most `timeoutMs` until it has applied
 * it.
 *
 * A socket without an answer counts as no server only if the data directory is not locked either.
 */
export async function notifyServer(path: string, seq: number, timeoutMs: number): Promise<NotifyAnswer> {
  const received = await request(path, `${seq}\n`, timeoutMs)
  if (received === `applied ${seq}\n`) return 'applied'
  return received === null && !isServerRunning(dataFiles(dirname(path))) ? 'no-server' : 'unconfirmed'
}

function serve(socket: Socket, onNotified: (seq: number) => Promise<void>): void {
  socket.setTimeout(silenceMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  onLine(socket, (line) => {
    const seq = /^[0-9]{1,15}\n$/.test(line) ? Number(line) : null
    if (seq === null) {
      socket.destroy()
      return
    }
    onNotified(seq).then(
      () => socket.end(`applied ${seq}\n`),
      () => socket.end('failed\n'),
    )
  })
}

/** Returns the server's answer; an empty text: no answer in time; null: no listener. */
function request(path: string, line: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createConnection({ path })
    const settle = (received: string | null): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(received)
    }
    const timer = setTimeout(() => settle(''), timeoutMs)
    socket.on('error', (error) => settle('code' in error && isAbsence(error.code) ? null : ''))
    socket.on('close', () => settle(''))
    onLine(socket, settle)
    socket.write(line)
  })
}

function isAbsence(code: unknown): boolean {
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

/** Calls back once with the first line and its line feed; a longer line ends the connection. */
function onLine(socket: Socket, take: (line: string) => void): void {
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (part: string) => {
    text += part
    const end = text.indexOf('\n')
    if (end === -1 && text.length < longestLine) return
    socket.removeAllListeners('data')
    if (end === -1 || end >= longestLine) socket.destroy()
    else take(text.slice(0, end + 1))
  })
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
