/** Forgeries of recordings, by an attacker with the data folder and without the master key. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { Recordings } from '../../src/main/recording-command.ts'
import { openCommand } from '../../src/main/store-command.ts'
import { recordPath, recordsFolderOf } from '../../src/terminals/recording/record-path.ts'
import { appendForged, edit } from '../fixtures/audit-world.ts'
import { atEnd } from '../fixtures/sqlite-store.ts'
import { closedInStore } from '../fixtures/terminal-ends.ts'
import { type TerminalWorld, terminalWorld } from '../fixtures/terminal-world.ts'

/** Runs a shell to its end, and returns its PTY session. */
async function runShell(world: TerminalWorld): Promise<string> {
  const shell = await world.begin('ada')
  shell.type('exit 0\r')
  await shell.closed
  await closedInStore(world, shell.ptySessionId())
  return shell.ptySessionId()
}

test('EVD-9 a forged removal hides no recording that is missing', async (t) => {
  const world = await terminalWorld()
  atEnd(t, () => world.close())
  const [forged, whole] = [await runShell(world), await runShell(world)]
  rmSync(recordPath(recordsFolderOf(world.dataDir), forged))
  const removal = { at: '2026-01-02T15:04:05.000Z', action: 'recording-remove', subject: `pty_session:${forged}` }
  appendForged(world.dataDir, 'server', JSON.stringify({ ...removal, outcome: 'ok', by: 'server' }))
  const reports = await (await recordingsOf(world)).verifyAll()
  assert.deepEqual(
    reports.map(({ ptySessionId, isMissing, fault }) => [ptySessionId, isMissing, fault === null]),
    [
      [whole, false, true],
      [forged, true, false],
    ],
  )
})

test('EVD-9 a public key of recordings that was put into the store proves none of them', async (t) => {
  const world = await terminalWorld()
  atEnd(t, () => world.close())
  const id = await runShell(world)
  const { publicKey } = generateKeyPairSync('ed25519')
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  edit(world.dataDir, `UPDATE authority_keys SET public_key = '${pem}' WHERE name = 'recording'`)
  const report = await (await recordingsOf(world)).verify(id)
  assert.equal(report.fault, null, 'it is proved with the key that the master key opens')
})

async function recordingsOf(world: TerminalWorld): Promise<Recordings> {
  const config = readConfig({ flags: {}, env: {}, file: { data: world.dataDir } })
  const command = await openCommand({ config, env: {}, words: [], mayCreate: false, clock: world.clock })
  return new Recordings(command, world.dataDir)
}
