/** Core tests: which lines match a catalogue, as tables and as properties of every string. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { completeLine, helpLines, matchLine } from '../../../src/core/terminals/catalogue.ts'
import { forcedCommand, lineLimits } from '../../../src/core/terminals/command-words.ts'
import { catalogueOf } from '../../fixtures/health-check.ts'

const catalogue = catalogueOf(
  ['systemctl', 'status', { enum: ['nginx', 'sshd'] }],
  ['systemctl', 'is-active', { pattern: '[a-z0-9-]{1,40}' }],
  ['tail', '-n', { integer: { from: 1, to: 1_000 } }, { path: { under: '/var/log' } }],
  ['ls', { enum: ['-l', '-la'] }, { path: { under: '/' } }],
  ['ls', { path: { under: '/srv/data' } }],
  ['/opt/checks/disk', { pattern: '[^=]*' }],
  ['uptime'],
)

/** Says how a line ends: the words that run, joined, or the sentence. */
function judge(line: string): string {
  const verdict = matchLine(line, [catalogue])
  return verdict.kind === 'run' ? `run: ${verdict.words.join(' ')}` : verdict.sentence
}

function judgeAll(lines: readonly string[]): readonly (readonly [string, string])[] {
  return lines.map((line) => [line, judge(line)])
}

function outcomes(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => matchLine(line, [catalogue]).kind === 'run')
}

test('HLT-1 each character that a shell could give a meaning refuses the line and is named', () => {
  const shown = [...'"\'\\`$&|;<>(){}[]*?!#~^%'].map((character) => [judge(`uptime ${character}`), character])
  assert.deepEqual(
    shown.filter(([sentence, character]) => !sentence?.startsWith(`The character ${character} is not accepted;`)),
    [],
  )
})

test('HLT-1 controls, line ends, look-alikes and lone surrogates are named by their number', () => {
  const strange = [
    '\n',
    '\r',
    '\0',
    '\x1b',
    '\x7f',
    '\u00a0',
    '\u0455ystemctl',
    '\u2010l',
    '\uff5c',
    '\u{1f600}',
    '\ud800',
  ]
  const numbers = strange.map((text) => /U\+[0-9A-F]+/.exec(judge(`uptime${text}`))?.[0])
  assert.deepEqual(numbers, [
    'U+000A',
    'U+000D',
    'U+0000',
    'U+001B',
    'U+007F',
    'U+00A0',
    'U+0455',
    'U+2010',
    'U+FF5C',
    'U+1F600',
    'U+D800',
  ])
})

test('HLT-1 blanks and tabs part words, and no word begins with =', () => {
  assert.deepEqual(judgeAll(['  systemctl\tstatus   nginx ', 'uptime =ls', '', ' \t']), [
    ['  systemctl\tstatus   nginx ', 'run: systemctl status nginx'],
    ['uptime =ls', 'A word may not begin with the character ='],
    ['', 'The line is empty.'],
    [' \t', 'The line is empty.'],
  ])
})

test('HLT-2 a line that no command matches is answered with how far it matched and what could have followed', () => {
  assert.deepEqual(
    judgeAll([
      'reboot',
      'systemctl',
      'systemctl restart nginx',
      'systemctl status',
      'systemctl status nginx.service',
      'systemctl status nginx sshd',
      'tail -n 0 /var/log/syslog',
      'UPTIME',
    ]),
    [
      ['reboot', 'reboot is not a command of your catalogue; type help to see which are.'],
      ['systemctl', 'The line ends too early; after systemctl comes status or is-active'],
      ['systemctl restart nginx', 'restart is not accepted after systemctl; there comes status or is-active'],
      ['systemctl status', 'The line ends too early; after systemctl status comes nginx|sshd'],
      [
        'systemctl status nginx.service',
        'nginx.service is not accepted after systemctl status; there comes nginx|sshd',
      ],
      ['systemctl status nginx sshd', 'Nothing may follow after: systemctl status nginx'],
      ['tail -n 0 /var/log/syslog', '0 is not accepted after tail -n; there comes <1-1000>'],
      ['UPTIME', 'UPTIME is not a command of your catalogue; type help to see which are.'],
    ],
  )
})

test('HLT-2 the catalogues of all groups of the caller apply, and without one nothing runs', () => {
  const other = catalogueOf(['free', '-m'])
  assert.deepEqual(
    [
      matchLine('free -m', [catalogue, other]).kind,
      matchLine('free -m', [catalogue]).kind,
      matchLine('uptime', []).kind,
    ],
    ['run', 'refused', 'refused'],
  )
})

