/** Terminals: reads the head of a recording. An incomplete head, or one with wrong types, is damage. */
import { type EntrySource, RecordDamage, readEntries } from './read-record.ts'
import { longestEntryBytes, type RawEntry, recordMagic } from './record-format.ts'
import type { RecordHead } from './recorder.ts'

const isText = (value: unknown): boolean => typeof value === 'string'
const isTextOrNull = (value: unknown): boolean => value === null || isText(value)
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const isMember: Readonly<Record<keyof RecordHead, (value: unknown) => boolean>> = {
  v: (value) => value === 1,
  ptySessionId: isText,
  startedAtMs: isCount,
  server: isText,
  address: isText,
  osUser: isText,
  purpose: (value) => value === 'change_request' || value === 'health_check',
  changeId: isTextOrNull,
  startedBy: isText,
  cols: isCount,
  rows: isCount,
  inputIsRecorded: (value) => typeof value === 'boolean',
  keepUntilMs: isCount,
  keyId: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
}

/** Returns the head of a recording. @throws RecordDamage if there is none. */
export async function readHead(file: EntrySource): Promise<RecordHead> {
  for await (const entry of readEntries(file, { from: 0, to: recordMagic.length + longestEntryBytes })) {
    return parseHead(entry)
  }
  throw new RecordDamage(0, 'The record ends before its head does.')
}

/** Returns the content of a head. @throws RecordDamage if the entry is no head. */
export function parseHead({ kind, payload }: Pick<RawEntry, 'kind' | 'payload'>): RecordHead {
  const head = kind === 'head' ? parseObject(payload) : null
  const isHead = head !== null && Object.entries(isMember).every(([name, isRight]) => isRight(head[name]))
  if (!isHead) throw new RecordDamage(recordMagic.length, 'The head of the record cannot be read.')
  return head as RecordHead
}

/** Returns the JSON object of a payload, or null. */
export function parseObject(payload: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
