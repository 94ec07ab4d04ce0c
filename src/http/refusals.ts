/** HTTP: refusals, and how any thrown value becomes one. */
import { Refusal } from '../core/errors.ts'

type FastifyFault = {
  readonly code?: string
  readonly statusCode?: number
  readonly validation?: readonly {
    readonly instancePath: string
    readonly message?: string
    readonly params?: object
  }[]
}

/** Returns the refusal for a thrown value. An unknown value becomes INTERNAL and stays as its cause, for the log. */
export function toRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  const fault = thrown as FastifyFault
  if (fault.validation !== undefined)
    return new Refusal('INPUT_INVALID', { fields: fault.validation.map(fieldFault), cause: thrown })
  const isClientFault = fault.statusCode !== undefined && fault.statusCode >= 400 && fault.statusCode < 500
  return new Refusal(isClientFault ? 'INPUT_INVALID' : 'INTERNAL', { cause: thrown })
}

/** Seconds after which a client may repeat a request that was refused for the load. */
const retryAfterSeconds = 2

/** Returns the refusal of a request that was one too many at the moment. */
export function tooManyRequests(detail: string): Refusal {
  return new Refusal('HASH_QUEUE_FULL', {
    message: 'Too many requests at once; try again shortly.',
    detail,
    retryAfterSeconds,
  })
}

/** Returns the refusal of one field of a request. */
export function invalidField(field: string, description: string): Refusal {
  return new Refusal('INPUT_INVALID', { fields: [{ field, description }] })
}

function fieldFault(fault: { readonly instancePath: string; readonly message?: string; readonly params?: object }): {
  field: string
  description: string
} {
  const params = (fault.params ?? {}) as { missingProperty?: string; requiredProperties?: readonly string[] }
  const missing = params.missingProperty ?? params.requiredProperties?.[0]
  const path = fault.instancePath.split('/').filter((part) => part !== '')
  const field = (missing === undefined ? path : [...path, missing]).join('.')
  return { field, description: missing === undefined ? (fault.message ?? 'is not valid') : 'is required' }
}
