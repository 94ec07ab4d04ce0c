/** Terminals tests: commands of a health check, on a transport that the test plays by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../../src/core/errors.ts'
import type { Catalogue } from '../../../src/core/terminals/catalogue.ts'
import { forcedCommand } from '../../../src/core/terminals/command-words.ts'
import { endReasons } from '../../../src/core/terminals/ends.ts'
import type { CommandOutcome } from '../../../src/terminals/health-check/health-check.ts'
import { resetSequence } from '../../../src/terminals/health-check/reset-sequence.ts'
import type { TransportFailureKind } from '../../../src/terminals/transports/transport.ts'
import { handTransport } from '../../fixtures/hand-transport.ts'
import {
  catalogueOf,
  openCheck,
  prompt,
  readyCheck,
  request,
  runningCheck,
  twoCommands,
} from '../../fixtures/health-check.ts'

test('HLT-11 it greets, lists its commands on help, and leaves on exit with 0', async () => {
  const check = openCheck({ transport: handTransport() }, twoCommands)
  assert.equal(
    await check.until(prompt),
    [
      'Health check of web-1 as deploy: commands of your catalogue run here, and nothing else does.',
      'help lists them, Ctrl-C stops one, exit leaves.',
      prompt,
    ].join('\r\n'),
  )
  assert.equal(await check.run('help'), `help\r\nuptime\r\nls <path under /srv>\r\n${prompt}`)
  check.type(' exit \r')
  assert.deepEqual(await check.terminal.exited, { code: 0, signal: 0, failure: null })
})

test('HLT-11 Ctrl-D on an empty line leaves with 0', async () => {
  const { check } = await readyCheck()
  check.type('\x04')
  assert.deepEqual(await check.terminal.exited, { code: 0, signal: 0, failure: null })
  assert.equal(check.fresh(), '\r\n')
})

test('HLT-11 a user without a catalogue gets the message that nothing can be run', async () => {
  const check = openCheck({ transport: handTransport() })
  assert.match(await check.until(prompt), /\r\nNo group of yours has a catalogue, so that nothing can be run\.\r\n/)
  assert.equal(
    await check.run('uptime'),
    `uptime\r\nuptime is not a command of your catalogue; type help to see which are.\r\n${prompt}`,
  )
})

test('HLT-2, HLT-9, HLT-17 a line that matches opens one terminal, with the forced command, on the same server', async () => {
  const { command, transport, check } = await runningCheck('ls  /srv/data')
  assert.deepEqual(command.request, { ...request, command: forcedCommand(['ls', '/srv/data']) })
  command.put('a  b\r\n')
  command.exit({})
  assert.equal(await check.until(prompt), `a  b\r\n${resetSequence}${prompt}`)
  assert.equal(
    await check.run('ls /etc'),
    `ls /etc\r\n/etc is not accepted after ls; there comes <path under /srv>\r\n${prompt}`,
  )
  assert.equal(transport.terminals.length, 1)
})

test('HLT-17 a second line that comes while a command runs opens nothing', async () => {
  const { check, transport, command } = await runningCheck()
  check.type('uptime\r')
  check.type('ls /srv\r')
  command.exit({})
  assert.equal(await check.until(prompt), prompt)
  assert.deepEqual([transport.terminals.length, command.written], [1, []])
})

test('HLT-17 a command that runs for 60 s is stopped, and that is said', async () => {
  const { check, command } = await runningCheck()
  check.timers.advance(59_999)
  assert.deepEqual([command.written, command.isEnded()], [[], false])
  check.timers.advance(1)
  assert.deepEqual([command.written, command.isEnded()], [[0x03], false])
  check.timers.advance(2_000)
  assert.equal(await check.until(prompt), `The command was stopped: it ran for 60 seconds.\r\n${prompt}`)
  assert.equal(check.timers.count(), 0)
})

test('HLT-17 a command that puts out more than 4 MiB is stopped there, and not one byte more is shown', async () => {
  const { check, command } = await runningCheck()
  const mebibyte = 'x'.repeat(1024 * 1024)
  for (let index = 0; index < 4; index += 1) command.put(mebibyte)
  assert.deepEqual(command.written, [])
  command.put('more')
  command.put('and more')
  assert.deepEqual(command.written, [0x03])
  command.exit({ code: 130 })
  const shown = await check.until(prompt)
  assert.equal(
    shown.slice(mebibyte.length * 4),
    `${resetSequence}\r\nThe command was stopped: it put out more than 4194304 bytes.\r\n${prompt}`,
  )
})

test('HLT-18 Ctrl-C gives the command 0x03 once, and ends its terminal after 2 s', async () => {
  const { check, command } = await runningCheck()
  check.type('\x03')
  check.type('\x03')
  assert.deepEqual([command.written, command.isEnded()], [[0x03], false])
  check.timers.advance(1_999)
  assert.equal(command.isEnded(), false)
  check.timers.advance(1)
  assert.equal(await check.until(prompt), `The command was stopped.\r\n${prompt}`)
  assert.equal(check.timers.count(), 0)
})

test('HLT-18 Ctrl-C before the terminal is open ends it as soon as it opens', async () => {
  const gate = Promise.withResolvers<void>()
  const { check, transport } = await readyCheck(handTransport({ before: () => gate.promise }))
  check.type('uptime\r')
  await new Promise(setImmediate)
  check.type('\x03')
  gate.resolve()
  assert.equal(await check.until(prompt), `uptime\r\nThe command was stopped.\r\n${prompt}`)
  assert.deepEqual([transport.terminals[0]?.isEnded(), transport.terminals[0]?.written], [true, []])
})

test('HLT-20 an exit status and a signal are shown, 0 is not', async () => {
  const transport = handTransport()
  const { check } = await readyCheck(transport)
  const ends = []
  for (const [index, exit] of [{ code: 0 }, { code: 3 }, { code: -1, signal: 9 }].entries()) {
    check.type('uptime\r')
    const command = await transport.opened(index)
    command.exit(exit)
    ends.push(await check.until(prompt))
  }
  assert.deepEqual(ends, [
    `uptime\r\n${prompt}`,
    `uptime\r\nExit status 3.\r\n${prompt}`,
    `uptime\r\nThe command was ended by signal 9.\r\n${prompt}`,
  ])
})

const failures: readonly TransportFailureKind[] = [
  'host-key-mismatch',
  'connection-refused',
  'unreachable',
  'ca-not-trusted',
  'principal-refused',
  'login-refused',
  'connection-lost',
  'not-possible-here',
]

test('HLT-20 each failure of the transport is shown with its sentence and ends the health check with it', async () => {
  for (const kind of failures) {
    const { check, command } = await runningCheck()
    const exit = { code: 255, signal: 0, failure: { kind, detail: 'as ssh said' } }
    command.exit(exit)
    assert.deepEqual(await check.terminal.exited, exit)
    assert.equal(check.fresh(), `${endReasons[kind].sentence}\r\n`)
    assert.equal(check.type('uptime\r'), 0)
  }
})

test('HLT-20 a gateway without room is reported and ends nothing; any other failure to open does', async () => {
  let faults: (Error | null)[] = [new Refusal('NO_GATEWAY'), null]
  const transport = handTransport({
    refuse: () => {
      const [fault, ...rest] = faults
      faults = rest
      if (fault !== null && fault !== undefined) throw fault
    },
  })
  const { check } = await readyCheck(transport)
  assert.equal(await check.run('uptime'), `uptime\r\nNo gateway is there to open a terminal.\r\n${prompt}`)
  check.type('uptime\r')
  const command = await transport.opened(0)
  command.exit({})
  await check.until(prompt)
  faults = [new Error('no such\x1b[2J file')]
  check.type('uptime\r')
  assert.deepEqual(await check.terminal.exited, {
    code: -1,
    signal: 0,
    failure: { kind: 'not-possible-here', detail: 'Error: no such file' },
  })
})

test('HLT-22 each line gives an event before the server gets it, and one more at its end', async () => {
  const told: (CommandOutcome & { line: string; opened: number })[] = []
  const transport = handTransport()
  const check = openCheck(
    {
      transport,
      onCommand: async ({ line, outcome }) => void told.push({ line, opened: transport.terminals.length, ...outcome }),
    },
    twoCommands,
  )
  await check.until(prompt)
  await check.run('reboot; ls')
  check.type('uptime\r')
  const command = await transport.opened(0)
  command.put('up')
  command.exit({ code: 1 })
  await check.until(prompt)
  await check.run('')
  await check.run('help')
  assert.deepEqual(told, [
    {
      line: 'reboot; ls',
      opened: 0,
      kind: 'refused',
      sentence: 'The character ; is not accepted; words are made of letters, digits and _ . / : @ , + - =',
    },
    { line: 'uptime', opened: 0, kind: 'run', words: ['uptime'] },
    {
      line: 'uptime',
      opened: 1,
      kind: 'ended',
      exit: { code: 1, signal: 0, failure: null },
      stopped: null,
      outputBytes: 2,
    },
  ])
})

test('HLT-12 a command that was taken back runs no more, one that was added runs, from the next line on', async () => {
  let catalogues: readonly Catalogue[] = [catalogueOf(['uptime'])]
  const transport = handTransport()
  const check = openCheck({ transport, catalogues: async () => catalogues })
  await check.until(prompt)
  catalogues = [catalogueOf(['free', '-m'])]
  assert.match(await check.run('uptime'), /uptime is not a command of your catalogue/)
  check.type('free -m\r')
  const command = await transport.opened(0)
  command.exit({})
  await check.until(prompt)
  assert.deepEqual(check.told, [
    { line: 'uptime', kind: 'refused' },
    { line: 'free -m', kind: 'run' },
    { line: 'free -m', kind: 'ended' },
  ])
})

test('HLT-12 if the catalogues cannot be read nothing runs, and the next line reads them again', async () => {
  let isStoreThere = false
  const transport = handTransport()
  const catalogues = async (): Promise<readonly Catalogue[]> => {
    if (!isStoreThere) throw new Refusal('STORE_UNAVAILABLE')
    return [catalogueOf(['uptime'])]
  }
  const check = openCheck({ transport, catalogues })
  const sentence = 'The catalogue cannot be read, so that nothing is run: The store cannot be used at the moment.\r\n'
  assert.ok((await check.until(prompt)).includes(sentence))
  assert.equal(await check.run('uptime'), `uptime\r\n${sentence}${prompt}`)
  assert.equal(await check.run('help'), `help\r\n${sentence}${prompt}`)
  isStoreThere = true
  check.type('uptime\r')
  const command = await transport.opened(0)
  command.exit({})
  await check.until(prompt)
  assert.equal(transport.terminals.length, 1)
})

test('HLT-13, HLT-2 for any bytes in any pieces, servers get commands of the catalogue and commands get 0x03 alone', async () => {
  const known = new Set(['uptime', 'ls /srv'].map((line) => forcedCommand(line.split(' '))))
  const below = forcedCommand(['ls', '/srv/'])
  // A line that comes back from the history may be typed on, to another path of the catalogue.
  const isBelow = (command: string): boolean =>
    command.startsWith(below) && /^(?!.*\.\.)[\w./:@,+=-]+$/.test(command.slice(below.length))
  const piece = fc.oneof(
    fc.constantFrom(
      'uptime\r',
      'ls /srv\n',
      'ls /srv/a\r',
      'uptime; ls\r',
      '\x03',
      '\x10\r',
      '\x1b[A\n',
      'up',
      '\t',
      '\r',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      const { check, transport } = await readyCheck()
      for (const text of pieces) {
        check.type(text)
        await new Promise(setImmediate)
        const last = transport.terminals.at(-1)
        if (text.length % 2 === 1) last?.exit({})
        await new Promise(setImmediate)
      }
      await check.terminal.end()
      runs += transport.terminals.length
      for (const { request: asked, written } of transport.terminals) {
        const { command } = asked
        assert.ok(command !== null && (known.has(command) || isBelow(command)), String(command))
        assert.ok(written.every((byte) => byte === 0x03))
      }
    }),
    { numRuns: 100 },
  )
  assert.ok(runs > 20, `only ${runs} commands ran`)
})
