/** Attacks by killing the server in the midst of output: the recorded part is proven, no process survives, and everything can start again. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { signInAtControl } from '../fixtures/http-client.ts'
import { isAlive } from '../fixtures/process-state.ts'
import { whyNoPty } from '../fixtures/pty.ts'
import { enterShell, password, prepareShells, type ShellServer, shellServer } from '../fixtures/shell-server.ts'
import { atEnd, temporaryFolder } from '../fixtures/sqlite-store.ts'
import type { TerminalSocket } from '../fixtures/terminal-socket.ts'
import { until } from '../fixtures/watched-transport.ts'

const run = promisify(execFile)
const launcher = fileURLToPath(new URL('../../bin/sallyport', import.meta.url))

/** Three in every run; SALLYPORT_TERMINAL_KILLS=50 for the long form. */
const rounds = Number(process.env.SALLYPORT_TERMINAL_KILLS ?? 3)

/** More than one segment of a record. */
const enough = 3 * 1024 * 1024

type Running = { readonly socket: TerminalSocket; readonly shell: string; readonly token: string }

/** Opens a shell, learns its process, and lets it put out more and more. */
async function flood(server: ShellServer): Promise<Running> {
  const { access_token: token } = await signInAtControl(server.client, 'ada', password)
  const socket = await enterShell(await server.start(token))
  socket.type("echo process''-is-$$-so; while :; do seq 1 20000; done\r")
  await socket.see('-so\r\n')
  const shell = /process-is-(\d+)-so/.exec(socket.text())?.[1] ?? assert.fail()
  await until(() => socket.seq() >= enough)
  return { socket, shell, token }
}

type Report = { readonly fault: string | null; readonly mark: string; readonly segments: number }

/** The report of `recording verify`; it exits with 1 if the record was changed. */
async function reportOf(dataDir: string, id: string): Promise<Report> {
  const { stdout } = await run(launcher, ['recording', 'verify', id, '--json', '--data', dataDir])
  const reports = JSON.parse(stdout) as Report[]
  return reports[0] ?? assert.fail()
}

/** Asserts that the record of a terminal whose server was killed holds, and has everything that was sent. */
async function assertRecorded({ socket }: Running, dataDir: string): Promise<void> {
  const { fault, mark, segments } = await reportOf(dataDir, socket.ptySessionId())
  assert.deepEqual([fault, segments >= 2], [null, true])
  assert.match(mark, /the recorder stopped without an end/)
  const raw = ['recording', 'export', socket.ptySessionId(), '--format', 'raw', '--data', dataDir]
  const { stdout } = await run(launcher, raw, { maxBuffer: 1024 * 1024 * 1024 })
  assert.ok(stdout.startsWith(socket.text()), 'what was sent was recorded before')
}

test('ATT-21 after a SIGKILL in the midst of output the shell is gone, its record holds, and the next server goes on', {
  skip: whyNoPty(),
  timeout: rounds * 30_000,
}, async (t) => {
  const dataDir = temporaryFolder(t)
  await prepareShells(dataDir)
  let server = await shellServer(dataDir)
  atEnd(t, () => server.end('SIGKILL'))
  for (let round = 0; round < rounds; round += 1) {
    const running = await flood(server)
    const { socket, shell, token } = running
    await server.end('SIGKILL')
    await socket.closed
    await until(() => !isAlive(shell))
    server = await shellServer(dataDir)
    const told = await server.read(token, `/api/v1/pty_sessions/${socket.ptySessionId()}`)
    assert.deepEqual([told.state, told.end?.reason], ['closed', 'node-lost'])
    await assertRecorded(running, dataDir)
  }
  await flood(server)
})
