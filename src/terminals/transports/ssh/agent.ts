/** Terminals: the socket of our ssh-agent. It accepts one connection, and closes after the one signature. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { AgentExchange, type AgentLogin, type AgentProgress } from './agent-protocol.ts'
import { uint32 } from './wire.ts'

/** Most bytes of a message; OpenSSH allows 256 KiB, a login needs a few. */
export const longestMessage: number = 32 * 1024

/** A listening agent. */
export type Agent = {
  readonly progress: () => AgentProgress
  /** Resolves when the agent has ended: by its one signature, by a refusal, or because it was closed. */
  readonly over: Promise<void>
  /** Ends it and removes its socket. */
  readonly close: () => void
}

/**
 * Listens on a Unix socket for the one login.
 *
 * @param path In a directory that only our user may enter.
 */
export async function startAgent(path: string, login: AgentLogin): Promise<Agent> {
  const conversation = new AgentExchange(login)
  const server = createServer()
  let client: Socket | null = null
  const over = new Promise<void>((resolve) => {
    const endOnce = (): void => {
      server.close()
      resolve()
    }
    server.on('connection', (socket) => {
      if (client !== null) return void socket.destroy()
      client = socket
      // The path is removed at the first connection: a second one gets nothing.
      server.close()
      void converse(socket, conversation).then(endOnce)
    })
    server.on('close', () => {
      if (client === null) resolve()
    })
  })
  server.listen(path)
  await once(server, 'listening')
  return { progress: () => conversation.progress, over, close: () => closeAll(server, client) }
}

function closeAll(server: Server, client: Socket | null): void {
  server.close()
  client?.destroy()
}

/** Resolves when the connection is closed. */
function converse(socket: Socket, conversation: AgentExchange): Promise<void> {
  return new Promise((resolve) => {
    let unread = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve())
    socket.on('data', (bytes: Buffer) => {
      if (socket.writableEnded) return
      unread = Buffer.concat([unread, bytes])
      while (!socket.writableEnded) {
        const message = firstMessage(unread)
        if (message === 'more') return
        if (message === 'too long') return void socket.destroy()
        unread = unread.subarray(4 + message.length)
        const { reply, isOver } = conversation.answer(message)
        const framed = Buffer.concat([uint32(reply.length), reply])
        if (isOver) socket.end(framed)
        else socket.write(framed)
      }
    })
  })
}

function firstMessage(bytes: Buffer): Buffer | 'more' | 'too long' {
  if (bytes.length < 4) return 'more'
  const length = bytes.readUInt32BE()
  if (length > longestMessage) return 'too long'
  return bytes.length < 4 + length ? 'more' : bytes.subarray(4, 4 + length)
}
