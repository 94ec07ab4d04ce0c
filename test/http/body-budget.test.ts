/** Tests the budget of bodies, with manual clocks and over real sockets. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { BodyBudget, type BodyClaim } from '../../src/http/body-budget.ts'
import { goodPassword } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport, testClock } from '../fixtures/run-sallyport.ts'

type Begun = { readonly name: string; readonly claim: BodyClaim }

function budgetOf(bytes: number) {
  const clock = testClock(0)
  const budget = new BodyBudget(bytes, clock)
  const dropped: string[] = []
  const begin = (from: string, name: string): Begun => ({ name, claim: budget.open(from, () => dropped.push(name)) })
  return { clock, budget, dropped, begin }
}

test('HTP-22 when an address has a quarter of the budget, its slowest body is dropped, and no other address’s', () => {
  const { clock, budget, dropped, begin } = budgetOf(400)
  const [early, other] = [begin('a', 'early'), begin('b', 'other')]
  other.claim.grow(90)
  early.claim.grow(50)
  early.claim.receive(20)
  clock.advance(1_000)
  const late = begin('a', 'late')
  late.claim.grow(50)
  late.claim.receive(5)
  clock.advance(100)
  assert.deepEqual(dropped, [])
  late.claim.grow(1)
  assert.deepEqual([dropped, budget.held], [['early'], 141], '20 bytes in 1.1 s are slower than 5 in 0.1 s')
  late.claim.grow(60)
  assert.deepEqual([dropped, budget.held], [['early', 'late'], 90])
  late.claim.grow(60)
  for (const { claim } of [early, late, other]) claim.close()
  other.claim.close()
  assert.equal(budget.held, 0)
})

test('HTP-22 when the budget is full, the slowest body of the address that holds most is dropped', () => {
  const { clock, dropped, begin } = budgetOf(400)
  const bodies = ['a', 'b', 'c', 'd', 'e'].map((from) => begin(from, from))
  clock.advance(1_000)
  for (const [index, { claim }] of bodies.entries()) claim.grow(70 + index)
  assert.deepEqual(dropped, [])
  begin('f', 'f').claim.grow(50)
  assert.deepEqual(dropped, ['e'])
})

type Step = { readonly from: number; readonly bytes: number; readonly closes: boolean }

test('HTP-22 for every order of events the budget and the shares hold, and all memory is released', () => {
  const step = fc.record({ from: fc.nat(6), bytes: fc.integer({ min: 1, max: 120 }), closes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps: readonly Step[]) => {
      const { budget, dropped, begin, clock } = budgetOf(400)
      const begun = steps.map(({ from, bytes, closes }, index) => {
        const body = begin(String(from), String(index))
        body.claim.grow(bytes)
        body.claim.receive(bytes)
        clock.advance(1)
        assert.ok(budget.held <= 400)
        if (closes) body.claim.close()
        return body
      })
      assert.equal(new Set(dropped).size, dropped.length, 'nothing is dropped twice')
      for (const { claim } of begun) claim.close()
      assert.equal(budget.held, 0)
    }),
  )
})

const mebibyte = 1024 * 1024
const little = 64 * 1024

let sallyport: RunningSallyport

before(async () => {
  sallyport = await runSallyport({ config: { bodiesMebibytes: 8, throttle: false } })
  await sallyport.addAccount({ username: 'ada', password: goodPassword, email: 'ada@example.org' })
})

after(() => sallyport.close())

const paths = ['/api/v1/sessions', '/session', '/v4/auth-tokens/', '/v1/account/login'] as const

type Sender = { readonly socket: Socket; readonly answer: Promise<string> }

/** Opens a connection from an address and sends bytes; the answer is everything until the connection closes. */
function send(t: TestContext, from: string, bytes: string | Buffer): Sender {
  const socket = connect({ port: Number(new URL(sallyport.url).port), host: '127.0.0.1', localAddress: from })
  t.after(() => socket.destroy())
  socket.setEncoding('latin1')
  let text = ''
  socket.on('data', (part: string) => {
    text += part
  })
  socket.on('error', () => undefined)
  socket.write(bytes)
  return { socket, answer: new Promise((resolve) => socket.once('close', () => resolve(text))) }
}

/** A request without the last byte of its body. */
function withheld(path: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${little}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.alloc(little - 1, ' ')])
}

async function held(atLeast: number): Promise<void> {
  while (sallyport.app.bodyBudget.held < atLeast) await new Promise((resolve) => setImmediate(resolve))
}

test('ATK-32 an address that withholds bodies holds a quarter of the budget, is refused as by a full hash queue, and releases all', async (t) => {
  const senders: Sender[] = []
  const refused: string[] = []
  for (let index = 0; index < 48; index += 1) {
    const sender = send(t, '127.0.0.5', withheld(paths[index % paths.length] ?? ''))
    senders.push(sender)
    void sender.answer.then((text) => refused.push(text))
  }
  await held(mebibyte)
  const body = JSON.stringify({ email: 'ada@example.org', password: goodPassword })
  const head = `POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`
  assert.match(await send(t, '127.0.0.6', head + body).answer, /^HTTP\/1\.1 200 /)
  while (refused.length < 48 - 32) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(sallyport.app.bodyBudget.held <= 2 * mebibyte)
  for (const text of refused)
    assert.match(text, /^HTTP\/1\.1 (?:503|429) .*retry-after: 2\r\n.*Too many requests at once/is)
  assert.deepEqual(new Set(refused.map((text) => text.slice(9, 12))), new Set(['503', '429']))
  for (const { socket } of senders) socket.destroy()
  while (sallyport.app.bodyBudget.held > 0) await new Promise((resolve) => setImmediate(resolve))
})

test('HTP-23 a body uses about as much memory as was received, with parts of any size and any declared length', async (t) => {
  const head = 'POST /session HTTP/1.1\r\nHost: 127.0.0.1\r\n'
  const { socket } = send(t, '127.0.0.7', `${head}Content-Length: ${little}\r\n\r\n{`)
  await held(1)
  assert.ok(sallyport.app.bodyBudget.held < 8 * 1024)
  const chunked = send(t, '127.0.0.8', `${head}Transfer-Encoding: chunked\r\n\r\n${'1\r\n \r\n'.repeat(10_000)}`)
  await held(14_000)
  assert.ok(sallyport.app.bodyBudget.held < 48 * 1024)
  chunked.socket.write('2\r\n{}\r\n0\r\n\r\n')
  chunked.socket.end()
  assert.match(await chunked.answer, /^HTTP\/1\.1 401 /)
  socket.destroy()
  while (sallyport.app.bodyBudget.held > 0) await new Promise((resolve) => setImmediate(resolve))
})
