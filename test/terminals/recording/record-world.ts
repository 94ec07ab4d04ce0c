/** Recording tests: a folder, a key, a clock and timers of one's own; and a disk that does what the test says. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '../../../src/core/ports.ts'
import { readEntries } from '../../../src/terminals/recording/read-record.ts'
import type { RecordFile, RecordFiles } from '../../../src/terminals/recording/record-file.ts'
import type { RawEntry } from '../../../src/terminals/recording/record-format.ts'
import { type RecordVerifier, recordSigner, recordVerifier } from '../../../src/terminals/recording/record-key.ts'
import { recordPath } from '../../../src/terminals/recording/record-path.ts'
import type { RecordEvent, Recorder, RecordHead } from '../../../src/terminals/recording/recorder.ts'
import { type RecordReport, verifyRecord } from '../../../src/terminals/recording/verify-record.ts'
import { createRecorders, type Recorders } from '../../../src/terminals/recording/write-record.ts'
import type { Timers } from '../../../src/terminals/timers.ts'

/** A pair of keys. */
export type RecordKeys = {
  readonly signer: ReturnType<typeof recordSigner>
  readonly verifier: RecordVerifier
  readonly publicKeyPem: string
}

/** Makes a pair of keys. */
export function makeKeys(): RecordKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  return { signer: recordSigner(privateKey), verifier: recordVerifier(publicKeyPem), publicKeyPem }
}

/** The keys of most tests. */
export const keys: RecordKeys = makeKeys()

/** The PTY session of most tests. */
export const sessionId = '7d0c6a5e-3f7e-4a57-9a50-0f6f0d4f2a11'

/** When every record of a test begins, Unix milliseconds. */
export const startedAtMs: number = Date.UTC(2026, 0, 31, 18)

/** What a record is opened with, but for what a test changes. */
export function headWith(change: Partial<RecordHead> = {}): Omit<RecordHead, 'v' | 'keyId'> {
  return {
    ptySessionId: sessionId,
    startedAtMs,
    server: 'web-1',
    address: '10.0.0.5',
    osUser: 'deploy',
    purpose: 'change_request',
    changeId: 'CHG-1',
    startedBy: 'ada',
    cols: 80,
    rows: 24,
    inputIsRecorded: true,
    keepUntilMs: startedAtMs + 1_000,
    ...change,
  }
}

/** Time that passes only when the test says so, for a clock and its timers. */
export class ManualTime implements Clock, Timers {
  #nowMs = 5_000
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>()

  wallMs(): number {
    return startedAtMs + this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.#timers.size
  }

  pass(ms: number): void {
    this.#nowMs += ms
    for (const timer of this.#timers) {
      if (timer.atMs > this.#nowMs || !this.#timers.delete(timer)) continue
      timer.run()
    }
  }
}

/** A disk in memory; each operation waits for the test if the test asks for that. */
export class SlowDisk implements RecordFiles {
  readonly files: Map<string, Buffer> = new Map()
  /** Operations that were begun, in order. */
  readonly begun: string[] = []
  /** Operations that are under way. */
  readonly underWay: { readonly name: string; readonly finish: (error?: Error) => void }[] = []
  isClosed: boolean = false
  /** Whether operations of a kind wait to be finished. */
  isSlow: { readonly write: boolean; readonly sync: boolean } = { write: false, sync: false }
  /** Bytes that fit. */
  size: number = Number.POSITIVE_INFINITY

  async prepare(): Promise<void> {}

  async remove(path: string): Promise<void> {
    this.files.delete(path)
  }

  async create(path: string): Promise<RecordFile> {
    this.files.set(path, Buffer.alloc(0))
    const bytes = (): Buffer => this.files.get(path) ?? Buffer.alloc(0)
    return {
      write: async (parts) => {
        await this.#begin('write')
        const written = Buffer.concat([bytes(), ...parts])
        this.files.set(path, written.subarray(0, this.size))
        if (written.length > this.size) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      },
      sync: () => this.#begin('sync'),
      read: async (buffer, { offset, length, position }) => ({
        bytesRead: bytes().copy(buffer, offset, position, Math.min(bytes().length, position + length)),
      }),
      close: async () => {
        this.isClosed = true
      },
    }
  }

  #begin(name: 'write' | 'sync'): Promise<void> {
    this.begun.push(name)
    if (!this.isSlow[name]) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        this.underWay.splice(this.underWay.indexOf(operation), 1)
        error === undefined ? resolve() : reject(error)
      }
      const operation = { name, finish }
      this.underWay.push(operation)
    })
  }
}

