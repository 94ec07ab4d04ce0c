/** Client tests: how often, and for how long, a terminal is tried again; sockets that never open, so that only time decides. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TerminalWebSocket } from '../../src/client/terminal-socket.ts'
import { dropped, type observe, opened, welcomeWith } from './terminal-gateway.ts'

const exact = (ms: number): number => Number(ms.toFixed(3))

type Attempt = { readonly atMs: number; readonly close: () => void }

test('CLT-36 waits double from 250 ms to 5 s, are shortened by at most a half, and end a minute after the drop', async (t) => {
  for (const [random, share] of [
    [0, 1],
    [0.5, 0.75],
    [0.98, 0.51],
  ] as const) {
    const attempts: Attempt[] = []
    const { all, fail } = await failing(t, attempts, random)
    while (all.terminal.state !== 'closed') {
      const [wait = 0] = all.time.pending
      all.time.advance(wait)
      fail()
    }
    const waits = attempts.map(({ atMs }, index) => atMs - (attempts[index - 1]?.atMs ?? 1000))
    const doubled = [250, 500, 1000, 2000, 4000].map((wait) => wait * share)
    assert.deepEqual(waits.slice(0, 5).map(exact), doubled.map(exact))
    assert.deepEqual(new Set(waits.slice(5).map(exact)), new Set([exact(5000 * share)]))
    assert.deepEqual([all.time.nowMs, all.time.pending], [61_000, []])
    const reason = {
      closeCode: 1006,
      code: null,
      sentence: 'The connection was lost, and could not be made again within a minute.',
      retry: 'new-token',
    }
    assert.deepEqual(all.states.left.at(-1), ['closed', reason])
  }
})

test('CLT-36 an attempt that is not answered within 10 s is given up for the next one', async (t) => {
  const attempts: Attempt[] = []
  const { all } = await failing(t, attempts, 0)
  all.time.advance(250)
  assert.equal(attempts.length, 1)
  all.time.advance(10_000 + 500)
  assert.deepEqual([attempts.length, all.states.left], [2, []])
  all.time.advance(60_000)
  assert.deepEqual([all.terminal.state, all.time.pending], ['closed', []])
})

test('CLT-36 a line that drops again within 5 s of its welcome retries with the longer wait', async (t) => {
  const all = await opened(t)
  const { next } = await dropped(all)
  next.send(welcomeWith())
  await all.states.next()
  next.drop()
  await all.states.next()
  const [shaken] = all.time.pending
  all.time.advance(500)
  const third = await all.gateway.peers.next()
  third.send(welcomeWith())
  await all.states.next()
  all.time.advance(5000)
  third.drop()
  await all.states.next()
  assert.deepEqual([shaken, all.time.pending[0]], [500, 250])
})

/** A terminal that was welcomed and dropped; all its further sockets stay silent until a test lets them fail. */
async function failing(t: Parameters<typeof opened>[0], attempts: Attempt[], random: number) {
  let sockets = 0
  let time: ReturnType<typeof observe>['time'] | null = null
  let fail = (): void => undefined
  const socket = (url: string, offers: string[]): TerminalWebSocket => {
    sockets += 1
    if (sockets === 1) return new WebSocket(url, offers)
    return {
      binaryType: 'arraybuffer',
      protocol: '',
      readyState: 0,
      send: () => undefined,
      close: () => undefined,
      addEventListener: (type: string, listener: (event: never) => void) => {
        if (type !== 'close') return
        const close = () => listener({ code: 1006 } as never)
        attempts.push({ atMs: time?.nowMs ?? 0, close })
        fail = close
      },
    }
  }
  const all = await opened(t, { socket, random: () => random })
  time = all.time
  all.peer.drop()
  await all.states.next()
  return { all, fail: () => fail() }
}

test('CLT-23 nothing is sent, nor taken as sent, into a socket that has begun to close', async (t) => {
  let made: WebSocket | null = null
  const socket = (url: string, offers: string[]): TerminalWebSocket => {
    made = new WebSocket(url, offers)
    return made
  }
  const { terminal } = await opened(t, { socket })
  assert.equal(terminal.control({ action: 'present' }), true)
  const current = made as WebSocket | null
  current?.close()
  assert.deepEqual([current?.readyState, terminal.state], [WebSocket.CLOSING, 'open'])
  assert.equal(terminal.control({ action: 'present' }), false)
})
