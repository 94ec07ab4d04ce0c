/** Cli: finds escapes in typed input, as ssh does: a tilde at the beginning of a line and one key. Pure. */

import { EscapeSequences } from './escape-sequences.ts'

/** Input for the PTY session, or an escape. */
export type KeyAction =
  | { readonly kind: 'input'; readonly bytes: Uint8Array }
  | { readonly kind: 'leave' | 'help' | 'end' | 'present' | 'pause' | 'send-paste' | 'drop-paste' }

/** The state that escapes depend on. */
export type KeyContext = {
  /** An observer types no lines, so every tilde begins an escape. */
  readonly isObserver: boolean
  /** Whether a paste waits for confirmation. Only then do `~y` and `~n` work, anywhere in a line. */
  readonly isPastePending: () => boolean
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number
}

type EscapeKind = Exclude<KeyAction['kind'], 'input'>
type EscapeTable = Readonly<Record<string, EscapeKind>>

const escapesOfAll: EscapeTable = { '.': 'leave', '?': 'help', e: 'end' }
/** Not for the implementor: `~p` and `~s` begin the home directories of other users. */
const escapesOfObservers: EscapeTable = { p: 'present', s: 'pause' }
const escapesOfPaste: EscapeTable = { y: 'send-paste', n: 'drop-paste' }

const tilde = 0x7e
const lineEnds: readonly number[] = [0x0a, 0x0d]

/**
 * The input of one terminal. Answers and function keys of the terminal are no text: they begin and end no line, hold no
 * escape, and an observer's are dropped. A tilde is held back until the next key; two tildes are one.
 */
export class EscapeKeys {
  readonly #context: KeyContext
  readonly #sequences = new EscapeSequences()
  #isLineStart = true
  #isTildePending = false

  constructor(context: KeyContext) {
    this.#context = context
  }

  /** Takes input in parts of any size, and yields its actions in order. The caller runs each before the next is read. */
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

  /** After an escape the line is still at its beginning, so that another escape may follow. */
  #read(byte: number): EscapeKind | readonly number[] {
    const wasTildePending = this.#isTildePending
    if (this.#sequences.includes(byte, this.#context.nowMs())) {
      if (this.#context.isObserver) return []
      this.#isTildePending = false
      return wasTildePending ? [tilde, byte] : [byte]
    }
    this.#isTildePending = !wasTildePending && byte === tilde && this.#mayEscape
    if (this.#isTildePending) return []
    const found = wasTildePending ? this.#escapeOf(String.fromCharCode(byte)) : undefined
    if (found !== undefined) return found
    this.#isLineStart = lineEnds.includes(byte)
    return wasTildePending && byte !== tilde ? [tilde, byte] : [byte]
  }

  get #mayEscape(): boolean {
    return this.#isLineStart || this.#context.isObserver || this.#context.isPastePending()
  }

  #escapeOf(key: string): EscapeKind | undefined {
    const { isObserver, isPastePending } = this.#context
    const tables = [
      escapesOfAll,
      ...(isObserver ? [escapesOfObservers] : []),
      ...(isPastePending() ? [escapesOfPaste] : []),
    ]
    return tables.find((table) => Object.hasOwn(table, key))?.[key]
  }
}

/** Returns the lines of `~?`. */
export function escapeHelp(isObserver: boolean): readonly string[] {
  return [
    'Escapes, at the beginning of a line:',
    '  ~.  leave; the PTY session goes on',
    '  ~e  end the PTY session for all participants',
    ...(isObserver ? ['  ~p  confirm that you are watching', '  ~s  pause the input, or let it continue'] : []),
    ...(isObserver ? [] : ['  ~y  send the blocked paste', '  ~n  drop it', '  ~~  a tilde']),
    '  ~?  this help',
  ]
}
