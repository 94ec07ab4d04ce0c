/** SQLite store: the private socket at which a command tells the running server to apply what it appended to the log. */
import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { Refusal } from '../../core/errors.ts'
import { dataFiles, isServerRunning } from './data-directory.ts'

/** Bytes of a line at most, the line feed included. */
const longestLine = 32
/** Commands that may wait for an answer at once. */
const mostConnections = 16
/** A connection that says nothing for so long is closed, in milliseconds. */
const silenceMs = 10_000
/** Bytes of a socket's path at most (`sun_path` of Linux, without its end). */
const longestPath = 107

/** What a command learns: the server has applied the entry, there is no server, or there is one and it did not say. */
export type NotifyAnswer = 'applied' | 'no-server' | 'unconfirmed'

/**
 * Listens for pokes, before the node joins the log, and calls `onPoke` with the number of the entry to be applied.
 *
 * Call it only while holding the data directory: a socket that lies there is then one of a server that died.
 *
 * @throws STORE_UNAVAILABLE when the path is longer than a socket's may be.
 */
export async function listenForNotifications(
  path: string,
  onPoke: (seq: number) => Promise<void>,
): Promise<{ readonly close: () => Promise<void> }> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new Refusal('STORE_UNAVAILABLE', {
      message: `The path of the data directory is too long: ${path} may have ${longestPath} bytes.`,
    })
  }
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    answer(socket, onPoke)
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
 * Tells the server at `path` to apply the log up to the entry `seq`, and waits until it has, at most `timeoutMs`.
 *
 * A socket that nobody answers at counts as no server only where nobody holds the data directory either.
 */
export async function notifyServer(path: string, seq: number, timeoutMs: number): Promise<NotifyAnswer> {
  const said = await ask(path, `${seq}\n`, timeoutMs)
  if (said === `applied ${seq}\n`) return 'applied'
  return said === null && !isServerRunning(dataFiles(dirname(path))) ? 'no-server' : 'unconfirmed'
}

function answer(socket: Socket, onPoke: (seq: number) => Promise<void>): void {
  socket.setTimeout(silenceMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  onLine(socket, (line) => {
    const seq = /^[0-9]{1,15}\n$/.test(line) ? Number(line) : null
    if (seq === null) {
      socket.destroy()
      return
    }
    onPoke(seq).then(
      () => socket.end(`applied ${seq}\n`),
      () => socket.end('failed\n'),
    )
  })
}

/** Returns what the server said, an empty text when it said nothing in time, null when nobody listens. */
function ask(path: string, line: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createConnection({ path })
    const settle = (said: string | null): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(said)
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

/** Calls back once with the first line, its line feed included; a longer one ends the connection. */
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
