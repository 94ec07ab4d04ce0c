/** Client: sends one request. It has a time limit and never follows a redirect. */
import { ControlError, readRefusal, unanswered } from './control-error.ts'

/** The part of the Fetch standard that the client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The target of requests. */
export type Sender = {
  readonly fetch: Fetch
  /** Scheme, host and path prefix, without a slash at its end. */
  readonly baseUrl: string
  /** From the first byte sent to the last byte read, in milliseconds. */
  readonly timeLimitMs: number
}

/** A request of the client. Bodies are texts or bytes, so that they can be sent twice. */
export type Question = Omit<RequestInit, 'body'> & {
  /** Starts with a slash; appended to the base address. */
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer>
}

/**
 * Sends a request and returns the answer, whatever its status.
 *
 * Redirects fail: a password or a token is for this server and no other.
 *
 * @throws ControlError `no-answer` or `time-limit`.
 * @throws the reason of the caller's own signal, if it was aborted.
 */
export async function send(sender: Sender, question: Question): Promise<Response> {
  const { path, signal, ...init } = question
  if (!path.startsWith('/')) throw new TypeError('A path begins with a slash.')
  const limit = AbortSignal.timeout(sender.timeLimitMs)
  const stop = signal === undefined || signal === null ? limit : AbortSignal.any([signal, limit])
  try {
    return await sender.fetch(`${sender.baseUrl}${path}`, { ...init, redirect: 'error', signal: stop })
  } catch (cause) {
    if (signal?.aborted === true) throw cause
    throw unansweredError(sender, cause)
  }
}

/**
 * Sends a request and reads an accepted answer.
 *
 * @throws ControlError with the server's refusal, else as `send` does.
 */
export async function ask<Value>(
  sender: Sender,
  question: Question,
  read: (response: Response) => Value | Promise<Value>,
): Promise<Value> {
  return await readAnswer(sender, await send(sender, question), read)
}

/**
 * Reads an accepted answer.
 *
 * @throws ControlError with the server's refusal; `no-answer` or `time-limit` if the rest of the answer did not come.
 */
export async function readAnswer<Value>(
  sender: Sender,
  response: Response,
  read: (response: Response) => Value | Promise<Value>,
): Promise<Value> {
  try {
    if (response.ok) return await read(response)
    throw await readRefusal(response)
  } catch (cause) {
    throw cause instanceof ControlError ? cause : unansweredError(sender, cause)
  }
}

/** Returns headers and text of a JSON body. */
export function jsonBody(value: unknown): {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
} {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

function unansweredError({ timeLimitMs }: Sender, cause: unknown): ControlError {
  const isTimeout = cause instanceof Error && cause.name === 'TimeoutError'
  return new ControlError({
    type: isTimeout ? unanswered.timeLimit : unanswered.noAnswer,
    title: isTimeout ? `The server did not answer within ${timeLimitMs} ms.` : 'The server did not answer.',
    status: null,
    cause,
  })
}
