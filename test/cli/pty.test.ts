/** Cli tests: attached terminals: the command in a real PTY, at a real server whose terminals echo. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setPolicy } from '../../src/core/terminals/set-policy.ts'
import type { PolicyDocument } from '../../src/core/terminals/terminal-policy.ts'
import { codeOf, enrol, goodPassword } from '../fixtures/control-calls.ts'
import { echoPattern } from '../fixtures/echo-transport.ts'
import { whyNoPty } from '../fixtures/pty.ts'
import type { TerminalSocket } from '../fixtures/terminal-socket.ts'
import { type TerminalWorld, terminalWorld } from '../fixtures/terminal-world.ts'
import { attachedShell, attachedTo, endOf, processOf, signalCode } from './attached-shell.ts'
import { type BreakingProxy, openProxy } from './breaking-proxy.ts'
import { type ClientHome, clientHome } from './client-home.ts'

const words = ['pty', 'start', 'web-1', '--as', 'deploy', '--change', 'CR1']
const start = `sallyport ${words.join(' ')}`
const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const

suite('attached terminals', { skip: whyNoPty() }, () => {
  let world: TerminalWorld
  let proxy: BreakingProxy
  let ada: ClientHome
  let olga: ClientHome
  const afterwards: (() => void)[] = []
  before(async () => {
    proxy = await openProxy()
    // Commands use the clock of this machine.
    world = await terminalWorld({ now: Date.now(), config: { publicUrl: proxy.url } })
    proxy.connectTo(world.url)
    const kept = { after: (run: () => void) => afterwards.push(run) }
    ada = clientHome(kept)
    olga = clientHome(kept)
    await ada.login(proxy.url, 'ada')
    await olga.login(proxy.url, 'olga')
  })
  after(async () => {
    for (const run of afterwards) run()
    await world.close()
    proxy.close()
  })

  test('CLI-62, CLI-72 at a terminal the name, the password and the code are asked for, and the password is not echoed', async (t) => {
    await world.addAccount({ username: 'zoe', password: goodPassword })
    const secret = await enrol(world, await world.signIn('zoe'))
    world.clock.advance(30_000)
    const shell = await attachedShell(t, clientHome(t), `sallyport login --server ${proxy.url}`)
    await shell.until('Username: ')
    shell.type('zo\u007foe\r')
    await shell.until('Password: ')
    shell.type(`${goodPassword}\r`)
    await shell.until('Code: ')
    shell.type(`${codeOf(secret, world.clock.wallMs())}\r`)
    await shell.until(`Signed in at ${proxy.url} as zoe.`)
    assert.deepEqual(await endOf(shell), { code: 0, isSame: true })
    assert.doesNotMatch(shell.text(), /horse/)
  })

  test('CLI-70, CLI-71, CLI-72 a terminal starts, takes input, shows output, is resized, and ends with the code of its program', async (t) => {
    const shell = await attachedShell(t, ada, start)
    await attachedTo(shell)
    await shell.until('$ ')
    shell.type('size\r')
    await shell.until('size\r\n80 x 24\r\n$ ')
    shell.terminal.resize({ cols: 101, rows: 33 })
    // The server gets a size 50 ms after its last change.
    while (!shell.text().includes('101 x 33')) {
      shell.type('size\r')
      await shell.until('size\r\n')
      await shell.until('$ ')
    }
    shell.type('bytes 1000000\r')
    await shell.until('bytes 1000000\r\n')
    assert.equal(await shell.until('$ '), `${Buffer.from(echoPattern(1_000_000)).toString()}$ `)
    shell.type('\u0003')
    await shell.until('^C\r\n$ ')
    shell.type('exit 7\r')
    assert.deepEqual(await endOf(shell), { code: 7, isSame: true })
  })

  test('CLI-71, CLI-72, CLI-73 a user who leaves ends with 0, and the PTY session continues for a user who joins', async (t) => {
    const shell = await attachedShell(t, ada, start)
    const id = await attachedTo(shell)
    await shell.until('$ ')
    shell.type('~?')
    await shell.until('~e  end the PTY session for all participants')
    shell.type('~~x\r')
    await shell.until('~x\r\n~x: not found\r\n$ ')
    shell.type('~zoe\r')
    await shell.until('~zoe\r\n~zoe: not found\r\n$ ')
    shell.type('a~.\r')
    await shell.until('a~.\r\na~.: not found\r\n$ ')
    shell.type('~')
    shell.type('.')
    assert.deepEqual(await endOf(shell), { code: 0, isSame: true })
    assert.match(shell.text(), new RegExp(`You left; the PTY session goes on: sallyport pty join ${id}\r\n`))
    const again = await attachedShell(t, ada, `sallyport pty join ${id}`)
    await again.until('a~.: not found')
    again.type('exit 3\r')
    assert.deepEqual(await endOf(again), { code: 3, isSame: true })
  })

  test("CLI-71, CLI-72, CLI-73 an end that is not the program's own is 255 and a sentence", async (t) => {
    const shell = await attachedShell(t, ada, start)
    await attachedTo(shell)
    await shell.until('$ ')
    shell.type('~e')
    assert.deepEqual(await endOf(shell), { code: 255, isSame: true })
    assert.match(shell.text(), /sallyport: The implementor ended the session\.\r\n/)
  })

  test('CLI-71, CLI-72 a signal leaves the PTY session and restores the terminal', async (t) => {
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      const shell = await attachedShell(t, ada, start)
      const pid = await processOf(shell)
      const id = await attachedTo(shell)
      await shell.until('$ ')
      process.kill(pid, signal)
      assert.deepEqual(await endOf(shell), { code: signalCode(signal), isSame: true }, signal)
      assert.equal((await ada.run(['pty', 'end', id])).code, 0)
    }
  })

  test('CLI-74, CLI-78 an observer sees the screen and sends no input, and each participant gets the notices', async (t) => {
    const shell = await attachedShell(t, ada, start)
    const id = await attachedTo(shell)
    await shell.until('$ ')
    shell.type('first\r')
    await shell.until('first: not found\r\n$ ')
    const watching = await attachedShell(t, olga, `sallyport pty join ${id} --observe`)
    await watching.until(`Watching PTY session ${id} on web-1 as deploy with ada; ~? for help.`)
    await watching.until('first: not found')
    await shell.until('sallyport: olga joined as an observer.\r\n')
    watching.type('exit 9\r')
    await watching.until('sallyport: You are watching: your input is not sent. ~. leaves, ~? helps.\r\n')
    watching.type('~p~s')
    await Promise.all([shell, watching].map((each) => each.until('sallyport: An observer has paused the input; ')))
    watching.type('~s')
    await shell.until('sallyport: Input is unblocked.\r\n')
    shell.type('second\r')
    await watching.until('second: not found')
    watching.type('~.')
    assert.deepEqual(await endOf(watching), { code: 0, isSame: true })
    await shell.until('sallyport: olga left.\r\n')
    shell.type('exit 0\r')
    assert.deepEqual(await endOf(shell), { code: 0, isSame: true })
    assert.doesNotMatch(shell.text(), /exit 9/)
    const { stdout } = await ada.run(['recording', 'export', id, '--data', world.dataDir])
    assert.deepEqual(
      [...stdout.matchAll(/"m", "(.*olga.*)"/g)].map(([, mark]) => mark),
      ['joined olga observer', 'present olga', 'pause olga', 'continue olga', 'left olga observer left'],
    )
  })

  test('CLI-71, CLI-74, CLI-78 an observer gets messages, and an end as 255 and its sentence', async (t) => {
    const socket = await world.begin('ada')
    const watching = await attachedShell(t, olga, `sallyport pty join ${socket.ptySessionId()} --observe`)
    await attachedTo(watching)
    socket.send({ type: 'control', control: { action: 'message', text: 'look here' } })
    await watching.until('sallyport: ada: look here\r\n')
    socket.send({ type: 'control', control: { action: 'end' } })
    assert.deepEqual(await endOf(watching), { code: 255, isSame: true })
    assert.match(watching.text(), /sallyport: The implementor ended the session\.\r\n/)
  })

  test('CLI-75 a connection that breaks during output is made again, and no byte is lost or repeated', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sally-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const output = join(folder, 'output')
    const shell = await attachedShell(t, ada, `${start} >${output}`)
    await attachedTo(shell)
    proxy.breakAfter(100_000)
    shell.type('bytes 400000\r')
    await shell.until('sallyport: The connection was lost. Trying again; ~. leaves.\r\n')
    await shell.until('sallyport: Connected again.\r\n')
    shell.type('exit 5\r')
    assert.deepEqual(await endOf(shell), { code: 5, isSame: true })
    const pattern = Buffer.from(echoPattern(400_000)).toString()
    assert.equal(readFileSync(output, 'latin1') === `$ bytes 400000\r\n${pattern}$ exit 5\r\n`, true)
  })

  test('CLI-76, CLI-78 piped input is sent unchanged, its end is one ^D, and there are no notices', async () => {
    assert.deepEqual(await ada.run(words, 'size\n~.\n'), {
      code: 0,
      stdout: '$ size\r\n80 x 24\r\n$ ~.\r\n~.: not found\r\n$ ',
      stderr: '',
    })
    assert.deepEqual(await ada.run(words, 'exit 4\n'), { code: 4, stdout: '$ exit 4\r\n', stderr: '' })
  })

  test('CLI-77 the running PTY sessions are listed, and one is ended', async () => {
    const socket = await world.begin('ada')
    const id = socket.ptySessionId()
    const other = await world.begin('olga')
    other.send({ type: 'control', control: { action: 'end' } })
    await other.closed
    const [header, ...rows] = (await ada.run(['pty', 'list'])).stdout.trimEnd().split('\n')
    assert.match(header ?? '', /^ID +STATE +SERVER +OS USER +FOR +STARTED BY +IMPLEMENTOR +OBSERVERS +CREATED +END$/)
    assert.deepEqual(
      rows.map((row) => row.split(/\s{2,}/).slice(0, 8)),
      [[id, 'active', 'web-1', 'deploy', 'CR1', 'ada', 'ada', '-']],
    )
    assert.deepEqual(await ada.run(['pty', 'end', id]), {
      code: 0,
      stdout: `Ended the PTY session ${id}.\n`,
      stderr: '',
    })
    assert.equal((await socket.closed).code, 4410)
    assert.deepEqual(await ada.run(['pty', 'list']), {
      code: 0,
      stdout: '',
      stderr: 'No PTY session is running; see --all.\n',
    })
    const all = JSON.parse((await ada.run(['pty', 'list', '--all', '--json'])).stdout) as {
      id: string
      state: string
    }[]
    assert.equal(all.find((session) => session.id === id)?.state, 'closed')
  })

  test('CLI-79 a blocked paste is dropped by ~n and sent by ~y, which are input at other times', async (t) => {
    await rule({ observers: { count: 1, onLeave: 'pause' } })
    t.after(() => rule(null))
    const shell = await attachedShell(t, ada, start)
    const id = await attachedTo(shell)
    const observer = await observe(id)
    await shell.until('sallyport: Input is unblocked.\r\n')
    shell.type('one\rtwo')
    await shell.until('(~y sends it, ~n does not)\r\n')
    shell.type('~n')
    shell.type('~y\r')
    await shell.until('~y: not found\r\n$ ')
    shell.type('three\rfour\r')
    await shell.until('(~y sends it, ~n does not)\r\n')
    shell.type('~y')
    await shell.until('four: not found\r\n$ ')
    assert.doesNotMatch(shell.text(), /one: not found/)
    shell.type('~e')
    assert.equal((await endOf(shell)).code, 255)
    await observer.closed
  })

  test('CLI-84 a notice about blocked input is printed once, however much is typed meanwhile', async (t) => {
    await rule({ observers: { count: 1, onLeave: 'pause' } })
    t.after(() => rule(null))
    const shell = await attachedShell(t, ada, start)
    const id = await attachedTo(shell)
    const refused = 'sallyport: Not sent: too few observers are watching.\r\n'
    shell.type('a')
    await shell.until(refused)
    // The gateway sends the event again a second later.
    for (const key of ['b', 'c']) {
      world.clock.advance(1_500)
      shell.type(key)
      await world.ports.node.renew()
    }
    const observer = await observe(id)
    await shell.until('sallyport: Input is unblocked.\r\n')
    shell.type('done\r')
    await shell.until('done: not found\r\n$ ')
    assert.equal(shell.text().split(refused).length, 2)
    shell.type('exit 0\r')
    assert.equal((await endOf(shell)).code, 0)
    await observer.closed
  })

  function rule(policy: PolicyDocument | null): Promise<void> {
    return setPolicy(world.ports, { subject: { kind: 'server', name: 'web-1' }, policy }, request)
  }

  async function observe(id: string): Promise<TerminalSocket> {
    const socket = await world.enter(await world.join(await world.signIn('olga'), id, 'observer'))
    socket.acknowledge()
    return socket
  }
})
