/** Cli tests: a way to a server that can break, as networks do. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The way. */
export type Gate = {
  readonly url: string
  /** Says where the server is. */
  readonly leadTo: (url: string) => void
  /** Breaks the connection over which the server sends so many bytes from now on; later ones are left alone. */
  readonly breakAfter: (bytes: number) => void
  readonly close: () => void
}

/** Opens a way on a free port. */
export async function openGate(): Promise<Gate> {
  let port = 0
  let bytesLeft = Number.POSITIVE_INFINITY
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // What breaks is told by the close.
    socket.on('error', () => undefined)
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    keep(near)
    keep(far)
    near.pipe(far)
    far.pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    far.on('data', (bytes) => {
      bytesLeft -= bytes.length
      if (bytesLeft > 0) return
      bytesLeft = Number.POSITIVE_INFINITY
      near.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (url) => {
      port = Number(new URL(url).port)
    },
    breakAfter: (bytes) => {
      bytesLeft = bytes
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
