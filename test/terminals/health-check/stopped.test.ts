/** Terminals tests: a line of a health check whose author loses access. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthCheckParts } from '../../../src/terminals/health-check/health-check.ts'
import { type HandTransport, handTransport } from '../../fixtures/hand-transport.ts'
import { type OpenedCheck, openCheck, prompt, twoCommands, typistNamed } from '../../fixtures/health-check.ts'

type Held = { readonly check: OpenedCheck; readonly transport: HandTransport; readonly stops: Map<string, () => void> }

/** A health check at its prompt that `ada` types into; `stops` has those whose lines are held, by name. */
async function heldCheck(parts: Partial<HealthCheckParts> = {}): Promise<Held & { typist: string }> {
  const transport = handTransport()
  const stops = new Map<string, () => void>()
  const held = { transport, stops, typist: 'ada' }
  const check = openCheck(
    {
      transport,
      typist: () => typistNamed(held.typist),
      hold: ({ username }, stop) => {
        stops.set(username, stop)
        return () => void stops.delete(username)
      },
      ...parts,
    },
    twoCommands,
  )
  await check.until(prompt)
  return Object.assign(held, { check })
}

test('HLT-26 a command ends with the access of its author, and the health check continues for the implementor', async () => {
  const held = await heldCheck()
  const { check, transport, stops } = held
  check.type('uptime\r')
  const command = await transport.opened(0)
  await Promise.resolve()
  held.typist = 'bob'
  assert.deepEqual([...stops.keys()], ['ada'])
  check.fresh()
  stops.get('ada')?.()
  assert.ok(command.isEnded())
  assert.match(await check.until(prompt), /^The command was ended by signal 15\.\r\n/)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([[...stops.keys()], check.told.map(({ kind }) => kind)], [[], ['run', 'ended']])
  check.type('ls /srv\r')
  await transport.opened(1)
  assert.deepEqual([...stops.keys()], ['bob'])
})

test('HLT-26 a command ends also when its author loses access while its terminal is being opened', async () => {
  const [reached, opening] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const before = (): Promise<void> => {
    reached.resolve()
    return opening.promise
  }
  const slow = handTransport({ before })
  const { check, stops } = await heldCheck({ transport: slow })
  check.type('uptime\r')
  await reached.promise
  stops.get('ada')?.()
  opening.resolve()
  await check.until(prompt)
  assert.ok(slow.terminals[0]?.isEnded())
})

test('HLT-26 a line whose author loses access while it is judged runs nothing, and both are reported', async () => {
  const written = Promise.withResolvers<void>()
  const told: string[] = []
  const { check, transport, stops } = await heldCheck({
    onCommand: async ({ outcome }) => {
      told.push(outcome.kind)
      await written.promise
    },
  })
  check.type('uptime\r')
  while (told.length === 0) await Promise.resolve()
  check.fresh()
  stops.get('ada')?.()
  written.resolve()
  assert.equal(
    await check.until(prompt),
    `The access of the person who typed this line was taken back, so that nothing is run.\r\n${prompt}`,
  )
  assert.deepEqual([transport.terminals.length, told], [0, ['run', 'ended']])
})

test('HLT-26 a line that was answered is held no more', async () => {
  const { check, stops } = await heldCheck()
  for (const line of ['help', 'nothing of the kind', 'ls /etc']) {
    await check.run(line)
    await Promise.resolve()
    assert.deepEqual([...stops.keys()], [])
  }
})
