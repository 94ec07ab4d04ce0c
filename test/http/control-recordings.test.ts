/** Tests reading recordings. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { auditTrail } from '../fixtures/control-calls.ts'
import { type Person, type PtyWorld, ptyWorld } from '../fixtures/pty-world.ts'
import { controlWithoutTrail } from '../fixtures/terminals-in-memory.ts'

let world: PtyWorld

before(async () => {
  world = await ptyWorld()
})

after(() => world.close())

const text = '{"version":3,"term":{"cols":80,"rows":24}}\n[0.1,"o","grüß Gott"]\n'

/** A recorded and closed PTY session of `ada`. */
async function recorded(): Promise<{ readonly id: string; readonly bytes: Buffer }> {
  const { id } = await world.open(world.people.ada)
  await world.finish(id)
  return { id, bytes: Buffer.from(world.terminals.record(id, text)) }
}

type Read = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly bytes: Buffer }

async function read(
  by: Person,
  id: string,
  asked: {
    readonly headers?: Readonly<Record<string, string>>
    readonly method?: 'GET' | 'HEAD'
    readonly query?: string
  } = {},
): Promise<Read> {
  const { method = 'GET', headers = {}, query = '' } = asked
  const answer = await world.app.inject({
    method,
    url: `/api/v1/pty_sessions/${id}/recording${query}`,
    headers: { host: '127.0.0.1', authorization: `Bearer ${by.token}`, ...headers },
  })
  return { status: answer.statusCode, headers: answer.headers, bytes: answer.rawPayload }
}

async function readings(): Promise<(readonly [unknown, unknown, unknown])[]> {
  const events = (await auditTrail(world.sallyport)).filter(({ action }) => action === 'recording-read')
  return events.map(({ username, subject, detail }) => [username, subject, detail])
}

test('PTY-8, PTY-12 participants and administrators read a recording, each time with an audit event', async () => {
  const { ada, bob, eve, root } = world.people
  const { id } = await world.open(ada)
  await world.watch(eve, id)
  await world.finish(id)
  world.terminals.record(id, text)
  const before = (await readings()).length
  const statuses: number[] = []
  for (const by of [ada, eve, root, bob]) statuses.push((await read(by, id)).status)
  assert.deepEqual(statuses, [200, 200, 200, 403])
  const subject = `pty_session:${id}`
  assert.deepEqual(
    (await readings()).slice(before),
    ['ada', 'eve', 'root'].map((name) => [name, subject, { as: 'recording' }]),
  )
})

test('PTY-8, PTY-12 while the terminal runs, only accounts that may watch it read its recording, administrators too', async () => {
  const { ada, bob, eve, root } = world.people
  const { id } = await world.open(ada)
  await world.watch(eve, id)
  world.terminals.record(id, text, true)
  const before = (await readings()).length
  const statuses: number[] = []
  for (const by of [bob, eve, root]) statuses.push((await read(by, id)).status)
  assert.deepEqual([statuses, (await readings()).length - before], [[200, 403, 403], 1])
})

test('PTY-8, PTY-12 a PTY session without a recording is refused, without an audit event', async () => {
  const { ada } = world.people
  const { id } = await world.open(ada)
  const before = (await readings()).length
  const answer = await world.ask(ada, { path: `/api/v1/pty_sessions/${id}/recording` })
  assert.deepEqual(
    [answer.status, answer.body.type, (await readings()).length - before],
    [404, 'recording-not-found', 0],
  )
})

test('PTY-9 a recording is sent whole as asciicast with its size, and with a file name on request', async () => {
  const { id, bytes } = await recorded()
  const { status, headers, bytes: sent } = await read(world.people.ada, id)
  assert.deepEqual(
    [
      status,
      sent,
      headers['content-type'],
      headers['content-length'],
      headers['accept-ranges'],
      headers['cache-control'],
      headers['content-disposition'],
    ],
    [200, bytes, 'application/x-asciicast', String(bytes.length), 'bytes', 'private, no-cache', undefined],
  )
  const saved = await read(world.people.ada, id, { query: '?download=1' })
  assert.deepEqual([saved.bytes, saved.headers['content-disposition']], [bytes, `attachment; filename="${id}.cast"`])
  assert.equal((await read(world.people.ada, id, { query: '?download=yes' })).status, 400)
})