/** What a test records with. */
export type RecordWorld = {
  readonly folder: string
  readonly time: ManualTime
  readonly recorders: Recorders
  /** The errors that were logged. */
  readonly errors: string[]
}

/** Returns a new empty folder, removed when the test ends. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-record-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes recorders over a folder of their own, or over a disk of the test. */
export function recordWorld(t: Pick<TestContext, 'after'>, disk?: SlowDisk): RecordWorld {
  const folder = join(temporaryFolder(t), 'recordings')
  const time = new ManualTime()
  const errors: string[] = []
  const log = { info: () => undefined, warn: () => undefined, error: (_: unknown, said: string) => errors.push(said) }
  const parts = { folder, sign: keys.signer, clock: time, timers: time, log }
  return { folder, time, recorders: createRecorders(disk === undefined ? parts : { ...parts, files: disk }), errors }
}

/** Returns the event of output that follows the output so far. */
export function outputAt(seq: number, text: string | Uint8Array): RecordEvent {
  return { kind: 'output', seq, bytes: Buffer.from(text) }
}

/** A recorder over a disk in memory, on which no write takes any time. */
export type MemoryRecord = {
  readonly recorder: Recorder
  readonly time: ManualTime
  readonly bytes: () => Buffer
}

/** Opens a record in memory. */
export async function memoryRecord(
  t: Pick<TestContext, 'after'>,
  change: Partial<RecordHead> = {},
): Promise<MemoryRecord> {
  const disk = new SlowDisk()
  const { recorders, time } = recordWorld(t, disk)
  const recorder = await recorders.open(headWith(change))
  return { recorder, time, bytes: () => disk.files.get(recorder.path) ?? Buffer.alloc(0) }
}

/** Records events, each at its time in milliseconds, and closes the record; returns its bytes. */
export async function recordEvents(
  t: Pick<TestContext, 'after'>,
  events: readonly (readonly [atMs: number, event: RecordEvent])[],
  change: Partial<RecordHead> = {},
): Promise<Buffer> {
  const { recorder, time, bytes } = await memoryRecord(t, change)
  let lastMs = 0
  for (const [atMs, event] of events) {
    time.pass(atMs - lastMs)
    lastMs = atMs
    await recorder.append([event])
  }
  await recorder.close()
  return bytes()
}

/** Records pieces of output, each at its time in milliseconds; returns the bytes of the closed record. */
export function recordOutput(
  t: Pick<TestContext, 'after'>,
  pieces: readonly (readonly [atMs: number, bytes: string | Uint8Array])[],
  change: Partial<RecordHead> = {},
): Promise<Buffer> {
  let seq = 0
  const events = pieces.map(([atMs, bytes]): [number, RecordEvent] => {
    const event = outputAt(seq, bytes)
    seq += Buffer.from(bytes).length
    return [atMs, event]
  })
  return recordEvents(t, events, change)
}

/** An opened file in memory. */
export function fileOf(bytes: Buffer): Pick<RecordFile, 'read'> {
  return {
    read: async (buffer, { offset, length, position }) => ({
      bytesRead: bytes.copy(buffer, offset, position, Math.min(bytes.length, position + length)),
    }),
  }
}

/** Verifies bytes as the record of the usual session, with the usual key. */
export function verifyBytes(
  bytes: Buffer,
  change: Partial<Parameters<typeof verifyRecord>[1]> = {},
): Promise<RecordReport> {
  return verifyRecord(fileOf(bytes), { ptySessionId: sessionId, length: bytes.length, key: keys.verifier, ...change })
}

/** Returns every entry of a record. */
export async function entriesOf(bytes: Buffer): Promise<(RawEntry & { readonly end: number })[]> {
  const entries = []
  for await (const entry of readEntries(fileOf(bytes), { from: 0, to: bytes.length })) entries.push(entry)
  return entries
}

/** Returns the file of the usual session as it is now. */
export function recordedBytes(world: RecordWorld): Buffer {
  return readFileSync(recordPath(world.folder, sessionId))
}

/** Joins the output of a record. */
export async function outputOf(bytes: Buffer): Promise<Buffer> {
  const entries = await entriesOf(bytes)
  return Buffer.concat(entries.filter(({ kind }) => kind === 'output').map(({ payload }) => payload))
}

/** Asserts that a recorder refuses to write, for a reason. */
export async function assertFailed(recorder: Recorder, message: RegExp): Promise<void> {
  await assert.rejects(recorder.append([]), message)
}
