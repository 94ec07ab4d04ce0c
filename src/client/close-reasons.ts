/** Client: the sentences for closed sockets; the gateway's own sentence comes first. */
import type { ErrorNotice } from '../protocol/terminal-frames.ts'

/** Why a socket was closed. */
export type CloseReason = {
  /** WebSocket close code; 1006 also if the client found the line dead. */
  readonly closeCode: number
  /** The stable name from the gateway; null: it gave none. */
  readonly code: string | null
  /** For the user. */
  readonly sentence: string
  /** What may help; `resume` only while the client does so by itself. */
  readonly retry: ErrorNotice['retry']
}

type Facts = { readonly sentence: string; readonly retry: ErrorNotice['retry'] }

/** A page that goes away, a failing network and a restarting server look alike; a resume may find the session alive. */
const lost: Facts = { sentence: 'The connection was lost.', retry: 'resume' }
const closings: ReadonlyMap<number, Facts> = new Map<number, Facts>([
  [1000, { sentence: 'The connection was closed.', retry: 'no' }],
  [1001, { sentence: 'The node is being shut down.', retry: 'resume' }],
  [1005, lost],
  [1006, lost],
  [1011, lost],
  [1012, lost],
  [1013, lost],
  [1014, lost],
  [4400, { sentence: 'The gateway could not read what this client sent.', retry: 'new-token' }],
  [4401, { sentence: 'The token is not valid, or was used already.', retry: 'new-token' }],
  [4403, { sentence: 'This role, or this page, is not allowed here.', retry: 'no' }],
  [4404, { sentence: 'There is no such terminal.', retry: 'no' }],
  [4408, { sentence: 'The terminal was idle for too long.', retry: 'no' }],
  [4409, { sentence: 'Another window goes on with this connection.', retry: 'no' }],
  [4410, { sentence: 'The terminal has ended.', retry: 'no' }],
  [4421, { sentence: 'The terminal runs on another node.', retry: 'new-token' }],
  [4423, { sentence: 'The access that this terminal was opened with was taken back.', retry: 'no' }],
  [4429, { sentence: 'The connection was too slow to follow the output.', retry: 'new-token' }],
  [4440, { sentence: 'The window of the change request is over.', retry: 'no' }],
  [4500, { sentence: 'Something went wrong at the gateway.', retry: 'resume' }],
  [4503, { sentence: 'The node lost its contact with the store.', retry: 'resume' }],
  [4507, { sentence: 'The terminal could not be recorded any more.', retry: 'later' }],
])

/** Returns why a socket was closed: the ERROR before it, else the meaning of its code. */
export function closeReason(closeCode: number, notice: ErrorNotice | null): CloseReason {
  const known = closings.get(closeCode)
  const facts = known ?? { sentence: `The connection was closed with code ${closeCode}.`, retry: 'new-token' }
  if (notice === null) return { closeCode, code: null, ...facts }
  // A final code stays final, whatever the notice says.
  const retry = notice.retry === 'resume' && facts.retry !== 'resume' ? facts.retry : notice.retry
  return { closeCode, code: notice.code, sentence: notice.message, retry }
}

/** Returns a reason for when nothing more is tried: then a new token is needed. */
export function finalReason(reason: CloseReason): CloseReason {
  return reason.retry === 'resume' ? { ...reason, retry: 'new-token' } : reason
}

/** Returns a reason of the client's own. */
export function ownReason(closeCode: number, sentence: string, retry: ErrorNotice['retry']): CloseReason {
  return { closeCode, code: null, sentence, retry }
}
