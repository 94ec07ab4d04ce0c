/** Recording: which records are missing, as a server left its store and its folder behind. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { readConfig } from '../../../src/config.ts'
import { changeAccount } from '../../../src/core/administration/administer-accounts.ts'
import { removeServer } from '../../../src/core/terminals/inventory.ts'
import { setPolicy } from '../../../src/core/terminals/set-policy.ts'
import { type RecordingReport, Recordings } from '../../../src/main/recording-command.ts'
import { openCommand } from '../../../src/main/store-command.ts'
import { openTerminals } from '../../../src/main/terminals.ts'
import { recordPath, recordsFolderOf } from '../../../src/terminals/recording/record-path.ts'
import { call } from '../../fixtures/control-calls.ts'
import { atEnd } from '../../fixtures/sqlite-store.ts'
import { closedInStore, storedSessions } from '../../fixtures/terminal-ends.ts'
import { openTerminalSocket, type TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, type Ticket, terminalWorld } from '../../fixtures/terminal-world.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const dayMs = 86_400_000
const yearOfMonthsMs = 12 * 31 * dayMs

async function openWorld(t: TestContext): Promise<TerminalWorld> {
  const world = await terminalWorld()
  atEnd(t, () => world.close())
  return world
}

/** The recordings as a command on the same store sees them, some time later. */
async function recordingsOf(t: TestContext, world: TerminalWorld, laterMs = 0): Promise<Recordings> {
  const config = readConfig({ flags: {}, env: {}, file: { data: world.dataDir } })
  const clock = { ...world.clock, wallMs: () => world.clock.wallMs() + laterMs }
  const command = await openCommand({ config, env: {}, words: [], mayCreate: false, clock })
  atEnd(t, () => command.close())
  return new Recordings(command, world.dataDir)
}

/** Runs a shell to its end; returns its PTY session. */
async function runShell(world: TerminalWorld): Promise<string> {
  const shell = await world.begin('ada')
  shell.type('exit 0\r')
  await shell.closed
  await closedInStore(world, shell.ptySessionId())
  return shell.ptySessionId()
}

function takeAway(world: TerminalWorld, ...ids: readonly string[]): void {
  for (const id of ids) rmSync(recordPath(recordsFolderOf(world.dataDir), id))
}

async function tickOn(world: TerminalWorld): Promise<void> {
  world.clock.set(world.clock.wallMs() + 1_000)
  await world.ports.node.renew()
}

function missingReport(ptySessionId: string, keeping: string): RecordingReport {
  const fault = `the record of this PTY session is missing: ${keeping}`
  const none = { segments: 0, bytes: 0, signedBytes: 0, isFinal: false }
  return { ...none, ptySessionId, isMissing: true, end: 'none', fault, mark: null }
}

async function faults(recordings: Recordings): Promise<string[]> {
  const reports = await recordings.verifyAll()
  return reports.filter(({ fault }) => fault !== null).map(({ ptySessionId }) => ptySessionId)
}

async function newestSession(world: TerminalWorld): Promise<string> {
  return (await storedSessions(world))[0]?.id ?? assert.fail()
}

/** Opens a socket that does not say HELLO, and waits until the store takes it for attached. */
async function knock(world: TerminalWorld, ticket: Ticket): Promise<{ socket: TerminalSocket; id: string }> {
  const id = await newestSession(world)
  const socket = openTerminalSocket(ticket)
  await socket.opened
  while ((await world.ports.store.ptySessionById(id))?.state !== 'active') await new Promise(setImmediate)
  return { socket, id }
}

test('REC-22 a record that was taken away is named, whether its shell has ended or runs, with those that are whole beside it', async (t) => {
  const world = await openWorld(t)
  const ended = await runShell(world)
  await tickOn(world)
  const kept = await runShell(world)
  await tickOn(world)
  const check = await world.enter(await world.startCheck(await world.signIn('ada')))
  const running = check.ptySessionId()
  takeAway(world, ended, running)
  const recordings = await recordingsOf(t, world, 60_000)
  const [whole, ...missing] = await recordings.verifyAll()
  assert.deepEqual(
    [[whole?.ptySessionId, whole?.isMissing, whole?.fault], missing],
    [
      [kept, false, null],
      [
        missingReport(ended, 'it should be kept until 2027-01-09T15:04:05Z'),
        missingReport(running, 'it should be kept until 2027-01-09T15:04:07Z'),
      ],
    ],
  )
  assert.deepEqual(await recordings.verify(ended), missing[0])
  rmSync(recordsFolderOf(world.dataDir), { recursive: true })
  assert.deepEqual(await faults(recordings), [ended, kept, running])
})