test('HLT-3 a path stays under its prefix by segments, and has no dot segments', () => {
  const paths = [
    '/srv/data',
    '/srv/data/',
    '/srv/data/a/b.txt',
    '/srv/data/..a/...',
    '/srv/data2',
    '/srv/dat',
    '/srv/data/../x',
    '/srv/data/..',
    '/srv/data/./x',
    '/srv/data/.',
    '/srv/data//x',
    '//srv/data',
    '/srv//data/x',
    '/srv/data//',
    'srv/data/x',
    './srv/data',
    '/',
    'host:/srv/data/x',
  ]
  assert.deepEqual(outcomes(paths.map((path) => `ls ${path}`)), [
    'ls /srv/data',
    'ls /srv/data/',
    'ls /srv/data/a/b.txt',
    'ls /srv/data/..a/...',
  ])
  assert.deepEqual(outcomes(['ls -l /', 'ls -l /etc/', 'ls -l //', 'ls -l /..', 'ls -l etc']), [
    'ls -l /',
    'ls -l /etc/',
  ])
})

test('HLT-4 an integer is canonical and within its range', () => {
  const numbers = [
    '1',
    '1000',
    '0',
    '1001',
    '01',
    '+5',
    '-5',
    '5.0',
    '1e2',
    '0x10',
    '5,0',
    '99999999999999999999',
    '5-6',
  ]
  assert.deepEqual(outcomes(numbers.map((number) => `tail -n ${number} /var/log`)), [
    'tail -n 1 /var/log',
    'tail -n 1000 /var/log',
  ])
})

test('HLT-5 an option matches only if it is written or listed', () => {
  const lines = [
    'ls -l /etc',
    'ls -la /etc',
    'ls -R /etc',
    'ls -- /etc',
    'tail -f 5 /var/log',
    'tail -n -5 /var/log',
    'systemctl is-active -a',
    'systemctl is-active --all',
    'systemctl is-active --',
    '/opt/checks/disk -rf',
    '/opt/checks/disk a-b',
    '-n uptime',
    '-- uptime',
  ]
  assert.deepEqual(outcomes(lines), ['ls -l /etc', 'ls -la /etc', '/opt/checks/disk a-b'])
})

test('HLT-6 a pattern holds for the whole word, so that ls does not let ls-x or xls through', () => {
  const patterns = [
    catalogueOf(['run', { pattern: 'ls' }], ['any', { pattern: 'a|ab' }], ['multi', { pattern: '(?m)^x$' }]),
  ]
  const lines = ['run ls', 'run ls-x', 'run xls', 'run ls.', 'any ab', 'any abc', 'multi x', 'multi x.x']
  assert.deepEqual(
    lines.filter((line) => matchLine(line, patterns).kind === 'run'),
    ['run ls', 'any ab', 'multi x'],
  )
})

test('HLT-6 a pattern that would back-track without end is compiled, and answers for the longest word', () => {
  const evil = [catalogueOf(['x', { pattern: '(a+)+$' }], ['y', { pattern: '((a|aa)*)*b' }])]
  const long = 'a'.repeat(lineLimits.word - 1)
  const lines = [`x ${long}a`, `x ${long}!`.replace('!', '.'), `y ${long}b`, `y ${long}a`]
  assert.deepEqual(
    lines.map((line) => matchLine(line, evil).kind),
    ['run', 'refused', 'run', 'refused'],
  )
})

test('HLT-8 an assignment before the program is not a program', () => {
  assert.deepEqual(judgeAll(['A=b uptime', 'PAGER=sh uptime', '/bin/uptime', './uptime']), [
    ['A=b uptime', 'A=b is not the name of a program.'],
    ['PAGER=sh uptime', 'PAGER=sh is not the name of a program.'],
    ['/bin/uptime', '/bin/uptime is not a command of your catalogue; type help to see which are.'],
    ['./uptime', './uptime is not a command of your catalogue; type help to see which are.'],
  ])
})

test('HLT-9 the forced command is exec env, the settings and the words', () => {
  assert.equal(
    forcedCommand(['systemctl', 'status', 'nginx']),
    'exec env TERM=dumb PAGER=cat SYSTEMD_PAGER=cat GIT_PAGER=cat LESSSECURE=1 systemctl status nginx',
  )
})

test('HLT-9 words that no line can hold make no command, for any caller', () => {
  const unsafe = [
    [],
    [''],
    ['ls', ''],
    ['ls', 'a b'],
    ['ls', ';'],
    ['ls', '$a'],
    ['=ls'],
    ['-i', 'ls'],
    ['A=b', 'ls'],
    ['ls\n'],
  ]
  for (const words of unsafe) assert.throws(() => forcedCommand(words), Error, JSON.stringify(words))
  assert.throws(() => forcedCommand(['a'.repeat(lineLimits.word + 1)]), Error)
  assert.throws(() => forcedCommand(Array.from({ length: lineLimits.words + 1 }, () => 'a')), Error)
})

