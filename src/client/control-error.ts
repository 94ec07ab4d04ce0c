/** Client: the one error of the client. It has the server's refusal, and never a token or a password. */
import type { FieldProblem } from '../protocol/control.ts'

/** Types of errors without an answer of the server; every other type is the server's. */
export const unanswered = {
  /** The server could not be reached, or its answer was cut off. */
  noAnswer: 'no-answer',
  /** The answer was not complete within the time limit; the request may have taken effect. */
  timeLimit: 'time-limit',
  /** Not signed in, so nothing was sent. */
  notSignedIn: 'not-signed-in',
} as const

/** The facts of an error. */
export type ControlErrorFacts = {
  readonly type: string
  readonly title: string
  readonly status: number | null
  readonly fields?: readonly FieldProblem[]
  readonly retryAfterSeconds?: number | null
  readonly cause?: unknown
}

/** A request that was refused or not answered. */
export class ControlError extends Error {
  /**
   * The stable name of the refusal: problem `type` of the server (RFC 9457), one of `unanswered`, or `about:blank` if
   * the answer has none.
   */
  readonly type: string
  /** The public sentence. */
  readonly title: string
  /** HTTP status; null: there was no answer. */
  readonly status: number | null
  /** The rejected fields, if the server named any. */
  readonly fields: readonly FieldProblem[]
  /** Whole seconds that the server asks to wait; null: none. */
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

/** Returns whether a caught value is an error of this client, and of the given type if there is one. */
export function isControlError(value: unknown, type?: string): value is ControlError {
  return value instanceof ControlError && (type === undefined || value.type === type)
}

/** Reads the refusal of an answer, whatever its shape. */
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