test('REC-22 a record is missing too if access was revoked from a shell that ran, and if its node was lost', async (t) => {
  const world = await openWorld(t)
  const ada = await world.begin('ada')
  const account = (await world.ports.store.accountByName('ada', 'user')) ?? assert.fail()
  await changeAccount(world.ports, account, { change: { removeGroups: ['ops'] }, how: { by: null, request } })
  await ada.closed
  const evicted = await closedInStore(world, ada.ptySessionId())
  const otto = await world.begin('otto')
  const audit = { ...request, action: 'pty-end', outcome: 'ok', accountId: null, username: null, atMs: 0 } as const
  await world.ports.store.execute('closeLostPtySessions', { nowMs: world.clock.wallMs(), audit })
  const lost = await closedInStore(world, otto.ptySessionId())
  takeAway(world, evicted.id, lost.id)
  const recordings = await recordingsOf(t, world)
  assert.deepEqual(
    [evicted.endReason, lost.endReason, await recordings.verify(evicted.id), await recordings.verify(lost.id)],
    [
      'access-changed',
      'node-lost',
      missingReport(evicted.id, 'it should be kept until 2027-01-09T15:04:05Z'),
      missingReport(
        lost.id,
        'it should be kept until 2027-01-09T15:04:05Z (it never existed if its node was lost while the terminal was opening)',
      ),
    ],
  )
})

test('REC-23 nothing is missing of a PTY session that was over before it was recorded, or is being opened', async (t) => {
  const world = await openWorld(t)
  const access = await world.signIn('ada')
  const root = await world.signIn('root')
  const whys: Record<string, string> = {}
  await world.start(access)
  whys[await newestSession(world)] = ': its PTY session ended before the recording began'
  await tickOn(world)
  const silent = await knock(world, await world.start(access))
  silent.socket.webSocket.terminate()
  assert.equal((await closedInStore(world, silent.id)).endReason, 'never-opened')
  await tickOn(world)
  const stopped = await knock(world, await world.start(access))
  await call(world, { method: 'POST', path: `/api/v1/pty_sessions/${stopped.id}/end`, token: root })
  stopped.socket.webSocket.terminate()
  assert.equal((await closedInStore(world, stopped.id)).endReason, 'ended-by-admin')
  await tickOn(world)
  const folder = recordsFolderOf(world.dataDir)
  writeFileSync(folder, 'no folder')
  const unrecorded = await knock(world, await world.start(access))
  unrecorded.socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  assert.equal((await closedInStore(world, unrecorded.id)).endReason, 'recorder-failed')
  rmSync(folder)
  await tickOn(world)
  for (const { id } of [silent, stopped, unrecorded]) whys[id] = ': its PTY session ended before the recording began'
  const opening = await knock(world, await world.start(access))
  whys[opening.id] = ' yet: its PTY session is opening'
  const recordings = await recordingsOf(t, world, 59_999)
  assert.deepEqual(await recordings.verifyAll(), [])
  for (const [id, why] of Object.entries(whys)) {
    await assert.rejects(recordings.verify(id), {
      code: 'RECORDING_NOT_FOUND',
      message: `There is no recording ${id}${why}.`,
    })
  }
})

test('REC-23 a record that the server removed in time is not missing even if the present rules keep it longer; one removed by others before is', async (t) => {
  const world = await openWorld(t)
  const [taken, removed] = [await runShell(world), await runShell(world)]
  takeAway(world, taken)
  world.clock.set(world.clock.wallMs() + yearOfMonthsMs)
  const subject = { kind: 'change', name: 'CR1' } as const
  await setPolicy(world.ports, { subject, policy: { retentionMonths: 24 } }, request)
  const recordings = await recordingsOf(t, world)
  const config = readConfig({ flags: {}, env: {}, file: { data: world.dataDir } })
  const terminals = await openTerminals({ config, ports: world.ports, publicUrls: () => [] })
  atEnd(t, () => terminals.close())
  for (const job of terminals.jobs) await job.run()
  assert.deepEqual(await recordings.verifyAll(), [missingReport(taken, 'it should be kept until 2028-01-16T15:04:05Z')])
  await assert.rejects(recordings.verify(removed), {
    code: 'RECORDING_NOT_FOUND',
    message: `There is no recording ${removed} any more: it was removed at 2027-01-09T15:04:05Z, after its retention.`,
  })
})

test('REC-24 the present rules say how long a missing record had to be kept, to the millisecond', async (t) => {
  const world = await openWorld(t)
  const id = await runShell(world)
  takeAway(world, id)
  await setPolicy(world.ports, { subject: { kind: 'group', name: 'ops' }, policy: { retentionMonths: 1 } }, request)
  const before = await recordingsOf(t, world, 31 * dayMs - 1)
  assert.deepEqual(await before.verifyAll(), [missingReport(id, 'it should be kept until 2026-02-02T15:04:05Z')])
  const after = await recordingsOf(t, world, 31 * dayMs)
  assert.deepEqual(await after.verifyAll(), [])
  await assert.rejects(after.verify(id), {
    message: `There is no recording ${id} any more: it was kept until 2026-02-02T15:04:05Z.`,
  })
})

test('REC-24 a record stays missing if its retention is no longer known', async (t) => {
  const world = await openWorld(t)
  const id = await runShell(world)
  takeAway(world, id)
  await removeServer(world.ports, 'web-1', request)
  const recordings = await recordingsOf(t, world, 100 * yearOfMonthsMs)
  const keeping = 'it should be kept, for an unknown time, because its server or its change request was removed'
  assert.deepEqual(await recordings.verifyAll(), [missingReport(id, keeping)])
})
