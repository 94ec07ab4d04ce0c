/** Cli: the verb `recording` lists, plays, exports, verifies and searches the recordings of terminals. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { ListedRecord, RecordingMatch, RecordingReport, Recordings } from '../main/recording-command.ts'
import { addStoreOptions, type Flags, loadConfig } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { type Columns, jsonOption, printJson, printLines, printList, printNotice, visible } from './output.ts'
import { newFile, standardOutput } from './raw-output.ts'
import { readChoice, readInteger, timeText } from './values.ts'
import { readStore } from './with-store.ts'

type RecordingFlags = Flags & {
  readonly json?: boolean
  readonly all?: boolean
  readonly speed?: string
  readonly idleLimit?: string
  readonly output?: string
  readonly format?: string
  readonly limit?: string
}

/** Lines of a search without `--limit`. */
const defaultLimit = 1_000

const idHelp = 'id of the PTY session'

/** Adds the verb. */
export function addRecordingVerb(program: Command): void {
  const recording = program.command('recording').description('Read and verify the recordings of terminals.')
  const list = recording
    .command('list')
    .description('List recordings, newest first.')
    .option(...jsonOption)
  addStoreOptions(list).action(listAll)
  const play = recording
    .command('play')
    .description('Play a recording to this terminal, without sequences that could act on the terminal itself.')
    .argument('<ID>', idHelp)
    .option('--speed <N>', 'Speed, 0.1 to 1000 times the original. (default 1)')
    .option('--idle-limit <S>', 'Longest pause, in seconds.')
  addStoreOptions(play).action(playOne)
  const exporting = recording
    .command('export')
    .description('Print a recording, or write it to a new file.')
    .argument('<ID>', idHelp)
    .option('--output <FILE>', 'File to create, readable by its owner alone. (default standard output)')
    .option('--format <F>', 'asciicast (version 3), asciicast-v2, or raw: the bytes of the output. (default asciicast)')
  addStoreOptions(exporting).action(exportOne)
  const verify = recording
    .command('verify')
    .description('Verify recordings with the public key; name the first fault of each, and missing ones.')
    .argument('[ID]', idHelp)
    .option('--all', 'Every recording that exists or should exist.')
    .option(...jsonOption)
  addStoreOptions(verify).action(verifySome)
  const search = recording
    .command('search')
    .description('Find lines that a screen showed and that hold a text, in upper or lower case.')
    .argument('<TEXT>', 'plain text')
    .argument('[ID...]', 'ids of PTY sessions (default all)')
    .option('--limit <number>', `Most lines. (default ${defaultLimit})`)
    .option(...jsonOption)
  addStoreOptions(search).action(searchSome)
  const keys = recording.command('keys').description('Print the public key that signs recordings, as PEM.')
  addStoreOptions(keys.option(...jsonOption)).action(printKey)
}

async function withRecordings(flags: Flags, work: (recordings: Recordings) => Promise<void>): Promise<void> {
  const { data } = await loadConfig(flags, process.env)
  await readStore(flags, async (command) => {
    const { Recordings } = await import('../main/recording-command.ts')
    await work(new Recordings(command, data))
  })
}

async function listAll(flags: RecordingFlags): Promise<void> {
  const columns: Columns<ListedRecord> = {
    ID: ({ ptySessionId }) => ptySessionId,
    STARTED: ({ head }) => timeText(head?.startedAtMs ?? null),
    SERVER: ({ head }) => head?.server ?? null,
    'OS USER': ({ head }) => head?.osUser ?? null,
    CHANGE: ({ head }) => head?.changeId ?? null,
    BY: ({ head }) => head?.startedBy ?? null,
    BYTES: ({ bytes }) => bytes,
    END: ({ isEnded }) => (isEnded ? 'ended' : 'none'),
    'KEPT UNTIL': ({ head }) => timeText(head?.keepUntilMs ?? null),
  }
  await withRecordings(flags, async (recordings) => {
    const rows = (await recordings.list()).reverse()
    await printList({ rows, columns, whenEmpty: 'There are no recordings.' }, flags, recordingJson)
  })
}

