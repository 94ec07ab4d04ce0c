/** Cli: finds the escapes in what is typed, as ssh has them: a tilde at the beginning of a line and one key. Pure. */

import { EscapeSequences } from './escape-sequences.ts'

/** What was typed: input, or an escape. */
export type KeyAction =
  | { readonly kind: 'input'; readonly bytes: Uint8Array }
  | { readonly kind: 'leave' | 'help' | 'end' | 'present' | 'pause' | 'send-paste' | 'drop-paste' }

/** Who types. */
export type KeyContext = {
  /** Whoever only watches types no lines, so that each tilde begins an escape. */
  readonly isObserver: boolean
  /** Whether a paste waits for a yes or a no; only then are there keys for them, wherever the line is. */
  readonly isPastePending: () => boolean
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number
}

type EscapeKind = Exclude<KeyAction['kind'], 'input'>
type EscapeTable = Readonly<Record<string, EscapeKind>>

const everybody: EscapeTable = { '.': 'leave', '?': 'help', e: 'end' }
/** Not for whoever types: `~p` and `~s` begin the home directories of others. */
const observers: EscapeTable = { p: 'present', s: 'pause' }
const whilePasteIsHeld: EscapeTable = { y: 'send-paste', n: 'drop-paste' }

const tilde = 0x7e
const lineEnds: readonly number[] = [0x0a, 0x0d]

/**
 * What is typed at one terminal. What the terminal itself sends, and its function keys, are no text: they begin and end no
 * line, hold no escape, and whoever watches has typed nothing by them. A tilde is held back until the key after it is
 * known; two of them are one.
 */
export class EscapeKeys {
  readonly #owner: KeyContext
  readonly #sequences = new EscapeSequences()
  #isLineStart = true
  #isTildeHeld = false

  constructor(owner: KeyContext) {
    this.#owner = owner
  }

  /** Takes what was typed, in parts of any size, and gives what it means, in order; the next is read once one is done. */
  *take(bytes: Uint8Array): Generator<KeyAction, void> {
    let plain: number[] = []
    for (const byte of bytes) {
      const read = this.#read(byte)
      if (typeof read !== 'string') plain.push(...read)
      else {
        if (plain.length > 0) yield { kind: 'input', bytes: Uint8Array.from(plain) }
        plain = []
        yield { kind: read }
      }
    }
    if (plain.length > 0) yield { kind: 'input', bytes: Uint8Array.from(plain) }
  }

  /** After an escape the line is still at its beginning, so that another may follow. */
  #read(byte: number): EscapeKind | readonly number[] {
    const wasTildeHeld = this.#isTildeHeld
    if (this.#sequences.holds(byte, this.#owner.nowMs())) {
      if (this.#owner.isObserver) return []
      this.#isTildeHeld = false
      return wasTildeHeld ? [tilde, byte] : [byte]
    }
    this.#isTildeHeld = !wasTildeHeld && byte === tilde && this.#mayEscape
    if (this.#isTildeHeld) return []
    const found = wasTildeHeld ? this.#escapeOf(String.fromCharCode(byte)) : undefined
    if (found !== undefined) return found
    this.#isLineStart = lineEnds.includes(byte)
    return wasTildeHeld && byte !== tilde ? [tilde, byte] : [byte]
  }

  get #mayEscape(): boolean {
    return this.#isLineStart || this.#owner.isObserver || this.#owner.isPastePending()
  }

  #escapeOf(key: string): EscapeKind | undefined {
    const { isObserver, isPastePending } = this.#owner
    const tables = [everybody, ...(isObserver ? [observers] : []), ...(isPastePending() ? [whilePasteIsHeld] : [])]
    return tables.find((table) => Object.hasOwn(table, key))?.[key]
  }
}

/** Returns the lines that `~?` shows. */
export function escapeHelp(isObserver: boolean): readonly string[] {
  return [
    'Escapes, at the beginning of a line:',
    '  ~.  leave; the PTY session goes on',
    '  ~e  end the PTY session for everybody',
    ...(isObserver ? ['  ~p  confirm that you are watching', '  ~s  stop the input, and let it go on'] : []),
    ...(isObserver ? [] : ['  ~y  send the paste that is held back', '  ~n  throw it away', '  ~~  a tilde']),
    '  ~?  this help',
  ]
}
