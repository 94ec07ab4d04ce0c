/** Terminals tests: a health check as a terminal; pause, size, and its end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHealthCheck } from '../../../src/terminals/health-check/health-check.ts'
import { resetSequence } from '../../../src/terminals/health-check/reset-sequence.ts'
import type { Terminal } from '../../../src/terminals/transports/transport.ts'
import { handTimers, handTransport } from '../../fixtures/hand-transport.ts'
import {
  openCheck,
  prompt,
  readyCheck,
  request,
  runningCheck,
  twoCommands,
  typistNamed,
} from '../../fixtures/health-check.ts'

test('HLT-21 paused, it hands nothing over and reads no line; resumed, all comes in order', async () => {
  const { check, transport } = await readyCheck()
  check.terminal.pause()
  assert.equal(check.type('upti'), 4)
  assert.equal(check.type('me\r'), 7)
  let isDrained = false
  const drained = check.terminal.drained().then(() => {
    isDrained = true
  })
  await new Promise(setImmediate)
  assert.deepEqual([check.fresh(), transport.terminals.length, isDrained], ['', 0, false])
  check.terminal.resume()
  await drained
  const command = await transport.opened(0)
  await Promise.resolve()
  assert.equal(check.fresh(), 'uptime\r\n')
  check.terminal.pause()
  assert.equal(command.isPaused(), true)
  check.type('\x03')
  assert.deepEqual(command.written, [0x03])
  command.put('late')
  command.exit({ code: 130 })
  await new Promise(setImmediate)
  assert.equal(check.fresh(), '')
  check.terminal.resume()
  assert.equal(check.fresh(), `late${resetSequence}\r\nThe command was stopped.\r\n${prompt}`)
})

test('HLT-21 a command that begins while it is paused is paused from its first byte, and takes the size of that moment', async () => {
  const { check, transport } = await readyCheck()
  check.type('uptime\r')
  check.terminal.pause()
  check.terminal.resize({ cols: 61, rows: 17 })
  const command = await transport.opened(0)
  await Promise.resolve()
  assert.deepEqual([command.isPaused(), command.request.size], [true, { cols: 61, rows: 17 }])
  check.terminal.resume()
  assert.equal(command.isPaused(), false)
  await check.terminal.end()
})

test('HLT-21 a pause during delivery holds the rest until the next resume', async () => {
  const handed: string[] = []
  const { terminal, prompted } = openPausing((text) => handed.push(text))
  await prompted
  terminal.pause()
  terminal.write(Buffer.from('uptime;\r'))
  handed.length = 0
  terminal.resume()
  await new Promise(setImmediate)
  assert.deepEqual(handed, ['uptime;\r\n'])
  terminal.resume()
  assert.deepEqual(handed.slice(1), [
    'The character ; is not accepted; words are made of letters, digits and _ . / : @ , + - =\r\n',
  ])
  terminal.resume()
  assert.deepEqual(handed.slice(2), [prompt])
  await terminal.end()
})

/** Opens one whose listener pauses it at every piece of output after the first prompt. */
function openPausing(take: (text: string) => void): { readonly terminal: Terminal; readonly prompted: Promise<void> } {
  const { promise: prompted, resolve } = Promise.withResolvers<void>()
  let isPausing = false
  const terminal = openHealthCheck(
    {
      transport: handTransport(),
      timers: handTimers(),
      typist: () => typistNamed('ada'),
      catalogues: async () => [],
      hold: () => () => undefined,
      onCommand: async () => undefined,
    },
    request,
    {
      onOutput: (bytes) => {
        const text = Buffer.from(bytes).toString('latin1')
        take(text)
        if (isPausing) terminal.pause()
        if (text !== prompt) return
        isPausing = true
        resolve()
      },
    },
  )
  return { terminal, prompted }
}

test('HLT-21 the size goes to the command that runs and to the next one', async () => {
  const { check, transport, command } = await runningCheck()
  check.terminal.resize({ cols: 90, rows: 30 })
  command.exit({})
  await check.until(prompt)
  check.terminal.resize({ cols: 70, rows: 20 })
  check.type('uptime\r')
  const next = await transport.opened(1)
  await Promise.resolve()
  assert.deepEqual(
    [command.sizes.at(-1), next.request.size],
    [
      { cols: 90, rows: 30 },
      { cols: 70, rows: 20 },
    ],
  )
  await check.terminal.end()
})

test('HLT-21 ended, it ends the command first, says nothing more, and its end comes once', async () => {
  const { check, command } = await runningCheck()
  command.put('half a li')
  const ends = await Promise.all([check.terminal.end(), check.terminal.end(), check.terminal.exited])
  assert.deepEqual(ends, [ends[0], ends[0], { code: -1, signal: 1, failure: null }])
  assert.deepEqual([command.isEnded(), check.fresh(), check.timers.count()], [true, `half a li${resetSequence}\r\n`, 0])
  assert.equal(await check.terminal.end(), ends[0])
})

test('HLT-21 ended while paused, between commands or before the greeting, it ends at once and hands over what it held', async () => {
  const hungUp = { code: -1, signal: 1, failure: null }
  const idle = await readyCheck()
  idle.check.terminal.pause()
  idle.check.type('uptime\r')
  assert.deepEqual(await idle.check.terminal.end(), hungUp)
  await idle.check.terminal.drained()
  assert.equal(idle.transport.terminals.length, 0)
  const early = openCheck({ transport: handTransport() }, twoCommands)
  assert.deepEqual([await early.terminal.end(), early.output()], [hungUp, ''])
  const busy = await runningCheck()
  busy.check.terminal.pause()
  busy.command.put('held')
  assert.deepEqual([await busy.check.terminal.end(), busy.check.fresh()], [hungUp, `held${resetSequence}\r\n`])
})
