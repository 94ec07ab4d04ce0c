import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { auditTrail, call, goodPassword } from '../../fixtures/control-calls.ts'
import { answered, passTime } from '../../fixtures/pass-time.ts'
import type { TerminalSocket } from '../../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../../fixtures/terminal-world.ts'

let world: TerminalWorld

before(async () => {
  world = await terminalWorld()
})

after(() => world.close())

/** An event of asciicast v3: seconds since the one before, what, and its data. */
type CastEvent = readonly [number, 'o' | 'r' | 'x', string]

/** A terminal that is watched over HTTP. */
class PolicySubjects {
  readonly access: string
  head: unknown
  readonly events: CastEvent[] = []
  readonly #lines: AsyncGenerator<string>

  constructor(access: string, body: ReadableStream<Uint8Array>) {
    this.access = access
    this.#lines = linesOf(body)
  }

  /** Reads the next line; false: it is over. */
  async read(): Promise<boolean> {
    const { value, done } = await this.#lines.next()
    if (done === true) return false
    if (this.head === undefined) this.head = JSON.parse(value)
    else this.events.push(JSON.parse(value))
    return true
  }

  /** Reads until the output so far contains a text. */
  async see(text: string): Promise<void> {
    while (!this.output().includes(text)) assert.ok(await this.read(), `over before ${JSON.stringify(text)}`)
  }

  async readToEnd(): Promise<void> {
    while (await this.read());
  }

  output(): string {
    return this.events.map(([, kind, data]) => (kind === 'o' ? data : '')).join('')
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

function ask(access: string, { ptySessionId }: TerminalSocket): Promise<Response> {
  return fetch(`${world.url}/api/v1/pty_sessions/${ptySessionId()}/live`, {
    headers: { authorization: `Bearer ${access}` },
  })
}

/** The end of an answer that no reader holds any more: it is forgotten, and its connection closed. */
const held: Response[] = []

async function follow(username: string, terminal: TerminalSocket): Promise<PolicySubjects> {
  const access = await world.signIn(username)
  const response = await ask(access, terminal)
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/x-asciicast'])
  held.push(response)
  return new PolicySubjects(access, response.body ?? assert.fail())
}

test('PTY-18 who watches gets the size and the screen as it is, then output and sizes as they happen, and the exit at the end', async () => {
  const ada = await world.begin('ada')
  ada.type('size\r')
  await ada.see('80 x 24')
  const live = await follow('olga', ada)
  await live.see('80 x 24')
  assert.deepEqual(live.head, {
    version: 3,
    term: { cols: 80, rows: 24 },
    timestamp: Math.floor(world.clock.wallMs() / 1000),
  })
  world.clock.advance(1_500)
  await world.ports.node.renew()
  ada.type('grüß Gott\r')
  await live.see('grüß: not found')
  ada.send({ type: 'resize', cols: 100, rows: 30 })
  await ada.next('size')
  ada.type('size\r')
  await live.see('100 x 30')
  ada.type('exit 7\r')
  await live.readToEnd()
  const [, ...later] = live.events
  assert.equal(
    later.reduce((seconds, [interval]) => seconds + interval, 0),
    1.5,
  )
  const others = later.filter(([, kind]) => kind !== 'o').map(([, kind, data]) => `${kind} ${data}`)
  assert.deepEqual(others, ['r 100x30', 'x 7'])
  assert.ok(live.output().indexOf('80 x 24') < live.output().indexOf('100 x 30'))
})

test('PTY-18 nothing is sent after the viewer has signed out, and the terminal continues', async () => {
  const ada = await world.begin('ada')
  const live = await follow('olga', ada)
  await live.see('$ ')
  await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token: live.access })
  await live.readToEnd()
  ada.type('size\r')
  await ada.see('80 x 24')
  assert.ok(!live.output().includes('size'))
  ada.type('exit 0\r')
  await ada.closed
})

test('PTY-18 a viewer who reads nothing costs the terminal nothing, and is disconnected after 30 s', async () => {
  const ada = await world.begin('ada')
  ada.acknowledge()
  const live = await follow('olga', ada)
  await live.see('$ ')
  const total = 48_000_000
  ada.type(`bytes ${total}\r`)
  while (ada.seq() < total) await ada.next('output')
  await passTime(world, 30_000, [ada])
  await answered(ada)
  await live.readToEnd()
  assert.ok(live.output().length < total)
  ada.type('exit 0\r')
  await ada.closed
})

/** Begins to watch a number of times, one after the other. */
async function followOften(count: number, access: string, terminal: TerminalSocket): Promise<void> {
  for (let index = 0; index < count; index += 1) held.push(await ask(access, terminal))
  assert.ok(held.every(({ status }) => status === 200))
}

test('PTY-19, PTY-12 one account watches a terminal ten times at most, until one of them ends; a refused request is no reading', async () => {
  const ada = await world.begin('ada')
  const readings = async () =>
    (await auditTrail(world)).filter(
      ({ action, subject }) => action === 'recording-read' && subject === `pty_session:${ada.ptySessionId()}`,
    ).length
  const live = await follow('olga', ada)
  const again = await world.signIn('olga')
  await followOften(9, again, ada)
  const refused = await ask(again, ada)
  assert.deepEqual([refused.status, await readings()], [503, 10])
  assert.equal(((await refused.json()) as { readonly type: string }).type, 'no-gateway')
  await call(world, { method: 'DELETE', path: '/api/v1/sessions/current', token: live.access })
  await followOften(1, again, ada)
  assert.equal((await ask(again, ada)).status, 503)
  ada.type('exit 0\r')
  await ada.closed
})

test('PTY-19 a hundred watch one terminal at most, and as many another one', async () => {
  const [ada, other] = [await world.begin('ada'), await world.begin('ada')]
  const tokens = []
  for (let index = 0; index < 11; index += 1) {
    await world.addAccount({ username: `viewer${index}`, password: goodPassword, groups: ['ops'] })
    tokens.push(await world.signIn(`viewer${index}`))
  }
  const last = tokens.pop() ?? assert.fail()
  for (const token of tokens) await followOften(10, token, ada)
  assert.deepEqual([(await ask(last, ada)).status, (await ask(last, other)).status], [503, 200])
  for (const terminal of [ada, other]) {
    terminal.type('exit 0\r')
    await terminal.closed
  }
})
