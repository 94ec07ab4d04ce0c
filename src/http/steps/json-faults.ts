/** HTTP step: finds faults in a JSON text that JSON.parse accepts, in one pass. */

/** Maximum depth of nesting; no operation needs more than a few levels. */
const maxDepth = 64

/** Why a well-formed text is refused. */
export type JsonFault = 'repeated-member' | 'prototype-member' | 'too-deep'

/**
 * Returns the first fault of a text that JSON.parse has accepted, or null.
 *
 * Parsers disagree about two members with the same name (RFC 8259 section 4). Names are compared after decoding, so that an
 * escape hides nothing. A member named `__proto__` would change the prototype of a copy of its object.
 */
export function findJsonFault(text: string): JsonFault | null {
  const open: (Set<string> | null)[] = []
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x7b: // {
      case 0x5b: // [
        if (open.length === maxDepth) return 'too-deep'
        open.push(text[index] === '{' ? new Set() : null)
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        break
      case 0x22: {
        const end = endOfString(text, index)
        const names = open.at(-1) ?? null
        if (names !== null && isName(text, end)) {
          const name = decode(text.slice(index, end))
          if (name === '__proto__') return 'prototype-member'
          if (names.has(name)) return 'repeated-member'
          names.add(name)
        }
        index = end - 1
      }
    }
  }
  return null
}

/** Returns the first JSON value of a text, without the rest; the whole text if it does not begin with a value. */
export function firstJsonValue(text: string): string {
  if (!/^\s*[{[]/.test(text)) return firstScalar(text)
  let depth = 0
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x7b: // {
      case 0x5b: // [
        depth += 1
        break
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1
        if (depth === 0) return text.slice(0, index + 1)
        break
      case 0x22:
        index = endOfString(text, index) - 1
    }
  }
  return text
}

/** The first value of a text without a container is a word, a number or a string. */
function firstScalar(text: string): string {
  return /^\s*(?:"(?:[^"\\]|\\.)*"|[-+\w.]+)/su.exec(text)?.[0] ?? text
}

/** Returns the index after the closing quote of a string. */
function endOfString(text: string, begin: number): number {
  let index = begin + 1
  for (; index < text.length && text[index] !== '"'; index += 1) {
    if (text[index] === '\\') index += 1
  }
  return index + 1
}

/** In a well-formed text a colon follows only the name of a member. */
function isName(text: string, behind: number): boolean {
  let index = behind
  while (/[ \t\n\r]/.test(text[index] ?? '')) index += 1
  return text[index] === ':'
}

function decode(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
}
