/** Bench: one kept-alive connection with one request at a time. It parses only as much of an answer as is needed to find its end. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Gets each answer: its status and its whole text, head and body. */
export type AnswerListener = (status: number, text: string) => void

/** An open connection. */
export type Connection = { readonly send: (request: string) => void; readonly close: () => void }

/** Opens a connection to a loopback port. */
export async function openConnection(port: number, onAnswer: AnswerListener): Promise<Connection> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let held = ''
  socket.on('data', (chunk: Buffer) => {
    const text = held + chunk.toString('latin1')
    const end = endOf(text)
    held = end === -1 || text.length < end ? text : ''
    if (held !== '') return
    if (text.length > end) throw new Error('An answer came without a request.')
    onAnswer(Number(text.slice(9, 12)), text)
  })
  socket.on('error', (cause) => {
    throw new Error('A connection of the load failed.', { cause })
  })
  return { send: (request) => socket.write(request, 'latin1'), close: () => socket.destroy() }
}

const lengthHeader = /\r\ncontent-length: (\d+)\r\n/i

/** Returns the index of the answer's end in its text, or -1 until its head is complete. Answers without a length have no body. */
function endOf(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return -1
  const length = lengthHeader.exec(text)?.[1]
  return headEnd + 4 + (length === undefined ? 0 : Number(length))
}
