/** koyeb: reads members of bodies (proto3 JSON): names in snake case or camel case. Unknown members are ignored. */
import { type FieldFault, Refusal } from '../../../core/errors.ts'

/** The members of a body. */
export type Members = Readonly<Record<string, unknown>>

/**
 * Decodes a request and collects the faults of all its members.
 *
 * @throws INPUT_INVALID with every fault, when there is one.
 */
export function collectFaults<Value>(decode: (faults: FieldFault[]) => Value): Value {
  const fields: FieldFault[] = []
  const value = decode(fields)
  if (fields.length > 0) throw new Refusal('INPUT_INVALID', { fields })
  return value
}

/**
 * Returns the members of a body; an empty body has none.
 *
 * @throws INPUT_INVALID for JSON that is not an object.
 */
export function decodeObject(body: unknown): Members {
  if (body === undefined) return {}
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Members
  throw new Refusal('INPUT_INVALID', { message: 'The body is not a JSON object.' })
}

/**
 * Returns a string member; empty if it is absent or null.
 *
 * @param faults gets one entry if the member is not a string.
 */
export function textMember(members: Members, field: string, faults: FieldFault[]): string {
  const camel = field.replace(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase())
  const value = members[field] ?? members[camel]
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  faults.push({ field, description: 'must be a string' })
  return ''
}
