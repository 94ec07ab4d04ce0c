/** Cli tests: escapes in typed input. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EscapeKeys } from '../../src/cli/escape-keys.ts'
import { eventSentence, noticeText } from '../../src/cli/terminal-notices.ts'
import { terminalAnswers } from '../fixtures/terminal-answers.ts'

test('CLI-73 an escape is found only at the beginning of a line, and another may follow it', () => {
  const table: readonly (readonly [typed: string, acts: readonly string[]])[] = [
    ['~.', ['leave']],
    ['ls\r~?~.', ['input ls\r', 'help', 'leave']],
    ['ls\n~e', ['input ls\n', 'end']],
    ['a~.', ['input a~.']],
    ['~~.', ['input ~.']],
    ['~~~.', ['input ~~.']],
    ['~x~.', ['input ~x~.']],
    ['~p~s~y~n', ['input ~p~s~y~n']],
    ['~\r~.', ['input ~\r', 'leave']],
    ['~', []],
  ]
  assert.deepEqual(
    table.map(([typed]) => [typed, actsOf([typed])]),
    table,
  )
})

test('CLI-73 input means the same in parts of any size', () => {
  const key = fc.constantFrom('~', '.', 'e', '?', 'p', '\r', 'a')
  fc.assert(
    fc.property(fc.array(key), (keys) => {
      assert.equal(
        actsOf(keys).join('|').replaceAll('|input ', ''),
        actsOf([keys.join('')])
          .join('|')
          .replaceAll('|input ', ''),
      )
    }),
  )
})

test('CLI-74 an observer has an escape after every tilde, and own keys', () => {
  assert.deepEqual(actsOf(['a~p~sb~.'], { isObserver: true }), ['input a', 'present', 'pause', 'input b', 'leave'])
})

test('CLI-85 a paste is sent byte for byte, except for an escape at the beginning of a line', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1')
  const pasted = `a\x1b[200~${bytes}\x1b[201~; id\n\x1b[201~`
  const typed = actsOf([pasted]).map((act) => act.replace(/^input /, ''))
  assert.equal(typed.join(''), pasted)
})

/** Keys that are no text. */
const functionKeys = { up: '\x1b[A', delete: '\x1b[3~', F1: '\x1bOP', F5: '\x1b[15~', 'page up': '\x1b[5~' }

test('CLI-83 the answers and function keys of a terminal are no input of an observer', async () => {
  for (const [name, answer] of Object.entries({ ...(await terminalAnswers()), ...functionKeys })) {
    for (let cut = 0; cut <= answer.length; cut += 1) {
      const parts = [answer.slice(0, cut), answer.slice(cut)]
      assert.deepEqual(actsOf(parts, { isObserver: true }), [], name)
      assert.deepEqual(actsOf([...parts, 'e.', '~.'], { isObserver: true }), ['input e.', 'leave'], name)
    }
  }
})

test('CLI-83 they reach the program of an implementor, and do not change the beginning of a line', async () => {
  for (const [name, answer] of Object.entries({ ...(await terminalAnswers()), ...functionKeys })) {
    assert.deepEqual(actsOf([`${answer}~.`]), [`input ${answer}`, 'leave'], name)
    assert.deepEqual(actsOf([`ls\r${answer}~e`]), [`input ls\r${answer}`, 'end'], name)
    assert.deepEqual(actsOf([`a${answer}~.`]), [`input a${answer}~.`], name)
    assert.equal(actsOf([`~${answer}`]).join(), `input ~${answer}`, name)
  }
})

test("CLI-83 bytes that come too late for a terminal's sequence are typed input, also after a key that begins a sequence", () => {
  let nowMs = 0
  const later = (): number => {
    nowMs += 101
    return nowMs
  }
  assert.deepEqual(actsOf(['\x1bP~.'], { isObserver: true }), [])
  assert.deepEqual(actsOf(['\x1b', 'P', '~.'], { isObserver: true, nowMs: later }), ['input P', 'leave'])
  assert.deepEqual(actsOf(['\x1bP\r~.'], { isObserver: true }), ['input \r', 'leave'])
})

test('CLI-79 the keys for a paste work only while one is blocked', () => {
  assert.deepEqual(actsOf(['ls~y~n'], { isPastePending: true }), ['input ls', 'send-paste', 'drop-paste'])
  assert.deepEqual(actsOf(['~y']), ['input ~y'])
})

test('CLI-78 every event has its sentence, except for our own joining and leaving', () => {
  const participant = { id: 'one', username: 'olga', role: 'observer' } as const
  const sentence = 'Something.'
  assert.deepEqual(
    [
      eventSentence({ kind: 'joined', participant, participants: [] }, 'two'),
      eventSentence({ kind: 'joined', participant, participants: [] }, 'one'),
      eventSentence({ kind: 'left', participant, participants: [] }, 'two'),
      eventSentence({ kind: 'presence', sentence, byMs: 1 }, 'two'),
      eventSentence({ kind: 'presence', sentence, byMs: null }, 'two'),
      eventSentence({ kind: 'warning', what: 'idle', sentence, secondsLeft: 30 }, 'two'),
      eventSentence({ kind: 'blocked', why: 'paste-unconfirmed', sentence }, 'two'),
      eventSentence({ kind: 'blocked', why: 'observers-missing', sentence }, 'two'),
      eventSentence({ kind: 'unblocked' }, 'two'),
      eventSentence({ kind: 'notice', sentence }, 'two'),
      eventSentence({ kind: 'active' }, 'two'),
      eventSentence({ kind: 'message', from: participant, text: 'hello' }, 'two'),
    ],
    [
      'olga joined as an observer.',
      null,
      'olga left.',
      'Something. (~p confirms)',
      'Something.',
      'Something.',
      'Something. (~y sends it, ~n does not)',
      'Something.',
      'Input is unblocked.',
      'Something.',
      null,
      'olga: hello',
    ],
  )
})

test('CLI-78 a notice holds only visible characters, and begins on a new line at a terminal', () => {
  const text = 'look \u001b[31mhere\u202e'
  assert.deepEqual(
    [noticeText(text, { isTerminal: true, isRaw: true }), noticeText(text, { isTerminal: false, isRaw: false })],
    ['\r\nsallyport: look \\u001b[31mhere\\u202e\r\n', 'sallyport: look \\u001b[31mhere\\u202e\n'],
  )
})

function actsOf(
  parts: readonly string[],
  owner: { isObserver?: boolean; isPastePending?: boolean; nowMs?: () => number } = {},
): string[] {
  const keys = new EscapeKeys({
    isObserver: owner.isObserver ?? false,
    isPastePending: () => owner.isPastePending ?? false,
    nowMs: owner.nowMs ?? (() => 0),
  })
  return parts
    .flatMap((part) => [...keys.take(Buffer.from(part, 'latin1'))])
    .map((act) => (act.kind === 'input' ? `input ${Buffer.from(act.bytes).toString('latin1')}` : act.kind))
}
