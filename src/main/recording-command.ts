/** Main: the recordings for the command line. An audit event is stored before any part of a recording is shown. */
import type { FileHandle } from 'node:fs/promises'
import { auditEvent } from '../core/audit/act.ts'
import { Refusal } from '../core/errors.ts'
import type { PtySession } from '../core/terminals/server.ts'
import { exportAsciicast } from '../terminals/recording/asciicast.ts'
import { exportOutput } from '../terminals/recording/export-output.ts'
import { type PlaybackOptions, playRecord } from '../terminals/recording/play-record.ts'
import { type RecordVerifier, recordVerifier } from '../terminals/recording/record-key.ts'
import { recordsFolderOf } from '../terminals/recording/record-path.ts'
import { type ListedRecord, listRecords, withRecord } from '../terminals/recording/retention.ts'
import { type ScreenMatch, searchRecord } from '../terminals/recording/search-record.ts'
import { type RecordReport, verifyRecord } from '../terminals/recording/verify-record.ts'
import { type Absence, everyPtySession, explainAbsences, type IsProven } from './absent-recordings.ts'
import { provenEvents } from './audit-command.ts'
import { publicKeyOf } from './authority-keys.ts'
import type { StoreCommand } from './store-command.ts'

export type { ListedRecord }

/** The report of a verified recording. `end`: its recorder ended it, it still runs, or it has no end. */
export type RecordingReport = RecordReport & {
  readonly end: 'ended' | 'live' | 'none'
  /** Whether it should exist and does not. */
  readonly isMissing: boolean
}

/** A line of a search result. */
export type RecordingMatch = ScreenMatch & { readonly ptySessionId: string; readonly startedAtMs: number | null }

/** asciicast v3, asciicast v2, or the bytes of the output. */
export type ExportFormat = 'asciicast' | 'asciicast-v2' | 'raw'

/** End reasons after which a recording has no end of its own. */
const endsWithoutSeal: readonly (string | null)[] = ['node-lost', 'recorder-failed']

type Exporter = (file: FileHandle, range: { readonly length: number }) => AsyncIterable<Uint8Array>

const exporters: Readonly<Record<ExportFormat, Exporter>> = {
  asciicast: exportAsciicast,
  'asciicast-v2': (file, { length }) => exportAsciicast(file, { length, version: 2 }),
  raw: exportOutput,
}

/** The recordings of a data directory. */
export class Recordings {
  readonly #command: StoreCommand
  readonly #folder: string

  constructor(command: StoreCommand, dataDir: string) {
    this.#command = command
    this.#folder = recordsFolderOf(dataDir)
  }

