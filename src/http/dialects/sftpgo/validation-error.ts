/** sftpgo: the refusal of invalid values; SFTPGo begins each of them alike. */
import { Refusal } from '../../../core/errors.ts'

/** Returns the refusal of a body that is not valid. */
export function invalidAccount(reason: string): Refusal {
  return new Refusal('INPUT_INVALID', { message: `Validation error: ${reason}` })
}
