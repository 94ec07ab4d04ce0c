/** Terminals: the character sets of a terminal, and the sequences that choose them (ISO/IEC 2022). */
import { newTerminal } from './new-terminal.ts'
import { type Charset, type Internals, internalsOf, parseNow } from './xterm-internals.ts'

/** Finals of the designating sequences that xterm.js knows; B is ASCII. */
const finals = '0A4C5RQKYE6ZH7='

const designators = ['(', ')', '*', '+'] as const

/** Locking shifts to G0 to G3. */
const shifts = ['\x0f', '\x0e', '\x1bn', '\x1bo'] as const

let finalByCharset: ReadonlyMap<Charset, string> | null = null

/** Returns the sequence that makes G0, G1, G2 or G3 a character set. */
export function designate(index: 0 | 1 | 2 | 3, charset: Charset): string {
  finalByCharset ??= learnFinals()
  return `\x1b${designators[index]}${finalByCharset.get(charset) ?? 'B'}`
}

/** Returns the sequences that change all four from ASCII to their present sets, and shift to the one in use. */
export function designateAll({ _charsets, glevel }: Internals['_charsetService']): string {
  const designations = ([0, 1, 2, 3] as const).map((index) =>
    _charsets[index] === undefined ? '' : designate(index, _charsets[index]),
  )
  return `${designations.join('')}${shifts[glevel] ?? ''}`
}

/** Returns whether a character set leaves a text unchanged. */
export function passesThrough(text: string, charset: Charset): boolean {
  return charset === undefined || [...text].every((character) => charset[character] === undefined)
}

/** The tables are not public: a terminal that is set to each of them shows which is which. */
function learnFinals(): ReadonlyMap<Charset, string> {
  const terminal = newTerminal(2, 1)
  const learnt = new Map<Charset, string>([[undefined, 'B']])
  for (const final of finals) {
    parseNow(terminal, Buffer.from(`\x1b(${final}`))
    const { charset } = internalsOf(terminal)._charsetService
    if (!learnt.has(charset)) learnt.set(charset, final)
  }
  terminal.dispose()
  return learnt
}
