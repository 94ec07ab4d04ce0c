/** Terminals: filters output for a user's terminal: only text and whole sequences from a list of harmless ones pass. */
import { harmlessCommand, harmlessSequence, isHarmlessControl, isHarmlessEscape } from './harmless-sequences.ts'
import { Utf8Text } from './utf8-text.ts'

/** A sequence whose text is longer is dropped. */
const longestSequence = 8 * 1024

const bellCode = 0x07
const cancelCode = 0x18
const substituteCode = 0x1a
const escapeCode = 0x1b

type State = 'ground' | 'escape' | 'sequence' | 'command' | 'string'

/** The string that the second character of an escape sequence starts; strings that are not commands are skipped. */
const openers: Readonly<Record<string, State>> = {
  '[': 'sequence',
  ']': 'command',
  P: 'string',
  X: 'string',
  '^': 'string',
  _: 'string',
}

/**
 * Filters one stream of terminal output; the result does not depend on how it is cut.
 *
 * Text passes. Bytes that are not UTF-8 become U+FFFD; C1 controls count as their escape sequences. Dropped are
 * sequences that write the clipboard, ask the terminal something, make it report, change its title, colours, size or
 * encoding, or link to anything but the web.
 *
 * @see ECMA-48 section 5; xterm, Control Sequences.
 */
export class HarmlessOutput {
  readonly #text = new Utf8Text()
  #state: State = 'ground'
  /** The sequence that has begun, without its introducer. */
  #gathered = ''
  #passed = ''

  /** Returns the output that may be shown and was not returned before. */
  push(bytes: Buffer): Buffer {
    this.#passed = ''
    for (const character of this.#text.push(bytes).text) this.#take(character)
    return Buffer.from(this.#passed)
  }

  #take(character: string): void {
    const code = character.codePointAt(0) ?? 0
    if (code === escapeCode || isC1(code)) {
      if (this.#state === 'command') this.#endCommand()
      this.#open('escape')
      if (isC1(code)) this.#takeEscape(String.fromCharCode(code - 0x40))
    } else if (code === cancelCode || code === substituteCode) this.#open('ground')
    else if (this.#state === 'ground') this.#takeText(character, code)
    else if (this.#state === 'escape') this.#takeEscape(character)
    else if (this.#state === 'sequence') this.#takeSequence(character)
    else if (this.#state === 'command') this.#takeCommand(character, code)
  }

  #takeText(character: string, code: number): void {
    if (code < 0x20) this.#execute(character)
    else if (code !== 0x7f) this.#passed += character
  }

  #takeEscape(character: string): void {
    if (character < ' ') this.#execute(character)
    else if (character < '0') this.#gather(character)
    else this.#endEscape(character, this.#gathered)
  }

  #endEscape(final: string, intermediates: string): void {
    const opened = intermediates === '' ? openers[final] : undefined
    this.#open(opened ?? 'ground')
    if (opened !== undefined) return
    if (final > '~') this.#take(final)
    else if (isHarmlessEscape(intermediates, final)) this.#passed += `\u001b${intermediates}${final}`
  }

  #takeSequence(character: string): void {
    if (character < ' ') this.#execute(character)
    else if (character < '@') this.#gather(character)
    else this.#endSequence(character, /^([?<=>]?)([0-9:;]*)([ -/]*)$/.exec(this.#gathered))
  }

  #endSequence(final: string, parts: RegExpExecArray | null): void {
    this.#open('ground')
    if (final > '~') this.#take(final)
    else if (parts !== null) {
      const [, prefix = '', parameters = '', intermediates = ''] = parts
      this.#passed += harmlessSequence({ prefix, parameters, intermediates, final })
    }
  }

  #takeCommand(character: string, code: number): void {
    if (code === bellCode) this.#endCommand()
    else if (code >= 0x20) this.#gather(character)
  }

  /** A control inside a sequence acts at once, as in a terminal. */
  #execute(character: string): void {
    if (isHarmlessControl(character)) this.#passed += character
  }

  #endCommand(): void {
    const command = this.#gathered
    this.#open('ground')
    this.#passed += harmlessCommand(command)
  }

  #open(state: State): void {
    this.#state = state
    this.#gathered = ''
  }

  #gather(character: string): void {
    if (this.#gathered.length < longestSequence) this.#gathered += character
    // No list has a sequence that continues like this.
    else this.#gathered = '\u0000'.repeat(longestSequence)
  }
}

/** A control of C1 is ESC and a letter as one character. */
function isC1(code: number): boolean {
  return code >= 0x80 && code <= 0x9f
}
