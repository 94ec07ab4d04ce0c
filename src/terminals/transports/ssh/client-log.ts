/**
 * Terminals: the client program's own log, separate from what the server sends.
 *
 * It goes through a named pipe, not a file: a server that makes its client complain without end fills no disk.
 */
import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'

/** Characters that are kept of the start, and as many of the end. */
const keptCharacters = 16 * 1024

/** The client program logs this when its terminal is raw and the server runs something. */
const began = /: (?:shell|exec) request accepted on channel \d+$/m

/** The reading end. */
export type ClientLog = {
  /** Resolves when the session has begun; never, if it does not come to that. */
  readonly began: Promise<void>
  /** Returns the log when the client program is gone and everything was read. */
  readonly finish: () => Promise<string>
}

/** Creates the pipe and reads it. @throws Error if it cannot be created. */
export async function openClientLog(path: string): Promise<ClientLog> {
  await promisify(execFile)('mkfifo', ['-m', '600', '--', path])
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  // While we hold the pipe open for writing too, its end comes when we close it.
  let writing: number | null = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const socket = new Socket({ fd: reading, readable: true, writable: false })
  const kept = { head: '', tail: '' }
  socket.setEncoding('latin1')
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.on('data', (text: string) => {
    keep(kept, text)
    if (began.test(kept.head)) resolve()
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => socket.destroy())
  return {
    began: promise,
    finish: async () => {
      if (writing !== null) closeSync(writing)
      writing = null
      await closed
      return kept.head + kept.tail
    },
  }
}

function keep(kept: { head: string; tail: string }, text: string): void {
  const room = keptCharacters - kept.head.length
  kept.head += text.slice(0, Math.max(0, room))
  kept.tail = (kept.tail + text.slice(Math.max(0, room))).slice(-keptCharacters)
}
