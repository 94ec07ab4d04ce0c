/** Console: says for the person why something did not work. */
import { isControlError } from '../client/client.ts'

/** Returns the sentence of a refusal, with the fields it names; what is no refusal is an error of the page, which its console tells. */
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

/** Returns the kind of notice that a refusal is: what a server that answers again settles, or what only another attempt does. */
export function refusalKind(cause: unknown): 'no-answer' | 'refused' {
  const status = isControlError(cause) ? cause.status : 0
  return status === null || status >= 500 ? 'no-answer' : 'refused'
}
