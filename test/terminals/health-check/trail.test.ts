/** Terminals tests: lines of a health check and the audit trail; what waits for what, and whose a command is. */
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { setCatalogue } from '../../../src/core/terminals/set-catalogue.ts'
import { type HealthCheckParts, openHealthCheck } from '../../../src/terminals/health-check/health-check.ts'
import { readEntries } from '../../../src/terminals/recording/read-record.ts'
import { recordPath, recordsFolderOf } from '../../../src/terminals/recording/record-path.ts'
import { auditTrail } from '../../fixtures/control-calls.ts'
import { type HandTransport, handTimers, handTransport } from '../../fixtures/hand-transport.ts'
import {
  catalogueOf,
  type OpenedCheck,
  openCheck,
  patterns,
  prompt,
  twoCommands,
  typistNamed,
} from '../../fixtures/health-check.ts'
import { requireTools } from '../../fixtures/require-tool.ts'
import { makeAuthority, makeSshTransport, requestFor, startTrustingSshd } from '../../fixtures/ssh-world.ts'
import { quickHash } from '../../fixtures/terminal-attack.ts'
import type { TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

const { skip } = requireTools('ssh', 'sshd')
const onCommandLine = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
const unrecorded = 'The line is not run, because it cannot be written to the audit trail.'

type Told = Parameters<HealthCheckParts['onCommand']>[0]

/** A trail that writes one line after the other, when the test says so. */
class HandTrail {
  readonly told: string[] = []
  readonly #open: PromiseWithResolvers<void>[] = []
  #wake: () => void = () => undefined

  take({ line, outcome, by }: Told): Promise<void> {
    this.told.push(`${by.username}: ${line} ${outcome.kind}`)
    const entry = Promise.withResolvers<void>()
    this.#open.push(entry)
    this.#wake()
    return entry.promise
  }

  /** Waits for the line that comes next, and writes it, or not. */
  async write(isWritten = true): Promise<void> {
    while (this.#open.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const entry = this.#open.shift()
    if (isWritten) entry?.resolve()
    else entry?.reject(new Error('the disk is full'))
  }
}

type Trailed = { readonly check: OpenedCheck; readonly transport: HandTransport; readonly trail: HandTrail }

async function trailedCheck(t: TestContext, parts: Partial<HealthCheckParts> = {}): Promise<Trailed> {
  const trail = new HandTrail()
  const transport = handTransport()
  const check = openCheck({ transport, onCommand: (told) => trail.take(told), ...parts }, twoCommands)
  t.after(() => check.terminal.end())
  await check.until(prompt)
  return { check, transport, trail }
}

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise(setImmediate)
}

test('HLT-22 until the event of a refused line is stored no other is judged, and waiting input is read then', async (t) => {
  const { check, trail } = await trailedCheck(t)
  for (const line of ['one', 'two', 'three']) check.type(`${line}\r`)
  await settle()
  assert.deepEqual([trail.told, check.fresh()], [['ada: one refused'], 'one\r\n'])
  await trail.write()
  await check.until(`${prompt}two\r\n`)
  await settle()
  assert.deepEqual(trail.told, ['ada: one refused', 'ada: two refused'])
  await trail.write()
  await trail.write()
  await check.until(`three is not a command of your catalogue`)
})

test('HLT-22 no server hears of a command before the trail has it, nor is a line judged before it has its end', async (t) => {
  const { check, transport, trail } = await trailedCheck(t)
  check.type('uptime\r')
  await settle()
  assert.deepEqual([trail.told, transport.terminals.length], [['ada: uptime run'], 0])
  await trail.write()
  const command = await transport.opened(0)
  command.exit({})
  await settle()
  check.type('ls /srv\r')
  await settle()
  assert.deepEqual(trail.told, ['ada: uptime run', 'ada: uptime ended'])
  await trail.write()
  await trail.write()
  await transport.opened(1)
  assert.deepEqual(trail.told.slice(2), ['ada: ls /srv run'])
})

test('HLT-22 a line that cannot be written is not run, that is said, and the next one is read', async (t) => {
  const { check, transport, trail } = await trailedCheck(t)
  const shown: string[] = []
  for (const line of ['uptime', 'reboot']) {
    const seen = check.run(line)
    await trail.write(false)
    shown.push(await seen)
  }
  assert.deepEqual(
    [shown, transport.terminals.length],
    [[`uptime\r\n${unrecorded}\r\n${prompt}`, `reboot\r\n${unrecorded}\r\n${prompt}`], 0],
  )
  check.type('uptime\r')
  await trail.write()
  const command = await transport.opened(0)
  command.exit({})
  await trail.write(false)
  const end = await check.until(prompt)
  assert.equal(end, `uptime\r\nThe end of the command cannot be written to the audit trail.\r\n${prompt}`)
})

test('HLT-22 a health check that ends while a line is stored ends at once; the line does not run, and its end is reported', async (t) => {
  const { check, transport, trail } = await trailedCheck(t)
  check.type('uptime\r')
  await settle()
  assert.deepEqual(await check.terminal.end(), { code: -1, signal: 1, failure: null })
  await trail.write()
  await settle()
  assert.deepEqual([trail.told, transport.terminals.length], [['ada: uptime run', 'ada: uptime ended'], 0])
})

test('HLT-25 of a flood 64 pieces wait, the rest is dropped with one BEL, and what follows as the rest of a line is not run', async (t) => {
  const { check, transport, trail } = await trailedCheck(t)
  check.type('reboot\r')
  await settle()
  const typed = `${' '.repeat(58)}uptime`
  const waiting = [...typed, ...' -a more'].map((key) => check.type(key))
  assert.deepEqual([Math.max(...waiting), check.fresh()], [64, 'reboot\r\n\x07'])
  await trail.write()
  await check.until(`${prompt}${typed}`)
  check.type('\r')
  await trail.write()
  await check.until('Something of the line came too fast to be read.\r\n')
  assert.equal(transport.terminals.length, 0)
  check.type('uptime\r')
  await trail.write()
  await transport.opened(0)
})

test('HLT-24 a command belongs to the user who submitted its line; waiting input of another user is dropped', async (t) => {
  let typist: string | null = 'ada'
  const { check, transport, trail } = await trailedCheck(t, {
    typist: () => (typist === null ? null : typistNamed(typist)),
  })
  check.type('up')
  typist = 'otto'
  check.type('time\r')
  await settle()
  check.type('ls /srv\r')
  typist = 'ada'
  await trail.write()
  const command = await transport.opened(0)
  command.exit({})
  await trail.write()
  await check.until(prompt)
  check.type('one\r')
  check.type('two\r')
  typist = null
  assert.equal(check.type('three\r'), 0)
  await trail.write()
  await settle()
  assert.deepEqual(
    [trail.told, transport.terminals.map(({ request: { username } }) => username)],
    [['otto: uptime run', 'otto: uptime ended', 'ada: one refused'], ['otto']],
  )
})

test('HLT-24, SSH-5 the log of a real server names who ended the line, not who began the session', {
  skip,
}, async (t) => {
  const authority = makeAuthority()
  const sshd = await startTrustingSshd(t, authority)
  const asked = requestFor(sshd, { username: 'ada', changeId: null })
  const ended = Promise.withResolvers<void>()
  const check = openHealthCheck(
    {
      transport: makeSshTransport(t, authority),
      timers: handTimers(),
      typist: () => typistNamed('otto'),
      catalogues: async () => [catalogueOf(['uptime'])],
      hold: () => () => undefined,
      onCommand: async ({ outcome }) => {
        if (outcome.kind === 'ended') ended.resolve()
      },
    },
    asked,
    { onOutput: () => undefined },
  )
  t.after(() => check.end())
  check.write(Buffer.from('uptime\r'))
  await ended.promise
  assert.match(sshd.log(), new RegExp(`ID pty=${asked.ptySessionId};account=otto;change=- `))
  assert.doesNotMatch(sshd.log(), /account=ada/)
})

/** The lines in the record. */
async function recordedOutcomes({ dataDir }: TerminalWorld, id: string): Promise<unknown[]> {
  const file = await open(recordPath(recordsFolderOf(dataDir), id), 'r')
  try {
    const { size } = await file.stat()
    const outcomes: unknown[] = []
    for await (const { kind, payload } of readEntries(file, { from: 0, to: size })) {
      const event = kind === 'event' ? JSON.parse(Buffer.from(payload).toString()) : {}
      if (event.kind === 'command') outcomes.push(event.outcome)
    }
    return outcomes
  } finally {
    await file.close()
  }
}

type Begun = { readonly world: TerminalWorld; readonly hand: HandTransport; readonly ada: TerminalSocket }

/** Begins a health check of `ada`, with one command, in a whole server. */
async function begin(t: TestContext): Promise<Begun> {
  const hand = handTransport()
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const world = await terminalWorld({ transport: hand, start: quickHash, log })
  t.after(() => world.close())
  const document = { commands: [{ words: ['uptime'] }] }
  await setCatalogue({ ...world.ports, patterns }, { group: 'ops', document }, onCommandLine)
  const ada = await world.enter(await world.startCheck(await world.signIn('ada')))
  ada.acknowledge()
  await ada.see('> ')
  return { world, hand, ada }
}

test('HLT-22 a line that a real trail does not take is not run, and the next one that it takes is', async (t) => {
  const { world, hand, ada } = await begin(t)
  const database = new DatabaseSync(join(world.dataDir, 'sallyport.db'))
  database.exec(`CREATE TRIGGER full BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
  ada.type('uptime\r')
  await ada.see(unrecorded)
  assert.equal(hand.terminals.length, 0)
  database.exec('DROP TRIGGER full')
  database.close()
  ada.type('uptime\r')
  const command = await hand.opened(0)
  command.exit({})
  ada.send({ type: 'control', control: { action: 'end' } })
  await ada.closed
  assert.deepEqual(await recordedOutcomes(world, ada.ptySessionId()), ['run', 'ended'])
})

test('HLT-24 after a take-over certificate and trail name who typed the line, at its end too', async (t) => {
  const { world, hand, ada } = await begin(t)
  ada.send({ type: 'control', control: { action: 'release' } })
  await ada.next('event', ({ event }) => event.kind === 'joined' && event.participant.role === 'observer')
  const otto = await world.enter(await world.join(await world.signIn('otto'), ada.ptySessionId(), 'implementor'))
  otto.acknowledge()
  otto.type('uptime\r')
  const command = await hand.opened(0)
  assert.equal(command.request.username, 'otto')
  otto.send({ type: 'control', control: { action: 'release' } })
  await otto.next('event', ({ event }) => event.kind === 'joined' && event.participant.role === 'observer')
  await world.enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'implementor'))
  command.exit({})
  const told = async (): ReturnType<typeof auditTrail> =>
    (await auditTrail(world)).filter(({ action }) => action === 'pty-session')
  while ((await told()).length < 2) await new Promise(setImmediate)
  assert.deepEqual(
    (await told()).map(({ username, detail }) => [username, detail]),
    [
      ['otto', { command: 'uptime', outcome: 'run' }],
      ['otto', { command: 'uptime', outcome: 'ended', exit_code: 0, output_bytes: 0 }],
    ],
  )
})
