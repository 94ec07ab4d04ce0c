/** Cli tests: the verb `recording`, on recordings of a real recorder. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { loadAuthorityKey } from '../../src/main/authority-keys.ts'
import { openCommand, type StoreCommand } from '../../src/main/store-command.ts'
import { terminalReset } from '../../src/terminals/recording/play-record.ts'
import { recordSigner } from '../../src/terminals/recording/record-key.ts'
import { recordPath, recordsFolderOf } from '../../src/terminals/recording/record-path.ts'
import { createRecorders } from '../../src/terminals/recording/write-record.ts'
import { systemTimers } from '../../src/terminals/timers.ts'
import { attach, signedIn, startedBy } from '../contracts/store/pty-harness.ts'
import { auditOf, startMs } from '../fixtures/records.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'
import { launcher, plainEnvironment, sallyport } from './sallyport-process.ts'

const esc = '\u001b'
const output = `$ ls\r\n${esc}[31mred${esc}[0m ${esc}]52;c;ZXZpbA==\u0007caf\u00e9\r\n`
const startedAtMs = Date.UTC(2026, 0, 31, 18)

/** A data directory whose store is open beside the verbs. */
type Data = { readonly data: string; readonly folder: string; readonly command: StoreCommand }

async function openData(t: TestContext): Promise<Data> {
  const data = join(temporaryFolder(t), 'data')
  const config = readConfig({ flags: {}, env: {}, file: { data } })
  const command = await openCommand({ config, env: {}, words: [], mayCreate: true })
  atEnd(t, () => command.close())
  return { data, folder: recordsFolderOf(data), command }
}

/** Records one PTY session and returns its id. */
async function record(
  { folder, command }: Data,
  how: { readonly id?: string; readonly text?: string; readonly pauseMs?: number; readonly laterMs?: number } = {},
): Promise<string> {
  const { ports } = command.storeAccess
  const { privateKey } = await loadAuthorityKey(ports, 'recording')
  let nowMs = 0
  const clock = { wallMs: () => startedAtMs, monotonicMs: () => nowMs }
  const { log } = ports
  const recorders = createRecorders({ folder, sign: recordSigner(privateKey), clock, timers: systemTimers, log })
  const id = how.id ?? randomUUID()
  const recorder = await recorders.open({
    ptySessionId: id,
    startedAtMs: startedAtMs + (how.laterMs ?? 0),
    server: 'web-1',
    address: '10.0.0.5',
    osUser: 'deploy',
    purpose: 'change_request',
    changeId: 'CHG-1',
    startedBy: 'ada\u202e',
    cols: 80,
    rows: 24,
    inputIsRecorded: false,
    keepUntilMs: startedAtMs + 86_400_000,
  })
  const bytes = Buffer.from(how.text ?? output)
  await recorder.append([{ kind: 'output', seq: 0, bytes }])
  nowMs += how.pauseMs ?? 0
  await recorder.append([{ kind: 'output', seq: bytes.length, bytes: Buffer.from('$ ') }])
  await recorder.close()
  return id
}

/** Returns the audit events about reads, oldest first. */
async function readings({ command }: Data): Promise<string[]> {
  const events = await command.reads.auditEvents('command', { afterSeq: 0, limit: 100 })
  return events
    .map(({ text }) => JSON.parse(text) as { action: string; subject: string; detail?: { as?: string } })
    .filter(({ action }) => action === 'recording-read')
    .map(({ subject, detail }) => `${subject} ${detail?.as}`)
}

