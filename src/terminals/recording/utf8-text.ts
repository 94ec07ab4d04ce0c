/** Terminals: turns bytes that come in pieces into text; a character that was cut in two is joined, what is no UTF-8 is told. */
import { isUtf8 } from 'node:buffer'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Text, and whether something in it stands for bytes that are no UTF-8. */
export type JoinedText = { readonly text: string; readonly isDamaged: boolean }

/** Joins the bytes of one stream. The text is that of the whole stream, however it was cut. */
export class Utf8Text {
  /** The beginning of a character whose end has not come. */
  #held: Buffer = Buffer.alloc(0)

  /** Returns the text of all characters that are whole by now; bytes that are no UTF-8 become U+FFFD. */
  push(bytes: Buffer): JoinedText {
    const joined = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    const whole = joined.subarray(0, joined.length - unfinishedBytes(joined))
    this.#held = Buffer.from(joined.subarray(whole.length))
    return { text: decoder.decode(whole), isDamaged: !isUtf8(whole) }
  }

  /** Returns what is left once no more bytes come. */
  end(): JoinedText {
    const isDamaged = this.#held.length > 0
    const text = decoder.decode(this.#held)
    this.#held = Buffer.alloc(0)
    return { text, isDamaged }
  }
}

/** Bytes at the end that a character begins with and does not end with. */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return lengthOf(byte) > back ? back : 0
  }
  return 0
}

/** Bytes of the character that begins with this byte (RFC 3629 section 4); 1 for one that begins none. */
function lengthOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}