  /** Returns all recordings, oldest first. */
  list(): Promise<ListedRecord[]> {
    return listRecords(this.#folder)
  }

  /** Returns whether a PTY session has a recording. */
  async has(id: string): Promise<boolean> {
    return (await withRecord(this.#folder, id, async () => true)) ?? false
  }

  /** Plays a recording to a terminal. @throws RECORDING_NOT_FOUND */
  async play(id: string, playing: Omit<PlaybackOptions, 'length'>): Promise<void> {
    await this.#read(id, async (file, length) => {
      await this.#audit([id], 'play')
      await playRecord(file, { ...playing, length })
    })
  }

  /** Passes the bytes of an export to `write`, in parts. @throws RECORDING_NOT_FOUND */
  async export(id: string, format: ExportFormat, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await this.#read(id, async (file, length) => {
      await this.#audit([id], 'export')
      for await (const bytes of exporters[format](file, { length })) await write(bytes)
    })
  }

  /**
   * Returns the lines with a text, in the order of time.
   *
   * @param wanted `ids`: the recordings, in this order; `limit`: most lines.
   * @throws RECORDING_NOT_FOUND when one of them does not exist.
   */
  async search(
    text: string,
    wanted: { readonly ids: readonly string[]; readonly limit: number },
  ): Promise<RecordingMatch[]> {
    const { ids, limit } = wanted
    for (const id of ids) await this.#read(id, async () => undefined)
    await this.#audit(ids, 'search')
    const found: RecordingMatch[] = []
    const records = new Map((await this.list()).map((record) => [record.ptySessionId, record]))
    for (const id of ids) {
      const startedAtMs = records.get(id)?.head?.startedAtMs ?? null
      const room = limit - found.length
      const matches = await this.#read(id, (file, length) => matchesIn(file, { text, length, limit: room }))
      matches.sort((one, other) => one.atMs - other.atMs)
      found.push(...matches.map((match) => ({ ...match, ptySessionId: id, startedAtMs })))
    }
    return found
  }

  /**
   * Verifies a recording with the public key. A missing recording is a fault.
   *
   * @throws RECORDING_NOT_FOUND when there is no recording, and none should exist.
   */
  async verify(id: string): Promise<RecordingReport> {
    const nowMs = this.#command.storeAccess.ports.clock.wallMs()
    // Read before the file: the file of a closed session already has its end.
    const ptySession = await this.#command.reads.ptySessionById(id)
    const report = await this.#verify(id, ptySession)
    if (report !== null) return report
    if (ptySession === null) throw notFound(id)
    const [absence] = await this.#explain([ptySession], nowMs)
    if (absence?.kind === 'missing') return reportMissing(absence)
    throw notFound(id, absence)
  }

  /** Verifies all recordings, oldest first, and then reports the missing ones, oldest first. */
  async verifyAll(): Promise<RecordingReport[]> {
    const reports: RecordingReport[] = []
    for (const { ptySessionId } of await this.list()) {
      const report = await this.#verify(ptySessionId, await this.#command.reads.ptySessionById(ptySessionId))
      // A recording that was removed in the meantime is checked among the absent ones.
      if (report !== null) reports.push(report)
    }
    return [...reports, ...(await this.#missing())]
  }

  /** Returns the public key. @throws RECORDING_NOT_FOUND before the first recording. */
  async key(): Promise<{ readonly keyId: string; readonly publicKeyPem: string }> {
    const { verifier, publicKeyPem } = await this.#key()
    return { keyId: verifier.keyId, publicKeyPem }
  }

  async #verify(id: string, ptySession: PtySession | null): Promise<RecordingReport | null> {
    const report = await withRecord(this.#folder, id, async (file) => {
      const { verifier } = await this.#key()
      return verifyRecord(file, { ptySessionId: id, length: (await file.stat()).size, key: verifier })
    })
    return report === null ? null : { ...judgeEnd(report, ptySession), isMissing: false }
  }

  async #missing(): Promise<RecordingReport[]> {
    const nowMs = this.#command.storeAccess.ports.clock.wallMs()
    const absent: PtySession[] = []
    for await (const page of everyPtySession(this.#command.reads)) {
      for (const ptySession of page) if (!(await this.has(ptySession.id))) absent.push(ptySession)
    }
    const absences = await this.#explain(absent.reverse(), nowMs)
    return absences.flatMap((absence) => (absence.kind === 'missing' ? [reportMissing(absence)] : []))
  }

  #explain(absent: readonly PtySession[], nowMs: number): Promise<readonly Absence[]> {
    const { settings } = this.#command.storeAccess.ports
    const proveTrail = (): Promise<IsProven> => provenEvents(this.#command.storeAccess, 'server')
    return explainAbsences({ store: this.#command.reads, settings }, absent, { nowMs, proveTrail })
  }

  async #key(): Promise<{ readonly verifier: RecordVerifier; readonly publicKeyPem: string }> {
    const publicKeyPem = await publicKeyOf(this.#command.storeAccess.ports, 'recording')
    if (publicKeyPem === null) {
      throw new Refusal('RECORDING_NOT_FOUND', { message: 'There is no key of recordings: nothing was recorded yet.' })
    }
    return { verifier: recordVerifier(publicKeyPem), publicKeyPem }
  }

  async #read<Result>(id: string, work: (file: FileHandle, length: number) => Promise<Result>): Promise<Result> {
    const done = await withRecord(this.#folder, id, async (file) => ({
      result: await work(file, (await file.stat()).size),
    }))
    if (done === null) throw notFound(id)
    return done.result
  }

  async #audit(ids: readonly string[], as: 'play' | 'export' | 'search'): Promise<void> {
    const { storeAccess, request } = this.#command
    const who = { account: null, atMs: storeAccess.ports.clock.wallMs() }
    const events = ids.map((id) =>
      auditEvent(request, who, { action: 'recording-read', subject: `pty_session:${id}`, detail: { as } }),
    )
    if (events.length > 0) await storeAccess.ports.store.execute('appendAudit', { events })
  }
}

async function matchesIn(
  file: FileHandle,
  { text, length, limit }: { readonly text: string; readonly length: number; readonly limit: number },
): Promise<ScreenMatch[]> {
  const matches: ScreenMatch[] = []
  if (limit <= 0) return matches
  for await (const match of searchRecord(file, { text, length })) {
    matches.push(match)
    if (matches.length >= limit) break
  }
  return matches
}

/** A recorder signs the end before the session is closed in the store. So a closed session without an end has lost it. */
function judgeEnd(report: RecordReport, ptySession: PtySession | null): Omit<RecordingReport, 'isMissing'> {
  if (report.isFinal) return { ...report, end: 'ended' }
  if (ptySession === null) return { ...report, end: 'none' }
  const { state, endReason } = ptySession
  if (state !== 'closed') return { ...report, mark: null, end: 'live' }
  if (report.fault !== null || endsWithoutSeal.includes(endReason)) return { ...report, end: 'none' }
  const after = report.segments === 0 ? 'its beginning' : `segment ${report.segments}`
  const fault = `it has no end after ${after}, although its session ended (${endReason}): the end was removed, or could not be written`
  return { ...report, fault, mark: null, end: 'none' }
}

function reportMissing({ ptySession, keptUntilMs }: Extract<Absence, { kind: 'missing' }>): RecordingReport {
  const { id, endReason } = ptySession
  const keeping =
    keptUntilMs === null
      ? 'it should be kept, for an unknown time, because its server or its change request was removed'
      : `it should be kept until ${timeText(keptUntilMs)}`
  const doubt =
    endReason === 'node-lost' ? ' (it never existed if its node was lost while the terminal was opening)' : ''
  const fault = `the record of this PTY session is missing: ${keeping}${doubt}`
  const none = { segments: 0, bytes: 0, signedBytes: 0, isFinal: false }
  return { ...none, ptySessionId: id, isMissing: true, end: 'none', fault, mark: null }
}

function notFound(id: string, absence?: Absence): Refusal {
  return new Refusal('RECORDING_NOT_FOUND', { message: `There is no recording ${id}${reasonFor(absence)}.` })
}

function reasonFor(absence: Absence | undefined): string {
  switch (absence?.kind) {
    case 'removed':
      return ` any more: it was removed at ${timeText(absence.atMs)}, after its retention`
    case 'over':
      return ` any more: it was kept until ${timeText(absence.keptUntilMs)}`
    case 'never-recorded':
      return ': its PTY session ended before the recording began'
    case 'opening':
      return ' yet: its PTY session is opening'
    default:
      return ''
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