async function playOne(id: string, flags: RecordingFlags): Promise<void> {
  const speed = readNumber('--speed', flags.speed ?? '1', { from: 0.1, to: 1_000 })
  const idle = flags.idleLimit
  const idleLimitMs = idle === undefined ? null : readNumber('--idle-limit', idle, { from: 0, to: 86_400 }) * 1_000
  const stop = new AbortController()
  const { signal } = stop
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  const wait = async (ms: number): Promise<void> => {
    try {
      await sleep(ms, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  await withRecordings(flags, async (recordings) => {
    await recordings.play(id, { speed, idleLimitMs, write: standardOutput.write, wait, signal })
    await standardOutput.close()
  })
}

async function exportOne(id: string, flags: RecordingFlags): Promise<void> {
  const format = readChoice('--format', flags.format ?? 'asciicast', ['asciicast', 'asciicast-v2', 'raw'])
  const { output } = flags
  if (format === 'raw' && output === undefined && process.stdout.isTTY) {
    throw new UsageError('--format raw could act on this terminal: use --output, a pipe, or recording play.')
  }
  await withRecordings(flags, async (recordings) => {
    // Checked before a file is created.
    if (output !== undefined && !(await recordings.has(id))) {
      throw new CommandFailure(`There is no recording ${visible(id)}.`)
    }
    const target = output === undefined ? standardOutput : await newFile(output)
    try {
      await recordings.export(id, format, target.write)
    } finally {
      await target.close()
    }
    if (output !== undefined) await printLines([`Wrote the recording ${visible(id)} to ${visible(output)}.`])
  })
}

async function verifySome(id: string | undefined, flags: RecordingFlags): Promise<void> {
  if (id === undefined && flags.all !== true) throw new UsageError('ID or --all is needed.')
  if (id !== undefined && flags.all === true) throw new UsageError('ID and --all exclude each other.')
  const columns: Columns<RecordingReport> = {
    ID: ({ ptySessionId }) => ptySessionId,
    RESULT: ({ fault, isMissing }) => (isMissing ? 'missing' : fault === null ? 'ok' : 'broken'),
    SEGMENTS: ({ segments }) => segments,
    BYTES: ({ bytes }) => bytes,
    END: ({ end }) => end,
    NOTE: ({ fault, mark }) => fault ?? mark,
  }
  await withRecordings(flags, async (recordings) => {
    const rows = id === undefined ? await recordings.verifyAll() : [await recordings.verify(id)]
    await printList({ rows, columns, whenEmpty: 'There are no recordings.' }, flags, reportJson)
    const faults = rows.flatMap(({ ptySessionId, fault }) => (fault === null ? [] : [`${ptySessionId}: ${fault}`]))
    if (faults.length > 0) throw new CommandFailure(`${faults.join('; ')}.`)
  })
}

async function searchSome(text: string, ids: readonly string[], flags: RecordingFlags): Promise<void> {
  if (text === '') throw new UsageError('TEXT is empty.')
  const limit = readInteger('--limit', flags.limit ?? String(defaultLimit), { from: 1, to: 100_000 })
  const columns: Columns<RecordingMatch> = {
    ID: ({ ptySessionId }) => ptySessionId,
    TIME: ({ startedAtMs, atMs }) => timeText(startedAtMs === null ? null : startedAtMs + atMs),
    OFFSET: ({ atMs }) => offsetText(atMs),
    LINE: ({ line }) => line,
  }
  await withRecordings(flags, async (recordings) => {
    const wanted = ids.length > 0 ? ids : (await recordings.list()).map(({ ptySessionId }) => ptySessionId)
    const rows = await recordings.search(text, { ids: [...new Set(wanted)], limit })
    await printList({ rows, columns, whenEmpty: 'No screen showed the text long enough.' }, flags, matchJson)
    if (rows.length === limit) await printNotice(`Only the first ${limit} lines; see --limit.`)
  })
}

function printKey(flags: RecordingFlags): Promise<void> {
  return withRecordings(flags, async (recordings) => {
    const { keyId, publicKeyPem } = await recordings.key()
    if (flags.json === true) return printJson({ key_id: keyId, public_key: publicKeyPem })
    await printLines([publicKeyPem.trimEnd()])
  })
}

function readNumber(flag: string, text: string, range: { readonly from: number; readonly to: number }): number {
  const number = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (number >= range.from && number <= range.to) return number
  throw new UsageError(`${flag} takes a number from ${range.from} to ${range.to}.`)
}

/** Returns the time since the beginning in hours, minutes, seconds and milliseconds. */
function offsetText(atMs: number): string {
  const [seconds, hours] = [Math.floor(atMs / 1_000), Math.floor(atMs / 3_600_000)]
  const two = (value: number): string => String(value % 60).padStart(2, '0')
  return `${hours}:${two(Math.floor(seconds / 60))}:${two(seconds)}.${String(Math.floor(atMs) % 1_000).padStart(3, '0')}`
}

function recordingJson({ ptySessionId, bytes, head, isEnded }: ListedRecord): object {
  return {
    id: ptySessionId,
    bytes,
    is_ended: isEnded,
    started_at: timeText(head?.startedAtMs ?? null),
    server: head?.server ?? null,
    os_user: head?.osUser ?? null,
    purpose: head?.purpose ?? null,
    change_id: head?.changeId ?? null,
    started_by: head?.startedBy ?? null,
    input_is_recorded: head?.inputIsRecorded ?? null,
    kept_until: timeText(head?.keepUntilMs ?? null),
    key_id: head?.keyId ?? null,
  }
}

function reportJson(report: RecordingReport): object {
  const { ptySessionId, isMissing, segments, bytes, signedBytes, end, fault, mark } = report
  return {
    id: ptySessionId,
    is_whole: fault === null,
    is_missing: isMissing,
    segments,
    bytes,
    signed_bytes: signedBytes,
    end,
    fault,
    mark,
  }
}

function matchJson({ ptySessionId, startedAtMs, atMs, line }: RecordingMatch): object {
  const at = startedAtMs === null ? null : new Date(startedAtMs + atMs).toISOString()
  return { id: ptySessionId, at, at_ms: atMs, line }
}