test('HLT-10 a line, its words and their number are bounded', () => {
  const any = [catalogueOf(['x', { pattern: 'a*' }])]
  const sentence = (line: string): string => {
    const verdict = matchLine(line, any)
    return verdict.kind === 'run' ? 'run' : verdict.sentence
  }
  assert.deepEqual(
    [
      sentence(`x ${'a'.repeat(lineLimits.word)}`),
      sentence(`x ${'a'.repeat(lineLimits.word + 1)}`),
      sentence('x '.repeat(lineLimits.words + 1)),
      sentence('x'.padEnd(lineLimits.line + 1)),
      sentence(`x ${' '.repeat(9_000)}a`),
    ],
    [
      'run',
      'A word is longer than 256 characters.',
      'The line has more than 64 words.',
      'The line is longer than 1024 characters.',
      'The line is longer than 1024 characters.',
    ],
  )
})

test('HLT-11 help shows how each command is put, once', () => {
  assert.deepEqual(helpLines([catalogue, catalogueOf(['uptime'], ['x', { enum: [...'abcdefghijklmno'] }])]), [
    'systemctl status nginx|sshd',
    'systemctl is-active <[a-z0-9-]{1,40}>',
    'tail -n <1-1000> <path under /var/log>',
    'ls -l|-la <path under />',
    'ls <path under /srv/data>',
    '/opt/checks/disk <[^=]*>',
    'uptime',
    'x a|b|c|d|e|f|g|h|i|j|k|l|...',
  ])
})

test('HLT-11 completion adds what literals and enumerations share', () => {
  const befores = [
    '',
    'sys',
    'systemctl ',
    'systemctl s',
    'systemctl status ',
    'systemctl status n',
    'ls ',
    'ls -',
    'u',
    'x',
    'tail -n ',
  ]
  assert.deepEqual(
    befores.map((before) => [before, completeLine(before, [catalogue])]),
    [
      ['', { insert: '', candidates: ['/opt/checks/disk', 'ls', 'systemctl', 'tail', 'uptime'] }],
      ['sys', { insert: 'temctl ', candidates: ['systemctl'] }],
      ['systemctl ', { insert: '', candidates: ['is-active', 'status'] }],
      ['systemctl s', { insert: 'tatus ', candidates: ['status'] }],
      ['systemctl status ', { insert: '', candidates: ['nginx', 'sshd'] }],
      ['systemctl status n', { insert: 'ginx ', candidates: ['nginx'] }],
      ['ls ', { insert: '-l', candidates: ['-l', '-la'] }],
      ['ls -', { insert: 'l', candidates: ['-l', '-la'] }],
      ['u', { insert: 'ptime ', candidates: ['uptime'] }],
      ['x', { insert: '', candidates: [] }],
      ['tail -n ', { insert: '', candidates: [] }],
    ],
  )
})

/** Any string at all, and strings near to what matches. */
const typed = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'systemctl',
          'status',
          'nginx',
          'tail',
          '-n',
          '5',
          '/var/log/x',
          'ls',
          '-l',
          '/srv/data',
          'uptime',
        ),
        fc.string({ unit: fc.constantFrom(...'ab./-=$;|&*~\\"\' \t\n\u0455'), maxLength: 6 }),
      ),
      { maxLength: 6 },
    )
    .map((words) => words.join(' ')),
  // A line that runs, with something put into it somewhere.
  fc
    .record({
      line: fc.constantFrom(
        'uptime',
        'systemctl status nginx',
        'tail -n 5 /var/log/x',
        '/opt/checks/disk a',
        'ls -l /etc',
      ),
      at: fc.nat(25),
      more: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('', '\t', '/', '/..', 'x', '-', '=')),
    })
    .map(({ line, at, more }) => line.slice(0, at) + more + line.slice(at)),
)

test('HLT-1, HLT-2, HLT-9 any input is refused, or its words are safe and its command is nothing but words', () => {
  let runs = 0
  fc.assert(
    fc.property(typed, (line) => {
      const verdict = matchLine(line, [catalogue])
      if (verdict.kind === 'refused') return
      runs += 1
      assert.deepEqual(verdict.words, line.trim().split(/[ \t]+/))
      assert.ok(verdict.words.every((word) => /^[A-Za-z0-9_./:@,+-][A-Za-z0-9_./:@,+=-]*$/.test(word)))
      const command = forcedCommand(verdict.words)
      assert.match(command, /^exec env( [A-Z_]+=[a-z0-9]+){5}( [A-Za-z0-9_./:@,+-][A-Za-z0-9_./:@,+=-]*)+$/)
      assert.equal(matchLine(verdict.words.join(' '), [catalogue]).kind, 'run')
    }),
    { numRuns: 3_000 },
  )
  assert.ok(runs > 100, `only ${runs} lines ran`)
})
