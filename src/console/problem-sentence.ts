/** Console: says in one sentence for the person why something did not work. */
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
