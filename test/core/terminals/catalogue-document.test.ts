/** Core tests: documents of catalogues, those that are accepted and those that are not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../../src/core/errors.ts'
import { catalogueDocument, parseCatalogue } from '../../../src/core/terminals/parse-catalogue.ts'
import { patterns } from '../../fixtures/health-check.ts'

const whole = {
  commands: [
    {
      name: 'State of a service',
      words: ['systemctl', 'status', { enum: ['nginx', 'sshd'] }],
      description: 'Says whether it runs.',
    },
    {
      words: [
        'tail',
        '-n',
        { integer: { from: 1, to: 1000 } },
        { path: { under: '/var/log' } },
        { pattern: '[a-z0-9-]{1,40}' },
      ],
    },
  ],
}

function faultsOf(document: unknown): readonly string[] {
  try {
    parseCatalogue(document, patterns)
    return []
  } catch (error) {
    assert.ok(error instanceof Refusal && error.code === 'INPUT_INVALID')
    assert.equal(error.message, `${error.fields[0]?.field}: ${error.fields[0]?.description}.`)
    return error.fields.map(({ field, description }) => `${field} ${description}`)
  }
}

function faultsOfWords(...words: readonly unknown[]): readonly string[] {
  return faultsOf({ commands: [{ words }] })
}

test('HLT-7 an accepted document reads back as it was', () => {
  assert.deepEqual(catalogueDocument(parseCatalogue(whole, patterns)), whole)
})

test('HLT-7 every fault has its dotted path', () => {
  const document = {
    commands: [
      { name: 'two\nlines', words: ['ls', 'a b', { enum: [] }, { integer: { from: 5, to: 1 } }] },
      { words: ['ls', { path: { under: '/var/../etc' } }, { pattern: '(' }, { regex: 'x' }, 7], descripton: 'x' },
      { words: [] },
      'uptime',
    ],
  }
  assert.deepEqual(faultsOf(document), [
    'commands.0.words.1 must be 1 to 256 letters, digits and _ . / : @ , + - =, and not begin with =',
    'commands.0.words.2.enum must be a list of 1 to 200',
    'commands.0.words.3.integer must have from and to, whole numbers from 0 on, from not above to',
    'commands.0.name must be one printable line of 1 to 80 characters',
    'commands.1 has no member "descripton"',
    'commands.1.words.1.path.under must be an absolute path without .. and empty segments, and without a slash at its end',
    'commands.1.words.2.pattern must be a pattern of RE2, without look-around and back-references',
    'commands.1.words.3 must be a text, or an object with one of enum, integer, path and pattern',
    'commands.1.words.4 must be a text, or an object with one of enum, integer, path and pattern',
    'commands.2.words must be a list of 1 to 64',
    'commands.3 must be an object with name, words, description',
    'commands.3.words must be a list of 1 to 64',
  ])
})

test('HLT-7 a value that is no catalogue is refused as such', () => {
  const documents = [null, 1, 'x', [], {}, { commands: {} }, { commands: [] }, { commands: [{}] }, { groups: [] }]
  assert.deepEqual(
    documents.filter((document) => faultsOf(document).length === 0),
    [],
  )
  assert.deepEqual(faultsOf(JSON.parse('{"commands":[{"words":["ls"]}],"__proto__":{"commands":[]}}')), [
    'catalogue has no member "__proto__"',
  ])
})

test('HLT-7 no text of a catalogue can move a cursor when it is shown', () => {
  const texts = ['\x1b[2J', 'a\tb', '\u202edcba', '', 'x'.repeat(201), 5]
  const accepted = texts.filter((description) => faultsOf({ commands: [{ words: ['ls'], description }] }).length === 0)
  assert.deepEqual(accepted, [])
})

test('HLT-6 look-around, back-references and patterns that repeat too much are refused', () => {
  const sources = [
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    'a{1001}',
    '((a{10}){10}){11}',
    '(((a?){9}){9}){9}',
    'a)|(b',
    '',
    'a'.repeat(201),
  ]
  assert.deepEqual(
    sources.filter((pattern) => faultsOfWords('ls', { pattern }).length === 0),
    [],
  )
  assert.deepEqual(faultsOfWords('ls', { pattern: '(a+)+$' }), [])
})

test('HLT-8 a program is named, and is no option, no assignment and none of our own commands', () => {
  assert.deepEqual(
    [
      faultsOfWords({ pattern: '.*' }),
      faultsOfWords({ path: { under: '/opt' } }, 'x'),
      faultsOfWords({ integer: { from: 1, to: 2 } }),
      faultsOfWords('A=b', 'ls'),
      faultsOfWords('-i', 'sh'),
      faultsOfWords({ enum: ['ls', 'X=y'] }),
      faultsOfWords('help'),
      faultsOfWords({ enum: ['ls', 'exit'] }),
      faultsOfWords('/opt/checks/disk', 'A=b', '-i'),
    ].map((faults) => faults.join()),
    [
      'commands.0.words.0 must be a text or an enum, because it names the program',
      'commands.0.words.0 must be a text or an enum, because it names the program',
      'commands.0.words.0 must be a text or an enum, because it names the program',
      'commands.0.words.0 must name programs: no option, and no =',
      'commands.0.words.0 must name programs: no option, and no =',
      'commands.0.words.0 must name programs: no option, and no =',
      'commands.0.words.0 must not be help, which the health check itself answers',
      'commands.0.words.0 must not be exit, which the health check itself answers',
      '',
    ],
  )
})

test('HLT-7 any JSON is read or refused, and an accepted value reads back as itself', () => {
  const template = fc.oneof(
    fc.constantFrom<unknown>(
      'ls',
      'a=b',
      '',
      { enum: ['a'] },
      { integer: { from: 0, to: 3 } },
      { path: { under: '/' } },
    ),
    fc.jsonValue(),
  )
  const document = fc.oneof(
    fc.jsonValue(),
    fc.record({ commands: fc.array(fc.record({ words: fc.array(template, { maxLength: 3 }) }), { maxLength: 3 }) }),
  )
  fc.assert(
    fc.property(document, (value) => {
      if (faultsOf(value).length > 0) return
      const read = catalogueDocument(parseCatalogue(value, patterns))
      assert.deepEqual(JSON.stringify(read), JSON.stringify(value))
    }),
  )
})
