/** Terminals tests: each way around a filter of keystrokes that is known, tried on a health check over a real shell. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { forcedCommand } from '../../../src/core/terminals/command-words.ts'
import { type OpenedCheck, openCheck, prompt } from '../../fixtures/health-check.ts'
import { type PipeTransport, pipeTransport } from '../../fixtures/pipe-transport.ts'
import { requireTools } from '../../fixtures/require-tool.ts'

const vim = requireTools('vim')

type World = {
  readonly check: OpenedCheck
  readonly transport: PipeTransport
  /** A folder of this test alone; in it are `listed` and `secret`. */
  readonly folder: string
  /** Returns whether the file exists that every attack tries to write. */
  readonly isBroken: () => boolean
  /** What an attack would run: it leaves the file. */
  readonly attack: string
}

/** Opens a health check over a real shell, with a catalogue of harmless commands. */
async function world(t: TestContext, more: readonly (readonly unknown[])[] = []): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'sally-check-'))
  for (const name of ['listed', 'secret']) writeFileSync(join(folder, name), `${name} text\n`)
  const transport = pipeTransport()
  const check = openCheck({ transport }, [
    ['ls', { path: { under: folder } }],
    ['ls', '-1', { pattern: 'ls' }],
    ['echo', { pattern: '[a-z0-9_.:@,+=/-]*' }, { pattern: '[^-].*' }],
    ['echo', { pattern: '.*' }],
    ['cat', { path: { under: join(folder, 'listed') } }],
    ...more,
  ])
  t.after(async () => {
    await check.terminal.end()
    await transport.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await check.until(prompt)
  const mark = join(folder, 'broken')
  return { check, transport, folder, isBroken: () => existsSync(mark), attack: `touch ${mark}` }
}

/** Types pieces, each line of which comes to its end, and returns which commands ran. */
async function commandsAfter(
  { check, transport }: World,
  pieces: readonly string[],
): Promise<readonly (string | null)[]> {
  for (const piece of pieces) {
    check.type(piece)
    if (/[\r\n]/.test(piece)) await check.until(prompt)
  }
  // The answer to this line shows that all before it was done.
  check.type('\x03')
  check.type('echo reached\r')
  await check.until('\nreached\n')
  await check.until(prompt)
  return transport.commands.filter((command) => command !== forcedCommand(['echo', 'reached']))
}

/** Lines in which a shell would see more than words, each with the reason for its refusal. */
const refusedLines: readonly (readonly [title: string, line: (folder: string, attack: string) => string])[] = [
  [
    'HLT-1 the bypass ls; rm behind an allowed ls is refused for its semicolon',
    (folder, attack) => `ls ${folder}; ${attack}`,
  ],
  ['HLT-1 the bypass && is refused', (folder, attack) => `ls ${folder} && ${attack}`],
  ['HLT-1 the bypass of a pipe into sh is refused', (_, attack) => `echo ${attack} | sh`],
  ['HLT-1 the bypass & is refused', (folder, attack) => `ls ${folder} & ${attack}`],
  ['HLT-1 the bypass $a, a variable that holds a command, is refused', () => 'echo $a'],
  ['HLT-1 the bypass $(...) is refused', (_, attack) => `echo $(${attack})`],
  ['HLT-1 the bypass of back quotes is refused', (_, attack) => `echo \`${attack}\``],
  ['HLT-1 the bypass of a redirection is refused', (folder) => `echo x >${folder}/broken`],
  ['HLT-1 the bypass of a process substitution is refused', (_, attack) => `echo <(${attack})`],
  ['HLT-1 the bypass of quotes within a word is refused', (folder) => `l""s ${folder}`],
  ['HLT-1 the bypass of single quotes is refused', (folder) => `'ls' ${folder}`],
  ['HLT-1 the bypass of a backslash is refused', (folder) => `l\\s ${folder}`],
  ['HLT-1 the bypass of a glob is refused', (folder) => `ls ${folder}/*`],
  ['HLT-1 the bypass of a glob of one character is refused', (folder) => `cat ${folder}/liste?`],
  ['HLT-1 the bypass of a bracket is refused', (folder) => `cat ${folder}/[s]ecret`],
  ['HLT-1 the bypass of braces is refused', (folder) => `cat ${folder}/listed{,}`],
  ['HLT-1 the bypass of a tilde is refused', () => 'ls ~'],
  ['HLT-1 the bypass of a comment is refused', (folder) => `ls ${folder} #`],
  ['HLT-1 the bypass of the history of a shell is refused', () => 'echo !!'],
  ['HLT-1 the bypass of a word that begins with = is refused', () => 'echo =ls'],
  [
    'HLT-8 the bypass of an assignment before the command is refused',
    (folder) => `LD_PRELOAD=${folder}/x.so ls ${folder}`,
  ],
  ['HLT-2 the bypass sudo -i is refused', () => 'sudo -i'],
  ['HLT-2 the bypass /bin/su is refused', () => '/bin/su'],
  ['HLT-2 the bypass of the full path of an allowed program is refused', (folder) => `/bin/ls ${folder}`],
  ['HLT-2 the bypass sh -c is refused', (_, attack) => `sh -c ${attack}`],
  ['HLT-2 the bypass of env before an allowed command is refused', (folder) => `env ls ${folder}`],
  ['HLT-2 the bypass of exec, command and builtin is refused', (folder) => `exec ls ${folder}`],
  ['HLT-6 the bypass of a pattern without anchors is refused', () => 'ls -1 lsof'],
  ['HLT-5 the bypass of an option in place of an argument is refused', (folder) => `ls -R ${folder}`],
  ['HLT-5 the bypass of -- is refused', (folder) => `ls -- ${folder}`],
  ['HLT-3 the bypass .. in a path is refused', (folder) => `cat ${folder}/listed/../secret`],
  ['HLT-3 the bypass of a path that only begins like the prefix is refused', (folder) => `cat ${folder}/listed2`],
  [
    'HLT-10 the bypass of a line over 8,192 characters is refused whole',
    (folder, attack) => `ls ${folder}${' '.repeat(8_192)}; ${attack}`,
  ],
]

describe('bypasses by what a line says', { concurrency: 4 }, () => {
  for (const [title, line] of refusedLines) {
    test(title, async (t) => {
      const here = await world(t)
      const ran = await commandsAfter(here, [`${line(here.folder, here.attack)}\r`])
      assert.deepEqual([ran, here.isBroken(), here.check.told[0]?.kind], [[], false, 'refused'])
    })
  }
})

describe('bypasses by how keys come', { concurrency: 4 }, () => {
  test('HLT-14 the bypass su\\r pasted in one packet is judged like a typed line', async (t) => {
    const here = await world(t)
    assert.deepEqual(await commandsAfter(here, ['su\r']), [])
    assert.deepEqual(here.check.told[0], { line: 'su', kind: 'refused' })
  })

  test('HLT-14 the bypass of a second line behind an allowed one in one packet is thrown away', async (t) => {
    const here = await world(t)
    here.check.type(`echo first\r${here.attack}\rsu\r`)
    assert.match(await here.check.until('\nfirst\n'), /Only the first line of the pasted text was read\./)
    await here.check.until(prompt)
    assert.deepEqual([here.transport.commands, here.isBroken()], [[forcedCommand(['echo', 'first'])], false])
  })

  test('HLT-14 the bypass LF for CR is judged like CR', async (t) => {
    const here = await world(t)
    assert.deepEqual(await commandsAfter(here, ['su\n', `${here.attack}\n`]), [])
    assert.deepEqual(
      here.check.told.slice(0, 2).map(({ kind }) => kind),
      ['refused', 'refused'],
    )
  })

  test('HLT-16 the bypass of CR NUL, and of NUL within a word, runs nothing', async (t) => {
    const here = await world(t)
    assert.deepEqual(await commandsAfter(here, ['s\0u\r\0', 'su\0\r']), [])
    assert.deepEqual(
      here.check.told.slice(0, 2).map(({ line }) => line),
      ['su', 'su'],
    )
  })

  test('HLT-15 the bypass Ctrl-P and Ctrl-N gives back only lines that are judged again', async (t) => {
    const here = await world(t)
    const pieces = ['su\r', 'sudo -i\r', '\x10\x10\r', '\x10\x10\x0e\r']
    assert.deepEqual(await commandsAfter(here, pieces), [])
    assert.deepEqual(
      here.check.told.slice(0, 4).map(({ line, kind }) => `${kind} ${line}`),
      ['refused su', 'refused sudo -i', 'refused su', 'refused su'],
    )
  })

  test('HLT-16 the bypass Alt-. puts no last argument into the line', async (t) => {
    const here = await world(t)
    assert.deepEqual(await commandsAfter(here, ['echo su\r', '\x1b.', '\r']), [forcedCommand(['echo', 'su'])])
    assert.deepEqual(
      here.check.told.map(({ line }) => line),
      ['echo su', 'echo su', 'echo reached', 'echo reached'],
    )
  })

  test('HLT-15 the bypass of SS3 arrows moves the cursor of the line that is judged', async (t) => {
    const here = await world(t)
    assert.deepEqual(await commandsAfter(here, ['u\x1bODs\r', 'echo b\x1bOD\x1bODa\r']), [])
    assert.deepEqual(here.check.told.slice(0, 2), [
      { line: 'su', kind: 'refused' },
      { line: 'echoa b', kind: 'refused' },
    ])
  })

  test('HLT-15 the bypass of completion can only complete into the line that is judged', async (t) => {
    const here = await world(t)
    assert.deepEqual(await commandsAfter(here, ['su\t\r', 's\t\t\r']), [])
    assert.deepEqual(
      here.check.told.slice(0, 2).map(({ line }) => line),
      ['su', 's'],
    )
  })

  test('HLT-15 the bypass of erasing the judged line leaves nothing that was not judged', async (t) => {
    const here = await world(t)
    const erased = 'echo xx\x17su\x01\x06\x06\x06\x06\x06\x7f\x7f\x7f\x7f\x7f\r'
    assert.deepEqual(await commandsAfter(here, [erased]), [])
    assert.deepEqual(here.check.told[0], { line: 'su', kind: 'refused' })
  })

  test('HLT-10 the bypass of a line over 8,192 characters in many packets runs nothing of it', async (t) => {
    const here = await world(t)
    const pieces = [...Array.from({ length: 9 }, () => 'echo a '.repeat(150)), `;${here.attack}`, '\r']
    assert.deepEqual(await commandsAfter(here, pieces), [])
    assert.deepEqual([here.check.told[0]?.kind, here.isBroken()], ['refused', false])
  })

  test('HLT-16 the bypass of look-alikes beyond ASCII leaves them out of the line, and the rest is judged', async (t) => {
    const here = await world(t)
    const lookAlikes = ['\u0455u', 's\u200bu', 'ｓｕ', '\u202esu', 'echo\u00a0x', 'ls\u037e', 'ls\uff1b']
    assert.deepEqual(
      await commandsAfter(
        here,
        lookAlikes.map((line) => `${line}\r`),
      ),
      [],
    )
    assert.deepEqual(
      here.check.told.slice(0, -2).map(({ line }) => line),
      ['u', 'su', 'su', 'echox', 'ls', 'ls'],
    )
  })

  test('HLT-16 the bypass of an answer that a terminal is made to give types nothing', async (t) => {
    const here = await world(t)
    assert.deepEqual(await commandsAfter(here, ['\x1b]l;su\r\x1b\\', '\x1bP1$rsu\x1b\\', '\x1b[0;0R']), [])
  })
})

describe('bypasses by a program that reads keys', { concurrency: 4 }, () => {
  test('HLT-13 the bypass of commands typed into a shell that a catalogue starts does not reach it', async (t) => {
    const here = await world(t, [['sh']])
    assert.deepEqual(await typedInto(here, 'sh', [`${here.attack}\r`, `${here.attack}\n`]), [3])
    assert.equal(here.isBroken(), false)
  })

  test('HLT-13 the bypass of text typed into a program that reads standard input does not reach it', async (t) => {
    const here = await world(t, [['cat', '-']])
    here.check.type('cat -\r')
    await here.check.until('cat -\r\n')
    assert.deepEqual(await typedInto(here, null, ['typed text\n', '\x04']), [3])
    assert.equal(here.check.output().includes('typed text'), false)
  })

  test('HLT-13 the bypass of an escape to a shell from within vi does not reach vi', { skip: vim.skip }, async (t) => {
    const here = await world(t, [['vim', '-n', '-u', 'NONE']])
    here.check.type('vim -n -u NONE\r')
    await here.check.until('Vim: Warning')
    const keys = [':!', `${here.attack}\r`, '\x1b:!', `${here.attack}\n`, ':q!\r', 'ZQ']
    assert.deepEqual(await typedInto(here, null, keys), [3])
    assert.equal(here.isBroken(), false)
  })

  test('HLT-9, HLT-13 the bypass of a pager is none: pagers are cat, and less may start nothing', async (t) => {
    const here = await world(t, [['printenv', 'PAGER', 'SYSTEMD_PAGER', 'GIT_PAGER', 'LESSSECURE', 'TERM']])
    here.check.type('printenv PAGER SYSTEMD_PAGER GIT_PAGER LESSSECURE TERM\r')
    assert.match(await here.check.until('dumb\n'), /\ncat\ncat\ncat\n1\ndumb\n$/)
    await here.check.until(prompt)
    assert.deepEqual(here.transport.written, [])
  })

  test('HLT-3 a link under the prefix is followed by the server: the prefix must be safe from those who log in', async (t) => {
    const here = await world(t, [['cat', '-A', { path: { under: '/tmp' } }]])
    symlinkSync('/dev/null', join(here.folder, 'link'))
    const shown = await here.check.run(`ls ${here.folder}/link`)
    assert.match(shown, /\/link\n/)
  })
})

/** Starts a line unless it runs already, types into it, stops it, and returns the bytes that reached any program. */
async function typedInto(
  { check, transport }: World,
  line: string | null,
  pieces: readonly string[],
): Promise<readonly number[]> {
  if (line !== null) check.type(`${line}\r`)
  if (line !== null) await check.until(`${line}\r\n`)
  // The catalogues were read and the program was started before the next turn of the event loop.
  await new Promise(setImmediate)
  assert.equal(transport.commands.length, 1)
  for (const piece of pieces) check.type(piece)
  check.type('\x03')
  check.timers.advance(2_000)
  await check.until(prompt)
  return transport.written
}
