/** Terminals: exports a recording as asciicast v3 or v2. One recording always gives the same bytes, and a longer version of it begins with them. */
import { type EntrySource, RecordDamage, readEntries } from './read-record.ts'
import type { RawEntry } from './record-format.ts'
import { parseHead, parseObject } from './record-head.ts'
import type { RecordHead } from './recorder.ts'
import { decodeSeal } from './seal.ts'
import { type JoinedText, Utf8Text } from './utf8-text.ts'

/** Characters that are gathered before they are yielded. */
const gatheredLength = 64 * 1024

/** The replacement for bytes that are not UTF-8. */
const damageLabel = 'bytes that are not UTF-8'

/**
 * Yields the export of a record as far as it goes; nothing if not even its head is whole.
 *
 * Version 2 is for players that know no other: its events count seconds since the beginning, and it has no `x`.
 *
 * Members of the header: the size, the start and a title. Events: `o` output, `i` input, `r` size, `m` notices and a
 * mark for bytes that are not UTF-8 (one mark for several such pieces in a row), `x` the exit status.
 *
 * @param range `length`: bytes of the file to look at.
 * @see asciicast v3 (asciinema), header and event stream; an interval is in seconds since the event before it.
 * @see asciicast v2 (asciinema), header and event stream.
 */
export async function* exportAsciicast(
  file: EntrySource,
  range: { readonly length: number; readonly version?: CastVersion },
): AsyncGenerator<Uint8Array> {
  const cast = new Cast(range.version ?? 3)
  let text = ''
  try {
    for await (const entry of readEntries(file, { from: 0, to: range.length })) {
      text += cast.linesOf(entry)
      if (text.length < gatheredLength) continue
      yield Buffer.from(text)
      text = ''
    }
  } catch (error) {
    // A crash can leave an incomplete entry at the end; everything before it counts.
    if (!(error instanceof RecordDamage)) throw error
  }
  if (text !== '') yield Buffer.from(text)
}

/** The versions that are written. */
export type CastVersion = 2 | 3

type Code = 'o' | 'i' | 'r' | 'm' | 'x'

class Cast {
  readonly #streams = {
    output: { code: 'o', text: new Utf8Text(), wasDamaged: false },
    input: { code: 'i', text: new Utf8Text(), wasDamaged: false },
  } as const satisfies Record<string, Stream>
  readonly #version: CastVersion
  #lastMs = 0

  constructor(version: CastVersion) {
    this.#version = version
  }

  linesOf(entry: RawEntry): string {
    const { kind, payload, atMs } = entry
    switch (kind) {
      case 'head':
        return `${json(headerOf(parseHead(entry), this.#version))}\n`
      case 'output':
      case 'input':
        return this.#textLines(this.#streams[kind], this.#streams[kind].text.push(payload), atMs)
      case 'size':
        return payload.length < 4 ? '' : this.#line('r', `${payload.readUInt16BE(0)}x${payload.readUInt16BE(2)}`, atMs)
      case 'event':
        return this.#eventLines(parseObject(payload), atMs)
      case 'seal':
        return decodeSeal(payload)?.isFinal === true ? this.#endLines(atMs) : ''
      case 'keyframe':
        return ''
    }
  }

  #textLines(stream: Stream, { text, isDamaged }: JoinedText, atMs: number): string {
    if (text === '') return ''
    const marker = isDamaged && !stream.wasDamaged ? this.#line('m', damageLabel, atMs) : ''
    stream.wasDamaged = isDamaged
    return marker + this.#line(stream.code, text, atMs)
  }

  /** A character that never ended is reported only if nothing can follow. */
  #endLines(atMs: number): string {
    return Object.values(this.#streams)
      .map((stream) => this.#textLines(stream, stream.text.end(), atMs))
      .join('')
  }

  #eventLines(event: Readonly<Record<string, unknown>> | null, atMs: number): string {
    if (event === null) return ''
    const { kind, exit_code: exitCode } = event
    const mark = this.#line('m', labelOf(event), atMs)
    // Below 0: a signal ended the program, so there is no exit status.
    const isStatus = this.#version === 3 && kind === 'end' && typeof exitCode === 'number' && exitCode >= 0
    return isStatus ? mark + this.#line('x', String(exitCode), atMs) : mark
  }

  #line(code: Code, data: string, atMs: number): string {
    const interval = Math.max(0, atMs - this.#lastMs)
    this.#lastMs += interval
    const toldMs = this.#version === 3 ? interval : this.#lastMs
    return `[${toldMs / 1000}, "${code}", ${json(data)}]\n`
  }
}

type Stream = { readonly code: 'o' | 'i'; readonly text: Utf8Text; wasDamaged: boolean }

function headerOf(head: RecordHead, version: CastVersion): object {
  const under = head.changeId === null ? 'health check' : `change ${head.changeId}`
  const size = version === 3 ? { term: { cols: head.cols, rows: head.rows } } : { width: head.cols, height: head.rows }
  return {
    version,
    ...size,
    timestamp: Math.floor(head.startedAtMs / 1000),
    title: `${head.osUser}@${head.server}, ${under}, started by ${head.startedBy}`,
  }
}

/** One line for users: the kind of event, who and why, and what was said or run. */
function labelOf(event: Readonly<Record<string, unknown>>): string {
  const { kind, username, role, why, what, reason, cause, outcome, sentence, text, line } = event
  const words = [kind, username, role, why, what, reason, cause, outcome].filter((word) => typeof word === 'string')
  const said = [sentence, text, line].filter((value) => typeof value === 'string')
  return [words.join(' '), ...said].filter((part) => part !== '').join(': ')
}

// JSON may contain these characters as they are, but printed they could act on a terminal.
const unprintable = /[\u007f-\u009f\u2028\u2029]/g

function json(value: unknown): string {
  return JSON.stringify(value).replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
