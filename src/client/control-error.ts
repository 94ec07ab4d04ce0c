/** Client: the one error of the client; it holds what the server said of a refusal, and never a token or a password. */
import type { FieldProblem } from '../protocol/control.ts'

/** Types of errors that no server answered; every other type is the server's. */
export const unanswered = {
  /** The server could not be reached, or what came was cut off. */
  noAnswer: 'no-answer',
  /** The answer was not complete within the time limit; what was asked for may have happened. */
  timeLimit: 'time-limit',
  /** Nobody is signed in, so nothing was sent. */
  notSignedIn: 'not-signed-in',
} as const

/** What an error is made of. */
export type ControlErrorFacts = {
  readonly type: string
  readonly title: string
  readonly status: number | null
  readonly fields?: readonly FieldProblem[]
  readonly retryAfterSeconds?: number | null
  readonly cause?: unknown
}

/** A request that was refused, or that nobody answered. */
export class ControlError extends Error {
  /**
   * The stable name of the refusal: problem `type` of the server (RFC 9457), one of `unanswered`, or `about:blank` where
   * the answer names none.
   */
  readonly type: string
  /** The public sentence. */
  readonly title: string
  /** HTTP status; null where no answer came. */
  readonly status: number | null
  /** The fields that were not accepted, where the server named any. */
  readonly fields: readonly FieldProblem[]
  /** Whole seconds that the server asks to wait; null: it does not say. */
  readonly retryAfterSeconds: number | null

  constructor({ type, title, status, fields = [], retryAfterSeconds = null, cause }: ControlErrorFacts) {
    super(title, cause === undefined ? undefined : { cause })
    this.name = 'ControlError'
    this.type = type
    this.title = title
    this.status = status
    this.fields = fields
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Tells whether a caught value is an error of this client, and of the given type where one is named. */
export function isControlError(value: unknown, type?: string): value is ControlError {
  return value instanceof ControlError && (type === undefined || value.type === type)
}

/** Reads the refusal out of an answer, whatever its shape. */
export async function readRefusal(response: Response): Promise<ControlError> {
  const { type, title, error, fields } = parseObject(await response.text())
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ControlError({
    type: textOr(type, 'about:blank'),
    title: textOr(title ?? error, `The server answered ${response.status}.`),
    status: response.status,
    fields: Array.isArray(fields) ? fields.filter(isFieldProblem) : [],
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : null,
  })
}

type Members = Readonly<Partial<Record<'type' | 'title' | 'error' | 'fields', unknown>>>

function parseObject(text: string): Members {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch (cause) {
    if (cause instanceof SyntaxError) return {}
    throw cause
  }
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise
}

function isFieldProblem(value: unknown): value is FieldProblem {
  if (typeof value !== 'object' || value === null) return false
  const { field, description } = value as { field?: unknown; description?: unknown }
  return typeof field === 'string' && typeof description === 'string'
}
