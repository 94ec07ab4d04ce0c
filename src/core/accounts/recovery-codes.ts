/** Core: recovery codes: twelve at a time, each valid once, shown again on request (SFTPGo REST API, `recoverycodes`). */
import type { Random, Sealer } from '../ports.ts'

/** One code of a set. */
export type RecoveryCode = { readonly code: string; readonly used: boolean }

type RecoveryPorts = { readonly random: Random; readonly sealer: Sealer }

/** Codes in a set. */
const codesInSet = 12

/** 22 characters of 32 letters and digits: 110 bits. */
const codeCharacters = 22

/** Letters and digits without I, L, O and U, which are easily confused (Crockford's base 32). */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Creates a set, sealed as it is stored. */
export function newRecoveryCodes(ports: RecoveryPorts): {
  readonly codes: readonly RecoveryCode[]
  readonly sealed: Uint8Array
} {
  const codes = Array.from({ length: codesInSet }, () => ({ code: newCode(ports.random), used: false }))
  return { codes, sealed: seal(ports.sealer, codes) }
}

/** Opens a stored set; null is an empty one. */
export function openRecoveryCodes(sealer: Sealer, sealed: Uint8Array | null): readonly RecoveryCode[] {
  if (sealed === null) return []
  const text = sealer.open('recovery codes', sealed)
  return decode(text)
}

/**
 * Uses a code.
 *
 * @returns The set without it, as it is stored; null if the code is not in the set or was used.
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

/** Returns whether a text has the form of a recovery code and not of a one-time code. */
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
