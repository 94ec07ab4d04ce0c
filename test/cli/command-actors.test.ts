/** Cli tests: the actors of the command line in the audit trail. Every verb has a row. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { dataPath, sallyport } from './sallyport-process.ts'

const password = 'correct horse battery staple\n'
const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPsLBtVq6Vp1Rl5nhZpG0nVGHl9GW+wJ8W0p8r0yPzM'

/** The reason why a verb writes no event of its own to the chain of commands. */
type Silent = 'reads' | 'speaks to a server' | 'needs a recording' | 'is the server' | 'needs a second factor'

/** Each verb in an order in which it can run: its words, or the reason why it does not run. */
const verbs: Readonly<Record<string, readonly string[] | Silent>> = {
  'account add': ['ada', '--group', 'ops', '--password-stdin'],
  'account set': ['ada', '--add-group', 'web'],
  'account set-password': ['ada', '--password-stdin'],
  'account list': 'reads',
  'account show': 'reads',
  'account disable': ['ada'],
  'account enable': ['ada'],
  'account reset-second-factor': 'needs a second factor',
  'organization add': ['acme'],
  'organization list': 'reads',
  'organization add-member': ['acme', 'ada'],
  'organization remove-member': ['acme', 'ada'],
  'organization remove': ['acme'],
  'account remove': ['ada'],
  'server add': ['web-1', '--address', '192.0.2.1', '--os-user', 'deploy', '--group', 'ops', '--host-key', hostKey],
  'server set': ['web-1', '--port', '2222'],
  'server list': 'reads',
  'server setup': 'reads',
  'change add': [
    'CR-1',
    '--server',
    'web-1',
    '--os-user',
    'deploy',
    '--group',
    'ops',
    '--from',
    'now',
    '--until',
    '+1h',
  ],
  'change list': 'reads',
  'change show': 'reads',
  'change approve': ['CR-1'],
  'policy set': ['--change', 'CR-1', 'POLICY'],
  'policy show': 'reads',
  'policy remove': ['--change', 'CR-1'],
  'change close': ['CR-1'],
  'server remove': ['web-1'],
  'catalogue set': ['ops', 'CATALOGUE'],
  'catalogue show': 'reads',
  'catalogue list': 'reads',
  'catalogue test': 'reads',
  'catalogue remove': ['ops'],
  'recording list': 'reads',
  'recording play': 'needs a recording',
  'recording export': 'needs a recording',
  'recording verify': 'reads',
  'recording search': 'reads',
  'recording keys': 'reads',
  'audit list': 'reads',
  'audit export': 'reads',
  'audit verify': 'reads',
  'audit keys': 'reads',
  serve: 'is the server',
  login: 'speaks to a server',
  logout: 'speaks to a server',
  whoami: 'speaks to a server',
  'sessions list': 'speaks to a server',
  'sessions end': 'speaks to a server',
  'pty start': 'speaks to a server',
  'pty join': 'speaks to a server',
  'pty list': 'speaks to a server',
  'pty end': 'speaks to a server',
}

function leavesOf(command: Command, path = ''): readonly string[] {
  return command.commands.length === 0
    ? [path]
    : command.commands.flatMap((one) => leavesOf(one, `${path} ${one.name()}`.trim()))
}

type Event = { readonly command_line?: string; readonly actor?: Readonly<Record<string, unknown>> }

test('AUD-6 every change on the command line names its verb, the OS user, and the claimed caller of sudo', async (t) => {
  assert.deepEqual(Object.keys(verbs).sort(), [...leavesOf(createProgram())].sort(), 'every verb has a row')
  const data = dataPath(t)
  const files = { POLICY: join(dirname(data), 'policy.json'), CATALOGUE: join(dirname(data), 'catalogue') }
  writeFileSync(files.POLICY, '{"idle_minutes":5}')
  writeFileSync(
    files.CATALOGUE,
    JSON.stringify({ commands: [{ name: 'uptime', words: ['uptime'], description: 'Load' }] }),
  )
  const { uid, username } = userInfo()
  for (const [verb, words] of Object.entries(verbs)) {
    if (typeof words === 'string') continue
    const typed = [...verb.split(' '), ...words.map((word) => files[word as keyof typeof files] ?? word)]
    const env = { SUDO_USER: 'eve\u001b[2J' }
    const done = await sallyport(typed, {
      data,
      env,
      ...(words.includes('--password-stdin') ? { input: password } : {}),
    })
    assert.equal(done.code, 0, `${verb}: ${done.stderr}`)
    const { stdout } = await sallyport(['audit', 'list', '--chain', 'command', '--json', '--limit', '1'], { data })
    const [event] = JSON.parse(stdout) as readonly Event[]
    assert.ok(event?.command_line?.startsWith(`sallyport ${verb}`), `${verb}: ${event?.command_line}`)
    const { login_uid: _login, ...actor } = event?.actor ?? {}
    assert.deepEqual(actor, { kind: 'os_user', uid, name: username, claimed_by: 'eve' }, verb)
  }
})
