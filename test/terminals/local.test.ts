/** The local transport: the contract of all transports, and who a shell on Sallyport's own machine is, and what it sees. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { type TestContext, test } from 'node:test'
import { systemTimers } from '../../src/terminals/timers.ts'
import { LocalTransport, type LocalTransportParts, whyNoLocalShell } from '../../src/terminals/transports/local.ts'
import { findOsUser } from '../../src/terminals/transports/os-users.ts'
import { SpawnBound } from '../../src/terminals/transports/spawn-bound.ts'
import { transportContract } from '../contracts/transport.ts'
import { FrameHandler } from '../fixtures/conversation.ts'
import { isAlive } from '../fixtures/process-state.ts'
import { whyNoPty } from '../fixtures/pty.ts'
import { terminalRequest } from '../fixtures/terminal-request.ts'

const isRoot = process.getuid?.() === 0
const skip = whyNoPty()
const skipUnlessRoot = skip !== false || isRoot ? skip : 'only root can run a shell as another OS user'
const ownUser = userInfo().username

transportContract({
  name: 'local',
  makeTransport: () => new LocalTransport(parts()),
  request: terminalRequest({ osUser: ownUser }),
  shell: 'posix',
  skip,
})

test('TRN-13 nothing of our environment reaches a shell', { skip }, async (t) => {
  process.env.SALLYPORT_MASTER_KEY = 'a-secret-of-the-test'
  t.after(() => {
    delete process.env.SALLYPORT_MASTER_KEY
  })
  const conversation = await open(t, { osUser: ownUser, command: "tr '\\0' '\\n' </proc/self/environ; echo over" })
  await conversation.until('over\r\n')
  const names = conversation.text().match(/^\w+(?==)/gm) ?? []
  // What a shell adds by itself is no inheritance.
  const inherited = names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).sort()
  assert.deepEqual(inherited, ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SALLYPORT_PTY_SESSION', 'SHELL', 'TERM', 'USER'])
  assert.doesNotMatch(conversation.text(), /a-secret-of-the-test/)
})

test('TRN-14 a shell runs as the named OS user, with its groups alone, on a terminal of its own, and gains no privileges', {
  skip: skipUnlessRoot,
}, async (t) => {
  const ownGroups = process.getgroups?.() ?? []
  process.setgroups?.([...ownGroups, 4])
  t.after(() => process.setgroups?.(ownGroups))
  const facts = 'id -un; id -Gn; pwd; test -O "$(tty)" && echo own; grep -E "^(NoNewPrivs|CapEff)" /proc/self/status'
  const conversation = await open(t, { osUser: 'nobody', command: facts })
  await conversation.terminal.exited
  assert.deepEqual(conversation.text().split(/\s+/).slice(0, -1), [
    'nobody',
    'nogroup',
    '/',
    'own',
    'CapEff:',
    '0000000000000000',
    'NoNewPrivs:',
    '1',
  ])
  assert.deepEqual(conversation.notices, [])
})

test('TRN-14 a shell of our own user says that it can read what Sallyport can read', { skip }, async (t) => {
  const conversation = await open(t, { osUser: ownUser, command: 'true' })
  await conversation.terminal.exited
  assert.deepEqual(conversation.notices, [
    `This shell runs as ${ownUser}, as Sallyport itself does: it can read what Sallyport can read.`,
  ])
})

/** Ways to leave something running; each says its process id. */
const jobs = {
  'a job in the background': 'sleep 1000 & echo pid $!.',
  'a job that was disowned': 'sleep 1000 & disown; echo pid $!.',
  'a job under nohup': 'nohup sleep 1000 >/dev/null 2>&1 & echo pid $!.',
  'a job that ignores every signal it can': "(trap '' HUP TERM; sleep 1000) & echo pid $!.",
  'a job that is stopped': 'sleep 1000 & kill -STOP $!; echo pid $!.',
  'a job that lets go of the terminal': '(exec sleep 1000 >/dev/null 2>&1 </dev/null) & echo pid $!.',
  'a program that began a session of its own':
    "setsid sh -c 'echo pid $$.; exec sleep 1000 >/dev/null 2>&1 </dev/null' &",
} as const
const survivor = 'a program that began a session of its own'

