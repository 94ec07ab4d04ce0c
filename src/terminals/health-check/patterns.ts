/** Terminals: patterns of catalogues in RE2, which does not backtrack: a match takes time linear in the word. */
import { RE2JS, RE2JSException } from 're2js'
import type { CompiledPattern, PatternCompiler, PatternFault } from '../../core/terminals/catalogue.ts'

/** Most instructions of a compiled pattern; a match costs at most this many steps for each character of a word. */
const instructions = 1_000

/** Creates a compiler of RE2 patterns that match whole words only. */
export function createPatterns(): PatternCompiler {
  return { compile }
}

function compile(source: string): CompiledPattern | PatternFault {
  try {
    const pattern = RE2JS.compile(source)
    if (pattern.programSize() > instructions) return { fault: 'must repeat less: it would be too slow to match' }
    return { matches: (word) => pattern.matches(word) }
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause
    return { fault: 'must be a pattern of RE2, without look-around and back-references' }
  }
}
