import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { call, signInAs } from '../fixtures/control-calls.ts'
import { isAlive } from '../fixtures/process-state.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import type { RunningSallyport } from '../fixtures/run-sallyport.ts'
import { sshdWorld } from '../fixtures/sshd-world.ts'
import { openTerminalSocket, type TerminalSocket } from '../fixtures/terminal-socket.ts'

const { skip } = requireTools('ssh', 'sshd')

async function enter(
  sallyport: RunningSallyport,
  ask: { token: string; path: string; body: object },
): Promise<TerminalSocket> {
  const answer = await call(sallyport, { method: 'POST', path: ask.path, token: ask.token, body: ask.body })
  assert.equal(answer.status, 200)
  const socket = openTerminalSocket(answer.body)
  await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, cols: 80, rows: 24 } })
  await socket.next('welcome')
  socket.acknowledge()
  return socket
}

async function resume(
  sallyport: RunningSallyport,
  before: TerminalSocket,
  { inputSeq, size = { cols: 80, rows: 24 } }: { inputSeq: number; size?: { cols: number; rows: number } },
): Promise<TerminalSocket> {
  const offers = ['X-Proxy-Session-Token', `resume.${before.resumeSecret()}`, 'pty.v1']
  const socket = openTerminalSocket({ proxyUrl: sallyport.url, token: '', offers })
  await socket.opened
  socket.send({ type: 'hello', hello: { v: 1, ...size, resume: { seq: before.seq(), inputSeq } } })
  await socket.next('welcome')
  socket.acknowledge()
  return socket
}

/** Types a line that prints a marker of two halves, so that its echo differs from its output. */
async function run(socket: TerminalSocket, line: string, mark: string): Promise<void> {
  const [head = '', ...tail] = mark
  socket.type(`${line}; echo ${head}''${tail.join('')}\r`)
  await socket.see(mark)
}

test('E2E-1 a token opens a shell on a real sshd: with input, sizes, an observer, a drop and a resume, and its end after the sign-out', {
  skip,
}, async (t) => {
  const { sallyport, sshd, startBody } = await sshdWorld(t)
  const session = await signInAs(sallyport, 'ada')
  const ada = await enter(sallyport, { token: session.access_token, path: '/api/v1/pty_token/start', body: startBody })
  await run(ada, 'echo $((6*7))', 'first-mark')
  assert.match(ada.text(), /\r42\r\n/)
  await sshd.logged(new RegExp(`pty=${ada.ptySessionId()};account=ada;change=CR1`))

  ada.send({ type: 'resize', cols: 101, rows: 33 })
  await ada.next('size', ({ cols }) => cols === 101)
  await run(ada, 'stty size', 'second-mark')
  assert.match(ada.text(), /\r33 101\r\n/)

  const olga = await enter(sallyport, {
    token: (await signInAs(sallyport, 'olga')).access_token,
    path: '/api/v1/pty_token/join',
    body: { pty_session_id: ada.ptySessionId(), start_role: 'observer' },
  })
  await olga.next('snapshot')
  await run(ada, 'true', 'third-mark')
  await olga.see('third-mark')

  const typed = 4
  ada.type("seq -f 'line %.0f' 1 200000; echo fourth''-mark\r")
  await ada.see('line 50')
  const pieces = [ada]
  for (let drop = 0; drop < 3; drop += 1) {
    const last = pieces.at(-1) as TerminalSocket
    await last.next('output')
    last.webSocket.terminate()
    await last.closed
    pieces.push(await resume(sallyport, last, { inputSeq: typed }))
  }
  const back = pieces.at(-1) as TerminalSocket
  await back.see('fourth-mark')
  const whole = pieces.map((socket) => socket.text()).join('')
  const lines = whole.slice(whole.indexOf('line 1\r\n')).match(/line \d+\r\n/g)
  assert.deepEqual(
    lines,
    Array.from({ length: 200_000 }, (_, index) => `line ${index + 1}\r\n`),
  )

  await run(back, 'echo "pid=$$ ppid=$PPID"', 'fifth-mark')
  const [, pid, parent] = /pid=(\d+) ppid=(\d+)\r\n/.exec(back.text()) ?? []
  assert.ok(isAlive(pid) && isAlive(parent))
  const signedOutAt = performance.now()
  const { status } = await call(sallyport, {
    method: 'DELETE',
    path: '/api/v1/sessions/current',
    token: session.access_token,
  })
  assert.equal(status, 204)
  while (isAlive(pid)) await pause(5)
  t.diagnostic(`the shell was dead ${Math.round(performance.now() - signedOutAt)} ms after the sign-out was asked for`)
  assert.deepEqual([(await back.closed).code, (await olga.closed).code], [4423, 4423])
})

test('GTW-26, GTW-27 a shell on a real sshd has the size of a window before the input after it, and after a resume', {
  skip,
}, async (t) => {
  const { sallyport, startBody } = await sshdWorld(t)
  const { access_token: token } = await signInAs(sallyport, 'ada')
  const ada = await enter(sallyport, { token, path: '/api/v1/pty_token/start', body: startBody })
  await run(ada, 'stty -echo', 'first-mark')
  for (let round = 0; round < 20; round += 1) {
    ada.send({ type: 'resize', cols: 100 + round, rows: 30 })
    ada.type(`stty size; echo round-${round}.\r`)
    await ada.see(`round-${round}.`)
  }
  const rounds = ada.text().match(/30 1\d\d\r\nround-\d+\./g)
  assert.deepEqual(
    rounds,
    Array.from({ length: 20 }, (_, round) => `30 ${100 + round}\r\nround-${round}.`),
  )
  ada.webSocket.terminate()
  await ada.closed
  const back = await resume(sallyport, ada, { inputSeq: 21, size: { cols: 133, rows: 44 } })
  back.send({ type: 'input', inputSeq: 22, bytes: Buffer.from('stty size; echo last-mark\r') })
  await back.see('last-mark')
  assert.match(back.text(), /44 133\r\n/)
})
