/** The gateway: answers that terminals send by themselves do not count as typing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setPolicy } from '../../../src/core/terminals/set-policy.ts'
import { isReportOnly } from '../../../src/core/terminals/terminal-reports.ts'
import { echoed, passTime } from '../../fixtures/pass-time.ts'
import { terminalAnswers } from '../../fixtures/terminal-answers.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

let world: TerminalWorld

before(async () => {
  world = await terminalWorld()
})

after(() => world.close())

test('SUP-11 every answer of a terminal is a report, and no key is', async () => {
  for (const [name, answer] of Object.entries(await terminalAnswers())) {
    assert.equal(isReportOnly(Buffer.from(answer, 'latin1')), true, name)
  }
  for (const key of [
    'a',
    '\r',
    '\x1b',
    '\x1b[A',
    '\x1bOP',
    '\x1b[3~',
    '\x1b[97;5u',
    '\x1bx',
    '\x1b[200~text\x1b[201~',
  ]) {
    assert.equal(isReportOnly(Buffer.from(key, 'latin1')), false, JSON.stringify(key))
  }
})

test("GTW-30 an automatic answer of an observer's terminal is dropped and acknowledged, and gives no event", async () => {
  const ada = await world.begin('ada')
  const olga = await world.enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'observer'))
  const blocked = (): number =>
    olga.frames.filter((frame) => frame.type === 'event' && frame.event.kind === 'blocked').length
  let inputSeq = 0
  for (const [name, answer] of Object.entries(await terminalAnswers())) {
    inputSeq += 1
    olga.send({ type: 'input', inputSeq, bytes: Buffer.from(answer, 'latin1') })
    await olga.next('inputAck', (ack) => ack.inputSeq === inputSeq)
    assert.equal(blocked(), 0, name)
  }
  olga.send({ type: 'input', inputSeq: inputSeq + 1, bytes: Buffer.from('x') })
  await echoed(olga)
  assert.equal(blocked(), 1)
  ada.type('exit 0\r')
  await ada.closed
})

test('GTW-31 all attachments get one event when a user types after the warning that no input comes', async (t) => {
  const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
  const subject = { kind: 'change', name: 'CR1' } as const
  await setPolicy(world.ports, { subject, policy: { idleMinutes: 1 } }, request)
  t.after(() => setPolicy(world.ports, { subject, policy: null }, request))
  const ada = await world.begin('ada')
  const olga = await world.enter(await world.join(await world.signIn('olga'), ada.ptySessionId(), 'observer'))
  const told = (): number =>
    olga.frames.filter((frame) => frame.type === 'event' && frame.event.kind === 'active').length
  ada.type('x')
  await echoed(ada)
  await passTime(world, 32_000, [ada, olga])
  await olga.next('event', ({ event }) => event.kind === 'warning' && event.what === 'idle')
  ada.type('\x1b[?1;2c')
  await echoed(ada)
  await echoed(olga)
  assert.equal(told(), 0)
  for (const key of ['y', 'z']) ada.type(key)
  await ada.next('event', ({ event }) => event.kind === 'active')
  await echoed(ada)
  await echoed(olga)
  assert.equal(told(), 1)
  ada.type('\rexit 0\r')
  await ada.closed
})
