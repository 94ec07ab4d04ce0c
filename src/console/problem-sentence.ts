/** Console: the sentences for failed requests. */
import { isControlError } from '../client/client.ts'

/** Returns the sentence of a refusal with its fields; anything else is an error of the page, and goes to its console. */
export function problemSentence(cause: unknown): string {
  if (!isControlError(cause)) {
    console.error(cause)
    return 'Something went wrong in this page.'
  }
  const { title, fields, retryAfterSeconds } = cause
  const named = fields.map(({ field, description }) => `${field}: ${description}`)
  const wait = retryAfterSeconds === null ? [] : [`Try again in ${retryAfterSeconds} seconds.`]
  return [title, ...named, ...wait].join(' ')
}

/** Returns the kind of notice for a refusal: one that ends when the server answers again, or only with another attempt. */
export function refusalKind(cause: unknown): 'no-answer' | 'refused' {
  const status = isControlError(cause) ? cause.status : 0
  return status === null || status >= 500 ? 'no-answer' : 'refused'
}