test('PTY-9 every range has exactly the bytes of that slice of the recording', async () => {
  const { id, bytes } = await recorded()
  const bound = fc.option(fc.nat({ max: bytes.length + 10 }), { nil: null })
  await fc.assert(
    fc.asyncProperty(bound, bound, async (first, last) => {
      const answer = await read(world.people.ada, id, { headers: { range: `bytes=${first ?? ''}-${last ?? ''}` } })
      const wanted = expectedRange(first, last, bytes.length)
      if (wanted === 'whole') assert.deepEqual([answer.status, answer.bytes], [200, bytes])
      else if (wanted === 'none') {
        assert.deepEqual([answer.status, answer.headers['content-range']], [416, `bytes */${bytes.length}`])
        assert.equal(answer.headers['content-type'], 'application/problem+json')
      } else {
        const [from, end] = wanted
        assert.deepEqual(
          [answer.status, answer.bytes, answer.headers['content-range'], answer.headers['content-length']],
          [206, bytes.subarray(from, end), `bytes ${from}-${end - 1}/${bytes.length}`, String(end - from)],
        )
      }
    }),
    { numRuns: 150 },
  )
})

/** Start and end (exclusive), by RFC 9110 section 14.1.2. */
function expectedRange(first: number | null, last: number | null, size: number): 'whole' | 'none' | [number, number] {
  if (first === null) return last === null ? 'whole' : last === 0 ? 'none' : [Math.max(0, size - last), size]
  if (last !== null && last < first) return 'whole'
  return first >= size ? 'none' : [first, last === null ? size : Math.min(last + 1, size)]
}

for (const range of ['bytes=0-1,3-4', 'lines=0-1', 'bytes=a-b', 'bytes=0', 'bytes=99999999999999999999-']) {
  test(`PTY-9 the range ${range} is ignored, and all is sent`, async () => {
    const { id, bytes } = await recorded()
    const answer = await read(world.people.ada, id, { headers: { range } })
    assert.deepEqual([answer.status, answer.bytes], [200, bytes])
  })
}

test('PTY-10 a growing recording is sent as far as it goes, without size, entity tag and ranges', async () => {
  const { ada, bob } = world.people
  const { id } = await world.open(ada)
  const bytes = Buffer.from(world.terminals.record(id, text, true))
  const { status, headers, bytes: sent } = await read(bob, id, { headers: { range: 'bytes=0-1' } })
  assert.deepEqual(
    [status, sent, headers['accept-ranges'], headers.etag, headers['content-range'], headers['content-length']],
    [200, bytes, 'none', undefined, undefined, undefined],
  )
  const before = (await readings()).length
  const head = await read(bob, id, { method: 'HEAD' })
  assert.deepEqual([head.status, head.bytes.length, (await readings()).length - before], [200, 0, 0])
})

test('PTY-11 conditions and HEAD work, and an answer without bytes writes no audit event', async () => {
  const { ada } = world.people
  const { id, bytes } = await recorded()
  const tag = String((await read(ada, id)).headers.etag)
  assert.match(tag, /^"[!-~]+"$/)
  const before = (await readings()).length
  const spared = await read(ada, id, { headers: { 'if-none-match': `"other", W/${tag}` } })
  assert.deepEqual([spared.status, spared.bytes.length, spared.headers.etag], [304, 0, tag])
  assert.equal((await read(ada, id, { headers: { 'if-none-match': '*' } })).status, 304)
  const head = await read(ada, id, { method: 'HEAD', headers: { range: 'bytes=0-1' } })
  assert.deepEqual(
    [head.status, head.bytes.length, head.headers['content-length'], head.headers['content-type']],
    [200, 0, String(bytes.length), 'application/x-asciicast'],
  )
  assert.equal((await read(ada, id, { headers: { range: `bytes=${bytes.length}-` } })).status, 416)
  assert.equal((await readings()).length, before)
  const range = 'bytes=1-2'
  const same = await read(ada, id, { headers: { range, 'if-range': tag } })
  const other = await read(ada, id, { headers: { range, 'if-range': '"other"' } })
  assert.deepEqual([same.status, other.status, other.bytes], [206, 200, bytes])
  assert.equal((await read(ada, id, { headers: { 'if-none-match': '"other"' } })).status, 200)
})

test('PTY-12 reading is refused if its audit event cannot be stored', async (t) => {
  const { ada } = world.people
  const { id } = await recorded()
  const app = controlWithoutTrail(world.sallyport, world.terminals)
  t.after(() => app.close())
  const answer = await app.inject({
    url: `/api/v1/pty_sessions/${id}/recording`,
    headers: { host: '127.0.0.1', authorization: `Bearer ${ada.token}` },
  })
  assert.deepEqual([answer.statusCode, answer.body.includes('version')], [500, false])
})
