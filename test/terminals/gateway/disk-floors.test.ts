/** The floors of free room: below the upper one no terminal opens, for any caller and in any way. */
import assert from 'node:assert/strict'
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../src/config.ts'
import { DiskRoom, freeBytesIn } from '../../../src/terminals/recording/disk-room.ts'
import { watchRecording } from '../../../src/terminals/recording/recording-limit.ts'
import { call } from '../../fixtures/control-calls.ts'
import { atEnd, silentLog } from '../../fixtures/sqlite-store.ts'
import { assertTold } from '../../fixtures/terminal-ends.ts'
import { openTerminalSocket } from '../../fixtures/terminal-socket.ts'
import { terminalWorld } from '../../fixtures/terminal-world.ts'

const mebibyte = 1024 * 1024
const sentence = 'The disk has too little room left to record another terminal.'

test('END-22 below the upper floor a start answers 503 and a socket closes with 4507, and joining works', async (t) => {
  let free = 512
  const world = await terminalWorld({ freeBytes: async () => free * mebibyte })
  atEnd(t, () => world.close())
  const [ada, olga] = [await world.signIn('ada'), await world.signIn('olga')]
  const running = await world.enter(await world.start(ada))
  const waiting = await world.start(ada)
  free = 511
  const late = openTerminalSocket(waiting)
  assert.deepEqual((await late.next('error')).error, { code: 'DISK_LOW', message: sentence, retry: 'later' })
  assert.deepEqual(await late.closed, { code: 4507, reason: sentence })
  const body = { purpose: 'health_check', server: { os_user: 'deploy', server_ip: '10.0.0.1' } }
  const answer = await call(world, { method: 'POST', path: '/api/v1/pty_token/start', token: ada, body })
  assert.deepEqual([answer.status, answer.body, answer.headers['retry-after']], [503, { error: sentence }, '30'])
  await world.enter(await world.join(olga, running.ptySessionId(), 'observer'))
  free = 512
  await world.enter(waiting)
})

test('END-22 the floors are 512 and 256 MiB by default, and the lower one is the lower one', () => {
  const read = (terminals: object) => readConfig({ flags: {}, env: {}, file: { terminals } }).terminals
  const { openFloorMib, endFloorMib, recordingLimitMib } = read({})
  assert.deepEqual([openFloorMib, endFloorMib, recordingLimitMib], [512, 256, 1_024])
  assert.equal(read({ openFloorMib: 5, endFloorMib: 5 }).endFloorMib, 5)
  assert.throws(() => read({ openFloorMib: 5, endFloorMib: 6 }), {
    message: '--terminals-end-floor-mib takes at most the value of --terminals-open-floor-mib, which is 5.',
  })
})

test('END-21 a recording that grows is enough to look, however long the clock says nothing', async (t) => {
  let free = 512
  const world = await terminalWorld({ freeBytes: async () => free * mebibyte, tickMs: 1_000_000 })
  atEnd(t, () => world.close())
  const ada = await world.begin('ada')
  ada.acknowledge()
  free = 255
  ada.type('bytes 4000000\r')
  await assertTold(ada, 'disk-low')
})

test('END-20 of warnings that are due at once the last is sent, each once, and the end once', () => {
  const told: string[] = []
  const warn = (sentence: string): void => void told.push(sentence.replace(/ of its limit.*/, ''))
  const grown = watchRecording(200 * mebibyte, { warn, end: () => void told.push('end') })
  for (const size of [10, 149, 185, 190, 199, 200, 300]) grown(size * mebibyte)
  assert.deepEqual(told, ['The recording has reached 90 %', 'end'])
})

test('END-21 room is what this user may still write, read at the folder or its future place', async () => {
  const near = (one: number, other: number): boolean => Math.abs(one - other) < 1_024 * mebibyte
  const { bavail, bsize } = statfsSync(tmpdir())
  for (const folder of [tmpdir(), join(tmpdir(), 'absent', 'recordings')]) {
    assert.ok(near(await freeBytesIn(folder), bavail * bsize), folder)
  }
})

test('END-21 a disk that cannot be read is taken to be as it was, and one look serves all who ask meanwhile', async () => {
  let answers: (() => Promise<number>)[] = [async () => 10, () => Promise.reject(new Error('no disk'))]
  let outs = 0
  const room = new DiskRoom({
    floors: { openBytes: 30, endBytes: 20 },
    freeBytes: () => (answers.shift() ?? (async () => 30))(),
    log: silentLog,
  })
  room.onOut(() => {
    outs += 1
  })
  assert.equal(room.state, 'enough')
  assert.deepEqual([...(await Promise.all([room.look(), room.look()])), outs], ['out', 'out', 1])
  assert.deepEqual([await room.look(), outs], ['out', 2])
  assert.deepEqual([await room.look(), outs], ['enough', 2])
  answers = [async () => 29, async () => 20, async () => 19]
  assert.deepEqual([await room.look(), await room.look(), await room.look()], ['low', 'low', 'out'])
})
