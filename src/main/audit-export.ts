/** Main: exports the audit trail as lines of JSON, and verifies such a file without a store. */
import { type FileHandle, open } from 'node:fs/promises'
import type { AuditHead, ChainedEvent, KeptHead } from '../core/audit/event.ts'
import type { AuditSeal } from '../core/audit/seal.ts'
import { type TrailKey, type TrailReport, type TrailSource, verifyTrail } from '../core/audit/verify-trail.ts'
import { Refusal } from '../core/errors.ts'
import type { Reads } from '../core/store.ts'
import { createDigests } from '../platform/digests.ts'

/** Events and seals per read. */
const pageLength = 1_000

/** Bytes per read of a file. */
const chunkBytes = 256 * 1024

/** Most characters of a line; an event has a few kilobytes. */
const longestLine = 1024 * 1024

/**
 * Returns the lines of an export: the seals, the heads, then every event with its exact text. The seals are read first, so
 * that every seal names only exported events.
 */
export async function* exportLines(
  reads: Pick<Reads, 'auditEvents' | 'auditHeads' | 'auditSeals'>,
): AsyncGenerator<object> {
  for (let after = 0; ; ) {
    const seals = await reads.auditSeals({ afterSeq: after, limit: pageLength })
    for (const seal of seals) yield { seal }
    if (seals.length === 0) break
    after = seals.at(-1)?.seq ?? after
  }
  const heads = await reads.auditHeads()
  for (const { chain, seq, hash } of heads) yield { head: { chain, seq, hash } }
  for (const { chain, seq: last } of heads) {
    for (let after = 0; after < last; ) {
      const events = await reads.auditEvents(chain, { afterSeq: after, limit: Math.min(pageLength, last - after) })
      if (events.length === 0) break
      for (const { seq, hash, text } of events) yield { chain, seq, hash, text }
      after = events.at(-1)?.seq ?? last
    }
  }
}

/**
 * Verifies an export with a public key. It cannot verify who wrote the newest events, which no seal covers yet: that needs
 * the master key.
 *
 * @throws INPUT_INVALID when the file cannot be read, or a line is no line of an export.
 */
export async function proveExport(
  path: string,
  { seen, key }: { readonly seen: readonly AuditHead[]; readonly key: TrailKey },
): Promise<TrailReport> {
  const file = await open(path).catch((cause: unknown) => {
    throw new Refusal('INPUT_INVALID', { message: `The file ${path} cannot be read.`, cause })
  })
  try {
    const store = await sourceOf(file)
    // No keyed digest is used.
    const digests = createDigests(new Uint8Array(32))
    return await verifyTrail({ digests, store, isOwnHead: null }, { key, seen })
  } finally {
    await file.close()
  }
}

type Line = { readonly offset: number; readonly text: string }

type ExportLine = { readonly seal: AuditSeal } | { readonly head: AuditHead } | ChainedEvent

/** Keeps seals and heads in memory, and the offset of every hundredth event. */
async function sourceOf(file: FileHandle): Promise<TrailSource> {
  const seals: AuditSeal[] = []
  const heads: KeptHead[] = []
  const places = new Map<string, { readonly seq: number; readonly offset: number }[]>()
  let number = 0
  for await (const { offset, text } of linesOf(file, 0)) {
    number += 1
    const line = parseLine(text, number)
    if ('seal' in line) seals.push(line.seal)
    else if ('head' in line) heads.push({ ...line.head, mark: null })
    else {
      const known = places.get(line.chain) ?? []
      if (known.length === 0 || number % 100 === 0) known.push({ seq: line.seq, offset })
      places.set(line.chain, known)
    }
  }
  return {
    auditSeals: async ({ afterSeq, limit }) => seals.filter(({ seq }) => seq > afterSeq).slice(0, limit),
    auditHeads: async () => heads,
    auditEvents: async (chain, { afterSeq, limit }) => {
      const from = places.get(chain)?.findLast(({ seq }, index) => seq <= afterSeq + 1 || index === 0)
      const found: ChainedEvent[] = []
      if (from === undefined) return found
      for await (const { text } of linesOf(file, from.offset)) {
        const line = parseLine(text, 0)
        if (!('chain' in line) || line.chain !== chain) break
        if (line.seq > afterSeq) found.push(line)
        if (found.length === limit) break
      }
      return found
    },
  }
}

function parseLine(text: string, number: number): ExportLine {
  try {
    const line = JSON.parse(text) as ExportLine
    const isNumbered = (value: unknown): boolean =>
      typeof value === 'object' && value !== null && 'seq' in value && Number.isSafeInteger(value.seq)
    if (isNumbered('seal' in line ? line.seal : 'head' in line ? line.head : line)) return line
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw new Refusal('INPUT_INVALID', { message: `Line ${number} of the file is no line of an export.` })
}

async function* linesOf(file: FileHandle, from: number): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0)
  let offset = from
  for (let position = from; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position)
    if (bytesRead === 0) break
    position += bytesRead
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      yield { offset, text: rest.subarray(0, end).toString() }
      rest = rest.subarray(end + 1)
      offset += end + 1
    }
    if (rest.length > longestLine) throw new Refusal('INPUT_INVALID', { message: 'A line of the file is too long.' })
  }
  if (rest.length > 0) yield { offset, text: rest.toString() }
}