describe('recordings', { concurrency: 2 }, () => {
  test('CLI-40 recordings are listed with the facts of their heads, the newest first, in visible characters only', async (t) => {
    const data = await openData(t)
    assert.deepEqual(await sallyport(['recording', 'list'], data), {
      code: 0,
      stdout: '',
      stderr: 'There are no recordings.\n',
    })
    const id = await record(data)
    const bytes = statSync(recordPath(data.folder, id)).size
    const { code, stdout } = await sallyport(['recording', 'list'], data)
    assert.deepEqual(
      [code, stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' '))],
      [
        0,
        [
          'ID STARTED SERVER OS USER CHANGE BY BYTES END KEPT UNTIL',
          `${id} 2026-01-31T18:00:00Z web-1 deploy CHG-1 ada\\u202e ${bytes} ended 2026-02-01T18:00:00Z`,
          '',
        ],
      ],
    )
    const listed = await sallyport(['recording', 'list', '--json'], data)
    assert.deepEqual(
      (JSON.parse(listed.stdout) as { id: string; is_ended: boolean }[]).map((row) => [row.id, row.is_ended]),
      [[id, true]],
    )
    const [later, earlier] = [await record(data, { laterMs: 60_000 }), await record(data, { laterMs: -60_000 })]
    const all = JSON.parse((await sallyport(['recording', 'list', '--json'], data)).stdout) as { id: string }[]
    assert.deepEqual(
      all.map((row) => row.id),
      [later, id, earlier],
    )
    assert.deepEqual(await readings(data), [])
  })

  test('CLI-41 a recording is played without anything that could act on the terminal, with an audit event', async (t) => {
    const data = await openData(t)
    const id = await record(data)
    const { code, stdout, stderr } = await sallyport(['recording', 'play', id, '--speed', '1000'], data)
    assert.deepEqual([code, stderr], [0, ''])
    assert.ok(stdout.startsWith(`$ ls\r\n${esc}[31mred${esc}[0m caf\u00e9\r\n$ `), JSON.stringify(stdout))
    assert.deepEqual(await readings(data), [`pty_session:${id} play`])
  })

  test('CLI-41 a play that is interrupted in a long pause ends at once, and leaves the terminal as it was', async (t) => {
    const data = await openData(t)
    const id = await record(data, { text: 'before the pause', pauseMs: 3_600_000 })
    const child = spawn(launcher, ['recording', 'play', id], { env: plainEnvironment(data.data), cwd: '/' })
    t.after(() => child.kill('SIGKILL'))
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      shown += part
    })
    const closed = once(child, 'close')
    while (!shown.includes('before the pause')) await Promise.race([once(child.stdout, 'data'), closed])
    child.kill('SIGINT')
    const [code] = (await closed) as [number | null]
    assert.deepEqual([code, shown], [0, `before the pause${terminalReset}`])
  })

  test('CLI-42 a recording is exported as asciicast or as its exact bytes, to a file that only its owner can read, with an audit event', async (t) => {
    const data = await openData(t)
    const id = await record(data)
    const cast = await sallyport(['recording', 'export', id], data)
    const [header = '', event = ''] = cast.stdout.split('\n')
    assert.deepEqual(
      [cast.code, (JSON.parse(header) as { version: number }).version, (JSON.parse(event) as unknown[]).slice(1)],
      [0, 3, ['o', output]],
    )
    const old = await sallyport(['recording', 'export', id, '--format', 'asciicast-v2'], data)
    const { version, width, height } = JSON.parse(old.stdout.split('\n')[0] ?? '') as Record<string, number>
    assert.deepEqual([old.code, version, width, height], [0, 2, 80, 24])
    const file = join(data.data, 'out.bin')
    const words = ['recording', 'export', id, '--format', 'raw', '--output', file]
    assert.deepEqual(await sallyport(words, data), {
      code: 0,
      stdout: `Wrote the recording ${id} to ${file}.\n`,
      stderr: '',
    })
    assert.deepEqual([readFileSync(file, 'utf8'), statSync(file).mode & 0o777], [`${output}$ `, 0o600])
    assert.deepEqual(await sallyport(words, data), {
      code: 1,
      stdout: '',
      stderr: `sallyport: ${file} exists already; choose another file.\n`,
    })
    assert.deepEqual(await readings(data), Array(3).fill(`pty_session:${id} export`))
  })

  test('CLI-43 a whole recording is ok, and a changed one is named with its first fault and ends the verb with 1', async (t) => {
    const data = await openData(t)
    const ids = [await record(data), await record(data)].sort()
    const [whole = '', changed = ''] = ids
    const path = recordPath(data.folder, changed)
    const bytes = readFileSync(path)
    const one = await sallyport(['recording', 'verify', changed], data)
    assert.deepEqual(
      [one.code, one.stdout.replace(/ {2,}/g, ' ')],
      [0, `ID RESULT SEGMENTS BYTES END NOTE\n${changed} ok 1 ${bytes.length} ended -\n`],
    )
    bytes[bytes.indexOf('red')] = 0x52
    writeFileSync(path, bytes)
    const { code, stdout, stderr } = await sallyport(['recording', 'verify', '--all', '--json'], data)
    const fault = `segment 1 (bytes 0..${bytes.length}): hash does not match`
    const reports = JSON.parse(stdout) as { id: string; is_whole: boolean; end: string; fault: string | null }[]
    assert.deepEqual(
      [code, stderr, reports.map(({ id, is_whole, fault }) => [id, is_whole, fault]).sort()],
      [
        1,
        `sallyport: ${changed}: ${fault}.\n`,
        [
          [whole, true, null],
          [changed, false, fault],
        ].sort(),
      ],
    )
    assert.deepEqual(await readings(data), [])
  })

  test('CLI-44 a recording without an end is marked after a crash and while it is written, and broken if its session ended', async (t) => {
    const data = await openData(t)
    const { store } = data.command.storeAccess
    const caller = await signedIn(store)
    const verdicts: Record<string, unknown> = {}
    for (const reason of ['live', 'node-lost', 'shell-exit'] as const) {
      const { ptySession, token } = await startedBy(store, caller)
      await attach(store, token)
      const id = await record(data, { id: ptySession.id })
      const path = recordPath(data.folder, id)
      truncateSync(path, statSync(path).size - 10)
      const audit = auditOf('pty-end')
      if (reason !== 'live')
        await store.execute('closePtySession', { id, reason, exitCode: null, nowMs: startMs, audit })
      const { code, stdout } = await sallyport(['recording', 'verify', id, '--json'], data)
      const [report] = JSON.parse(stdout) as { end: string; fault: string | null; mark: string | null }[]
      verdicts[reason] = [code, report?.end, report?.fault ?? null, report?.mark?.replace(/^\d+/, 'N') ?? null]
    }
    assert.deepEqual(verdicts, {
      live: [0, 'live', null, null],
      'node-lost': [
        0,
        'none',
        null,
        'N bytes after the last seal are not signed (the recorder stopped without an end)',
      ],
      'shell-exit': [
        1,
        'none',
        'it has no end after its beginning, although its session ended (shell-exit): the end was removed, or could not be written',
        null,
      ],
    })
  })

  test('REC-22, CLI-43 a missing recording is named beside the others, in both formats, and ends the verb with 1', async (t) => {
    const data = await openData(t)
    const { store } = data.command.storeAccess
    const { ptySession, token } = await startedBy(store, await signedIn(store))
    await attach(store, token)
    const id = await record(data, { id: ptySession.id })
    const end = { id, reason: 'shell-exit', exitCode: 0, nowMs: startMs, audit: auditOf('pty-end') } as const
    await store.execute('closePtySession', end)
    const kept = await record(data)
    const { size } = statSync(recordPath(data.folder, kept))
    rmSync(recordPath(data.folder, id))
    const fault =
      'the record of this PTY session is missing: it should be kept, for an unknown time, because its server or its change request was removed'
    const stderr = `sallyport: ${id}: ${fault}.\n`
    const all = await sallyport(['recording', 'verify', '--all'], data)
    assert.deepEqual(
      { ...all, stdout: all.stdout.replace(/ {2,}/g, ' ') },
      {
        code: 1,
        stdout: `ID RESULT SEGMENTS BYTES END NOTE\n${kept} ok 1 ${size} ended -\n${id} missing 0 0 none ${fault}\n`,
        stderr,
      },
    )
    const one = await sallyport(['recording', 'verify', id, '--json'], data)
    const report = { id, is_whole: false, is_missing: true, segments: 0, bytes: 0, signed_bytes: 0 }
    assert.deepEqual(
      { ...one, stdout: JSON.parse(one.stdout) },
      { code: 1, stdout: [{ ...report, end: 'none', fault, mark: null }], stderr },
    )
  })

  test('CLI-45 lines of screens are found in all recordings or in the given ones, with an audit event', async (t) => {
    const data = await openData(t)
    const [one, other] = [await record(data), await record(data, { text: 'nothing here\r\n' })]
    const { code, stdout } = await sallyport(['recording', 'search', 'RED CAF\u00c9'], data)
    assert.deepEqual(
      [code, stdout.replace(/ {2,}/g, ' ')],
      [0, `ID TIME OFFSET LINE\n${one} 2026-01-31T18:00:00Z 0:00:00.000 red caf\u00e9\n`],
    )
    assert.deepEqual((await readings(data)).sort(), [`pty_session:${one} search`, `pty_session:${other} search`].sort())
    const none = await sallyport(['recording', 'search', 'red', other, '--json'], data)
    assert.deepEqual([none.code, none.stdout], [0, '[]\n'])
    assert.equal((await readings(data)).at(-1), `pty_session:${other} search`)
  })

  test('CLI-46 the public key of recordings is printed as PEM, or a sentence says that there is none', async (t) => {
    const data = await openData(t)
    assert.deepEqual(await sallyport(['recording', 'keys'], data), {
      code: 1,
      stdout: '',
      stderr: 'sallyport: There is no key of recordings: nothing was recorded yet.\n',
    })
    await record(data)
    const { publicKey } = await loadAuthorityKey(data.command.storeAccess.ports, 'recording')
    assert.equal((await sallyport(['recording', 'keys'], data)).stdout.trimEnd(), publicKey.trimEnd())
  })

  test('CLI-2, CLI-47 a missing recording and wrong usage have a sentence and no audit event', async (t) => {
    const data = await openData(t)
    await record(data)
    const unknown = randomUUID()
    const refusals: Readonly<Record<string, readonly [code: number, sentence: string]>> = {
      [`play ${unknown}`]: [1, `There is no recording ${unknown}.`],
      'play ../../etc/passwd': [1, 'There is no recording ../../etc/passwd.'],
      [`export ${unknown} --output ${join(data.data, 'none')}`]: [1, `There is no recording ${unknown}.`],
      [`search x ${unknown}`]: [1, `There is no recording ${unknown}.`],
      [`verify ${unknown}`]: [1, `There is no recording ${unknown}.`],
      verify: [2, 'ID or --all is needed.'],
      [`verify ${unknown} --all`]: [2, 'ID and --all exclude each other.'],
      [`play ${unknown} --speed 0`]: [2, '--speed takes a number from 0.1 to 1000.'],
      [`play ${unknown} --idle-limit x`]: [2, '--idle-limit takes a number from 0 to 86400.'],
      [`export ${unknown} --format gif`]: [2, '--format takes asciicast, asciicast-v2 or raw.'],
    }
    for (const [words, [code, sentence]] of Object.entries(refusals)) {
      const outcome = await sallyport(['recording', ...words.split(' ')], data)
      assert.deepEqual(outcome, { code, stdout: '', stderr: `sallyport: ${sentence}\n` }, words)
    }
    assert.throws(() => statSync(join(data.data, 'none')), { code: 'ENOENT' })
    assert.deepEqual(await readings(data), [])
  })
})
