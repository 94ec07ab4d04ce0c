/** Terminals: decodes UTF-8 that comes in pieces. A character that was cut in two is joined; invalid bytes are reported. */
import { isUtf8 } from 'node:buffer'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Text, and whether it replaces invalid bytes. */
export type JoinedText = { readonly text: string; readonly isDamaged: boolean }

/** Decodes one stream. The text does not depend on how it was cut. */
export class Utf8Text {
  /** The start of a character whose end has not come. */
  #held: Buffer = Buffer.alloc(0)

  /** Returns the text of all whole characters; invalid bytes become U+FFFD. */
  push(bytes: Buffer): JoinedText {
    const joined = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    const whole = joined.subarray(0, joined.length - unfinishedBytes(joined))
    this.#held = Buffer.from(joined.subarray(whole.length))
    return { text: decoder.decode(whole), isDamaged: !isUtf8(whole) }
  }

  /** Returns the rest at the end of the stream. */
  end(): JoinedText {
    const isDamaged = this.#held.length > 0
    const text = decoder.decode(this.#held)
    this.#held = Buffer.alloc(0)
    return { text, isDamaged }
  }
}

/** Bytes at the end that start a character without ending it. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return lengthOf(byte) > back ? back : 0
  }
  return 0
}

/** Bytes of the character that starts with this byte (RFC 3629 section 4); 1: no character does. */
function lengthOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}
