/** Core: recovery codes; twelve at a time, each good once, shown again to whoever may (SFTPGo REST API, `recoverycodes`). */
import type { Random, Sealer } from '../ports.ts'

/** One code of a set. */
export type RecoveryCode = { readonly code: string; readonly used: boolean }

type RecoveryPorts = { readonly random: Random; readonly sealer: Sealer }

/** Codes in a set. */
const codesInSet = 12

/** 22 characters of 32 letters and digits: 110 bits. */
const codeCharacters = 22

/** Letters and digits without I, L, O and U, so that nothing reads like something else (Crockford's base 32). */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Makes a new set, sealed as it is stored. */
export function newRecoveryCodes(ports: RecoveryPorts): {
  readonly codes: readonly RecoveryCode[]
  readonly sealed: Uint8Array
} {
  const codes = Array.from({ length: codesInSet }, () => ({ code: newCode(ports.random), used: false }))
  return { codes, sealed: seal(ports.sealer, codes) }
}

/** Opens a set as it was stored; null is an empty one. */
export function openRecoveryCodes(sealer: Sealer, sealed: Uint8Array | null): readonly RecoveryCode[] {
  if (sealed === null) return []
  const text = sealer.open('recovery codes', sealed)
  return decode(text)
}

/**
 * Uses a code up.
 *
 * @returns the set without it as it is to be stored, or null when the code is none of the set or was used.
 */
export function useRecoveryCode(sealer: Sealer, sealed: Uint8Array | null, presented: string): Uint8Array | null {
  const wanted = presented.toUpperCase()
  const codes = openRecoveryCodes(sealer, sealed)
  if (!codes.some(({ code, used }) => code === wanted && !used)) return null
  return seal(
    sealer,
    codes.map((one) => (one.code === wanted ? { ...one, used: true } : one)),
  )
}

/** Tells whether a text has the form of a recovery code, so that it is not taken for a one-time code. */
export function isRecoveryCode(text: string): boolean {
  return /^RC-[0-9A-Z]{22}$/i.test(text)
}

function newCode(random: Random): string {
  return `RC-${Array.from(random.bytes(codeCharacters), (byte) => alphabet[byte & 31]).join('')}`
}

function seal(sealer: Sealer, codes: readonly RecoveryCode[]): Uint8Array {
  const text = codes.map(({ code, used }) => `${used ? '-' : '+'}${code}`).join('\n')
  return sealer.seal(
    'recovery codes',
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
  )
}

function decode(bytes: Uint8Array): RecoveryCode[] {
  const text = String.fromCharCode(...bytes)
  return text.split('\n').map((line) => ({ code: line.slice(1), used: line.startsWith('-') }))
}
