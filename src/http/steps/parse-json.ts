/** HTTP step: parses bodies as JSON, under any media type. */
import { Refusal } from '../../core/errors.ts'
import type { App } from '../context.ts'
import { findJsonFault, firstJsonValue, type JsonFault } from './json-faults.ts'
import { decodeUtf8 } from './read-authorization.ts'
import { readBodiesBy } from './read-body.ts'

/**
 * Makes a dialect parse every body as JSON, with or without a media type. `request.body` is then any JSON value, and
 * `undefined` for an empty body. A body that is not JSON is refused with INPUT_INVALID.
 */
export function parseEveryBodyAsJson(app: App): void {
  readBodiesBy(app, parseJson)
}

const sentences: Readonly<Record<JsonFault, string>> = {
  'repeated-member': 'The body names a member twice.',
  'prototype-member': 'The body names a member __proto__.',
  'too-deep': 'The body is nested too deeply.',
}

/** How a dialect differs from others. */
export type JsonReading = {
  /** Only the first value is read; text after it is ignored. */
  readonly takesTextBehind?: boolean
  /** Converts the literal of a number. */
  readonly toNumber?: (literal: string) => number
}

/**
 * Parses JSON.
 *
 * @returns undefined for an empty body.
 * @throws INPUT_INVALID if the bytes are not UTF-8, not JSON, or JSON with a fault.
 */
export function parseJson(bytes: Uint8Array, { takesTextBehind = false, toNumber }: JsonReading = {}): unknown {
  if (bytes.length === 0) return undefined
  const whole = decodeUtf8(bytes)
  if (whole === null) throw malformed('the body is no UTF-8')
  const text = takesTextBehind ? firstJsonValue(whole) : whole
  const value = parseText(text)
  const fault = findJsonFault(text)
  if (fault !== null) throw new Refusal('INPUT_INVALID', { detail: fault, message: sentences[fault] })
  return toNumber === undefined ? value : withNumbers(text, toNumber)
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    if (cause instanceof SyntaxError) throw malformed('the body is no JSON')
    throw cause
  }
}

/** @param text without a fault: the reviver recurses to the depth of nesting. */
function withNumbers(text: string, toNumber: (literal: string) => number): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? toNumber(context.source) : value,
  ) as unknown
}

function malformed(detail: string): Refusal {
  return new Refusal('INPUT_INVALID', { detail, message: 'The body is not well-formed JSON.' })
}
