/** Recording: the export as asciicast v2, of records that a recorder and a gateway wrote. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportAsciicast } from '../../../src/terminals/recording/asciicast.ts'
import { terminalWorld } from '../../fixtures/terminal-world.ts'
import { fileOf, outputAt, recordEvents, startedAtMs } from './record-world.ts'

type CastEvent = readonly [seconds: number, code: string, data: string]

/** Reads an export as version 2 describes it, and fails on any deviation. */
function parseVersion2(text: string): { header: Record<string, unknown>; events: CastEvent[] } {
  assert.ok(text.endsWith('\n'))
  const [first = '', ...rest] = text.slice(0, -1).split('\n')
  const header = JSON.parse(first) as Record<string, unknown>
  assert.equal(header.version, 2)
  for (const name of ['width', 'height', 'timestamp']) assert.ok(Number.isInteger(header[name]), name)
  let before = 0
  const events = rest.map((line) => {
    const event = JSON.parse(line) as [unknown, unknown, unknown]
    const [seconds, code, data] = event
    assert.equal(event.length, 3)
    assert.ok(typeof seconds === 'number' && seconds >= before, line)
    assert.ok(typeof code === 'string' && /^[oirm]$/.test(code), line)
    assert.ok(typeof data === 'string')
    if (code === 'r') assert.match(data, /^\d+x\d+$/)
    before = seconds
    return [seconds, code, data] as const
  })
  return { header, events }
}

/** The entries of version 3, as version 2 has them. */
function fromVersion3(text: string): { header: Record<string, unknown>; events: CastEvent[] } {
  const [first = '', ...rest] = text.slice(0, -1).split('\n')
  const { term, ...header } = JSON.parse(first) as { term: { cols: number; rows: number } } & Record<string, unknown>
  let milliseconds = 0
  const events = rest.map((line) => {
    const [interval, code, data] = JSON.parse(line) as CastEvent
    milliseconds += Math.round(interval * 1000)
    return [milliseconds / 1000, code, data] as const
  })
  return {
    header: { ...header, version: 2, width: term.cols, height: term.rows },
    events: events.filter(([, code]) => code !== 'x'),
  }
}

async function exported(bytes: Buffer, version: 2 | 3): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of exportAsciicast(fileOf(bytes), { length: bytes.length, version })) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

test('REC-25 asciicast v2 has the size in its header, the seconds since the beginning, and no exit status', async (t) => {
  const ended = { kind: 'end', reason: 'shell-exit', sentence: 'The shell has ended.', by: null, exit_code: 3 }
  const bytes = await recordEvents(t, [
    [248, outputAt(0, '\u001b[1mHello\n')],
    [1_249, { kind: 'input', seq: 10, bytes: Buffer.from('ls\r') }],
    [3_250, { kind: 'size', seq: 10, cols: 132, rows: 50 }],
    [3_251, { kind: 'event', seq: 10, event: { kind: 'joined', username: 'ops', role: 'observer' } }],
    [15_001, { kind: 'event', seq: 10, event: ended }],
  ])
  const told = parseVersion2(await exported(bytes, 2))
  assert.deepEqual(told, {
    header: {
      version: 2,
      width: 80,
      height: 24,
      timestamp: startedAtMs / 1000,
      title: 'deploy@web-1, change CHG-1, started by ada',
    },
    events: [
      [0.248, 'o', '\u001b[1mHello\n'],
      [1.249, 'i', 'ls\r'],
      [3.25, 'r', '132x50'],
      [3.251, 'm', 'joined ops observer'],
      [15.001, 'm', 'end shell-exit: The shell has ended.'],
    ],
  })
  assert.deepEqual(told, fromVersion3(await exported(bytes, 3)))
})

test('REC-25, PTY-9 the recording of a terminal is served as version 2, with its own size, ranges and tag', async (t) => {
  const world = await terminalWorld()
  t.after(() => world.close())
  const ada = await world.begin('ada')
  const id = ada.ptySessionId()
  ada.acknowledge()
  ada.type('grüß Gott\r')
  await ada.see('grüß: not found')
  world.clock.advance(1_500)
  await world.ports.node.renew()
  ada.send({ type: 'resize', cols: 100, rows: 30 })
  await ada.next('size')
  ada.type('bytes 200000\r')
  ada.type('exit 7\r')
  await ada.closed
  const token = await world.signIn('ada')
  const read = async (query: string, headers: Record<string, string> = {}) =>
    await fetch(`${world.url}/api/v1/pty_sessions/${id}/recording${query}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
    })
  const [three, two] = [await read(''), await read('?format=asciicast-v2')]
  const [text3, bytes2] = [await three.text(), Buffer.from(await two.arrayBuffer())]
  assert.deepEqual(parseVersion2(bytes2.toString()), fromVersion3(text3))
  assert.equal(two.headers.get('content-length'), String(bytes2.length))
  assert.notEqual(two.headers.get('etag'), three.headers.get('etag'))
  const part = await read('?format=asciicast-v2', { range: 'bytes=10-99' })
  assert.deepEqual([part.status, Buffer.from(await part.arrayBuffer())], [206, bytes2.subarray(10, 100)])
  assert.equal(await (await read('?format=asciicast')).text(), text3)
  assert.equal((await read('?format=asciicast-v1')).status, 400)
})
