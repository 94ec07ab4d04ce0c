/** Cli tests: a proxy to a server whose connections can break. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The proxy. */
export type BreakingProxy = {
  readonly url: string
  /** Sets the address of the server. */
  readonly connectTo: (url: string) => void
  /** Breaks the connection over which the server sends this number of bytes. Later connections do not break. */
  readonly breakAfter: (bytes: number) => void
  readonly close: () => void
}

/** Opens a proxy on a free port. */
export async function openProxy(): Promise<BreakingProxy> {
  let port = 0
  let bytesLeft = Number.POSITIVE_INFINITY
  const sockets = new Set<Socket>()
  const track = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The close event follows an error.
    socket.on('error', () => undefined)
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    track(near)
    track(far)
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
    connectTo: (url) => {
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
