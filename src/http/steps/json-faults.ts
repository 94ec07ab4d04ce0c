/** HTTP step: finds in a JSON text what JSON.parse takes without a word, in one pass over it. */

/** Containers in one another at most; nothing that is served needs more than a few. */
const deepest = 64

/** Why a well-formed text is not taken. */
export type JsonFault = 'repeated-member' | 'prototype-member' | 'too-deep'

/**
 * Returns the first fault of a text that JSON.parse has taken, or null.
 *
 * Two members of one name mean two things to two readers (RFC 8259 section 4); names are compared as they are read, so that
 * an escape hides nothing. A member called `__proto__` would change what a copy of its object inherits.
 */
export function findJsonFault(text: string): JsonFault | null {
  const open: (Set<string> | null)[] = []
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x7b: // {
      case 0x5b: // [
        if (open.length === deepest) return 'too-deep'
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

/** Returns the first JSON value of a text, without what stands behind it; the whole text where none begins it. */
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

/** A text that begins with no container has one word, a number or a string for its first value. */
function firstScalar(text: string): string {
  return /^\s*(?:"(?:[^"\\]|\\.)*"|[-+\w.]+)/su.exec(text)?.[0] ?? text
}

/** Returns the index behind the quote that ends a string. */
function endOfString(text: string, begin: number): number {
  let index = begin + 1
  for (; index < text.length && text[index] !== '"'; index += 1) {
    if (text[index] === '\\') index += 1
  }
  return index + 1
}

/** In a well-formed text a colon follows the name of a member and no other string. */
function isName(text: string, behind: number): boolean {
  let index = behind
  while (/[ \t\n\r]/.test(text[index] ?? '')) index += 1
  return text[index] === ':'
}

function decode(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
}