for (const [job, line] of Object.entries(jobs)) {
  for (const way of ['the shell’s exit', 'an end from outside'] as const) {
    test(`TRN-20 ${job} ${job === survivor ? 'survives, with a message,' : 'ends'} at ${way}`, {
      skip,
    }, async (t) => {
      const ptySessionId = randomUUID()
      const command = 'PS1=; exec bash --norc --noprofile -i'
      const conversation = await open(t, { osUser: ownUser, command, ptySessionId })
      conversation.type(`${line}\r`)
      const id = Number(/pid (\d+)\.\r/.exec(await untilMatch(conversation, /pid \d+\.\r/))?.[1])
      t.after(() => {
        if (isAlive(`${id}`)) process.kill(id, 'SIGKILL')
      })
      // An interactive shell asks once whether its stopped jobs are to be left.
      if (way === 'the shell’s exit') conversation.type('exit\rexit\r')
      await (way === 'the shell’s exit' ? conversation.terminal.exited : conversation.terminal.end())
      const told = conversation.notices.filter((sentence) => sentence.startsWith('Detached programs'))
      const lives = job === survivor
      assert.deepEqual(
        [isAlive(`${id}`), told],
        [lives, lives ? [`Detached programs (setsid) still run: sleep (process ${id}).`] : []],
      )
    })
  }
}

async function untilMatch(conversation: FrameHandler, pattern: RegExp): Promise<string> {
  while (!pattern.test(conversation.text())) await conversation.until('')
  return conversation.text()
}

test('TRN-15 what this machine cannot do comes as an exit that says so', async (t) => {
  const endings: [Partial<LocalTransportParts>, string][] = [
    [{}, 'nobody-of-that-name'],
    [{ ownUid: 4_000_000 }, 'nobody'],
    [{ ownUid: 0, setpriv: null }, 'nobody'],
    [{ isAllowed: () => Promise.resolve('not today') }, 'nobody'],
  ]
  const exits: unknown[] = []
  for (const [changed, osUser] of endings) {
    const conversation = await open(t, { osUser, command: 'true' }, changed)
    assert.equal(conversation.type('exit\r'), 0)
    exits.push(await conversation.terminal.end())
  }
  const failed = (detail: string): unknown => ({ code: -1, signal: 0, failure: { kind: 'not-possible-here', detail } })
  assert.deepEqual(exits, [
    failed('there is no such OS user on this machine'),
    failed('only root can run a shell as another OS user'),
    failed('setpriv of util-linux is needed to run a shell as another OS user'),
    failed('not today'),
  ])
})

test('TRN-15 the policy of local shells knows whether the shell would be one of our own user', {
  skip: skipUnlessRoot,
}, async (t) => {
  const asked: boolean[] = []
  const isAllowed = (isOwnUser: boolean): Promise<string> => {
    asked.push(isOwnUser)
    return Promise.resolve('not today')
  }
  await open(t, { osUser: 'nobody' }, { isAllowed })
  await open(t, { osUser: ownUser }, { isAllowed })
  assert.deepEqual(asked, [false, true])
})

test('TRN-15 a closed transport opens nothing', async () => {
  const transport = new LocalTransport(parts())
  await transport.close()
  const opening = transport.open(terminalRequest({ osUser: ownUser }), { onOutput: () => undefined })
  await assert.rejects(opening, { code: 'NO_GATEWAY' })
})

test('TRN-16 local shells are off by default, and one of our own user is refused beside an ssh server', () => {
  const whether = (isAsked: boolean, isOwnUser: boolean, hasSshServers: boolean): boolean =>
    whyNoLocalShell({ isAsked, isOwnUser, hasSshServers }) === null
  assert.deepEqual(
    [
      whether(false, false, false),
      whether(false, true, false),
      whether(true, false, false),
      whether(true, false, true),
      whether(true, true, false),
      whether(true, true, true),
    ],
    [false, false, true, true, true, false],
  )
})

test('TRN-14 OS users are read from well-formed passwd lines, with a default shell and home', () => {
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    'ada:x:1000:1001:Ada,,,:/home/ada:',
    'ops:x:1002:1002:::/bin/sh',
    'torn:x:1003',
    'bad:x:one:1:::/bin/sh',
    '',
  ].join('\n')
  assert.deepEqual(
    ['root', 'ada', 'ops', 'torn', 'bad', '', 'x', 'ro'].map((name) => findOsUser(passwd, name)),
    [
      { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
      { name: 'ada', uid: 1000, gid: 1001, home: '/home/ada', shell: '/bin/sh' },
      { name: 'ops', uid: 1002, gid: 1002, home: '/', shell: '/bin/sh' },
      ...[null, null, null, null, null],
    ],
  )
})

function parts(changed: Partial<LocalTransportParts> = {}): LocalTransportParts {
  return {
    timers: systemTimers,
    bound: new SpawnBound(systemTimers),
    isAllowed: () => Promise.resolve(null),
    ...changed,
  }
}

async function open(
  t: TestContext,
  request: Partial<Parameters<LocalTransport['open']>[0]>,
  changed: Partial<LocalTransportParts> = {},
): Promise<FrameHandler> {
  const transport = new LocalTransport(parts(changed))
  t.after(() => transport.close())
  return await FrameHandler.open(transport, terminalRequest(request))
}
