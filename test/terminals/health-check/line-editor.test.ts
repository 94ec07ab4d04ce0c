/** Terminals tests: the line editor as a pure machine, and its screen held against a real terminal emulator. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import xterm from '@xterm/headless'
import fc from 'fast-check'
import { completeLine } from '../../../src/core/terminals/catalogue.ts'
import { lineLimits } from '../../../src/core/terminals/command-words.ts'
import {
  type Editor,
  type EditorAct,
  emptyEditor,
  feed,
  type LineContext,
  paintEditor,
} from '../../../src/terminals/health-check/line-editor.ts'
import { catalogueOf } from '../../fixtures/health-check.ts'

const catalogue = catalogueOf(['systemctl', { enum: ['status', 'stop', 'start'] }, 'nginx'], ['uptime'])

const lineContext: LineContext = {
  prompt: '> ',
  cols: 80,
  isBusy: false,
  complete: (before) => completeLine(before, [catalogue]),
}

/** What some pieces of input lead to, one after the other. */
type Typed = {
  readonly editor: Editor
  readonly echo: string
  readonly acts: readonly EditorAct[]
}

function type(pieces: readonly (string | Uint8Array)[], around: Partial<LineContext> = {}, from = emptyEditor): Typed {
  let editor = from
  let echo = ''
  const acts: EditorAct[] = []
  for (const piece of pieces) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
    const fed = feed(editor, bytes, { ...lineContext, ...around })
    editor = fed.editor
    echo += fed.echo
    if (fed.act.kind !== 'none') acts.push(fed.act)
  }
  return { editor, echo, acts }
}

/** The line with the cursor as a bar. */
function shown(...pieces: readonly (string | Uint8Array)[]): string {
  const { line, cursor } = type(pieces).editor
  return `${line.slice(0, cursor)}|${line.slice(cursor)}`
}

function submitted(...pieces: readonly string[]): readonly string[] {
  return type(pieces).acts.map((act) => (act.kind === 'submit' ? act.line : act.kind))
}

test('HLT-15 keys that move and erase do so as bash has them, in each way a terminal writes them', () => {
  const cases: readonly (readonly [keys: string, line: string])[] = [
    ['abc', 'abc|'],
    ['abc\x7f', 'ab|'],
    ['abc\b', 'ab|'],
    ['abc\x01', '|abc'],
    ['abc\x1b[H', '|abc'],
    ['abc\x1bOH', '|abc'],
    ['abc\x1b[1~', '|abc'],
    ['abc\x1b[7~x', 'x|abc'],
    ['abc\x01\x05', 'abc|'],
    ['abc\x01\x1b[F', 'abc|'],
    ['abc\x01\x1bOF', 'abc|'],
    ['abc\x01\x1b[4~', 'abc|'],
    ['abc\x01\x1b[8~', 'abc|'],
    ['abc\x02', 'ab|c'],
    ['abc\x1b[D', 'ab|c'],
    ['abc\x1bOD\x1bOD', 'a|bc'],
    ['abc\x01\x06', 'a|bc'],
    ['abc\x01\x1b[C', 'a|bc'],
    ['abc\x01\x1bOC', 'a|bc'],
    ['abc\x01\x1b[3~', '|bc'],
    ['abc\x02\x04', 'ab|'],
    ['a b c\x15', '|'],
    ['a b c\x02\x15', '|c'],
    ['a bc  \x17', 'a |'],
    ['a bc\x17\x17\x17', '|'],
    ['ac\x02b', 'ab|c'],
    ['abc\x03', '|'],
    ['abc\x0c', 'abc|'],
  ]
  assert.deepEqual(
    cases.map(([keys]) => [keys, shown(keys)]),
    cases,
  )
})

test('HLT-15 the history gives lines back to be judged again, and the line that was being typed', () => {
  const past = type(['one\r', 'two\r', 'two\r', ' \r']).editor
  const recalled = [
    '\x10',
    '\x10\x10',
    '\x1b[A\x1bOA\x10',
    'x\x10\x0e',
    'x\x10\x10\x1b[B\x1bOB',
    '\x0e',
    '\x10!\r',
  ].map((keys) => {
    const { editor, acts } = type([keys], {}, past)
    return [editor.line, ...acts.map((act) => (act.kind === 'submit' ? act.line : ''))]
  })
  assert.deepEqual(
    [past.history, recalled],
    [
      ['one', 'two'],
      [['two'], ['one'], ['one'], ['x'], ['x'], [''], ['', 'two!']],
    ],
  )
})

test('HLT-15 the history holds fifty lines', () => {
  const { editor } = type(Array.from({ length: 60 }, (_, index) => `line${index}\r`))
  assert.deepEqual([editor.history.length, editor.history[0], editor.history.at(-1)], [50, 'line10', 'line59'])
})

test('HLT-11, HLT-15 Tab puts into the line what there is one of, and lists what there is more of', () => {
  assert.deepEqual(
    [shown('sys\t'), shown('systemctl sta\t'), shown('u\tx'), shown('zzz\t')],
    ['systemctl |', 'systemctl sta|', 'uptime x|', 'zzz|'],
  )
  assert.equal(type(['systemctl st\t']).echo, '\r\nstart  status  stop\r\n> systemctl st\x07')
})

test('HLT-14 CR, LF, and CR with LF each end one line', () => {
  assert.deepEqual(
    [submitted('ls\r'), submitted('ls\n'), submitted('ls\r\n'), submitted('ls\r', '\nup\r'), submitted('\n', '\n')],
    [['ls'], ['ls'], ['ls'], ['ls', 'up'], ['', '']],
  )
})

test('HLT-14 what stands after the end of a line in one piece is thrown away, and that is said', () => {
  const { editor, echo, acts } = type(['ls\rreboot\rhalt\r\x04'])
  assert.deepEqual(
    [acts, editor.line, echo],
    [[{ kind: 'submit', line: 'ls', isCut: false }], '', 'ls\r\nOnly the first line of the pasted text was read.\r\n'],
  )
})

test('HLT-14 a bracketed paste submits nothing, ends nothing and edits nothing, over however many pieces it comes', () => {
  const begin = '\x1b[200~'
  const end = '\x1b[201~'
  const pieces = [`${begin}sys\ttem\x04\x15\x03`, '\x1b[A', 'ctl\nreboot\r', `halt\r\x03${end}`]
  const { editor, acts, echo } = type(pieces)
  assert.deepEqual([editor.line, editor.paste, acts], ['sys temctl', 'none', []])
  assert.match(echo, /Only the first line of the pasted text was read\./)
  assert.deepEqual(submitted(...pieces, '\r'), ['sys temctl'])
})

test('HLT-14, HLT-16 Ctrl-C pressed alone ends a paste whose end never comes', () => {
  assert.deepEqual(submitted('\x1b[200~abc\rdef', 'ghi\r', '\x03', 'ls\r'), ['ls'])
  assert.deepEqual(submitted('\x1b[200~abc\rdef', 'ghi\x03', 'ls\r'), [])
})

test('HLT-16 controls, keys with Alt, unknown sequences and all beyond ASCII leave the line as it is, with BEL', () => {
  const strange = [
    '\0',
    '\x07',
    '\x0b',
    '\x0f',
    '\x11',
    '\x12',
    '\x13',
    '\x14',
    '\x16',
    '\x18',
    '\x19',
    '\x1a',
    '\x1c',
    '\x1d',
    '\x1e',
    '\x1f',
    '\x1b.',
    '\x1bb',
    '\x1bO5P',
    '\x1b[1;5C',
    '\x1b[15~',
    '\x1b[99;5u',
    `\x1b[${'1;'.repeat(500)}A`,
    '\x80',
    '\xc3\xa4',
    '\xd1\x95',
    '\xe2\x80\x8b',
    '\xff',
  ]
  const changed = strange.filter((keys) => {
    const { editor, echo, acts } = type(['ab', '\x02', keys])
    const extra = keys === '\x1bO5P' ? 'P' : ''
    return editor.line !== `a${extra}b` || acts.length > 0 || !echo.endsWith('\x07')
  })
  assert.deepEqual(changed, [])
})

test('HLT-16 what a terminal reports by itself is dropped in silence, wherever it is cut', () => {
  const reports = [
    '\x1b[?1;2c',
    '\x1b[>0;276;0c',
    '\x1b[24;80R',
    '\x1b[0n',
    '\x1b[?2004;2$y',
    '\x1b[8;24;80t',
    '\x1b[I',
    '\x1b[O',
    '\x1b[<0;5;5M',
    '\x1b]11;rgb:00/00/00\x1b\\',
    '\x1b]10;x\x07',
    '\x1bP1$r0m\x1b\\',
  ]
  const whole = reports.map((report) => type([report]))
  const bytewise = reports.map((report) => type([...report]))
  assert.deepEqual(
    [...whole, ...bytewise].map(({ editor, echo, acts }) => [editor.line, echo, acts]),
    [...whole, ...bytewise].map(() => ['', '', []]),
  )
})

test('HLT-16 no sequence makes the editor deaf to the control character after it', () => {
  const begun = ['\x1b', '\x1b[', '\x1b[1;', '\x1bO', '\x1b]0;title', '\x1bPq', '\x1bX', '\x1b^', '\x1b_']
  assert.deepEqual(
    begun.map((start) => submitted(start, '\x15', 'ls\r')),
    begun.map(() => ['ls']),
  )
})

test('HLT-10 input that does not fit into a line is not in it, and such a line is marked as cut', () => {
  const long = 'a'.repeat(lineLimits.line)
  const { editor, acts } = type([`${long}b`])
  assert.deepEqual([editor.line, editor.isCut, acts], [long, true, []])
  const submit = (...pieces: readonly string[]): unknown => type(pieces).acts
  assert.deepEqual(submit(long, '\r'), [{ kind: 'submit', line: long, isCut: false }])
  assert.deepEqual(submit(`${long}b\r`), [{ kind: 'submit', line: long, isCut: true }])
  assert.deepEqual(submit(`${long}b`, '\x7f\r'), [{ kind: 'submit', line: long.slice(1), isCut: true }])
  assert.deepEqual(submit(`${long}b`, '\x15ls\r'), [{ kind: 'submit', line: 'ls', isCut: false }])
})

test('HLT-11, HLT-18 Ctrl-D leaves on an empty line, Ctrl-C clears one, and stops only what runs', () => {
  assert.deepEqual(
    [submitted('\x04'), submitted('a\x04'), submitted('a\x03\x04'), type(['\x03'], { isBusy: true }).acts],
    [['end-of-input'], [], ['end-of-input'], [{ kind: 'stop' }]],
  )
  assert.equal(type(['abc', '\x03']).echo, 'abc^C\r\n> ')
})

test('HLT-13 while a command runs nothing that is typed is kept, shown or done but for Ctrl-C', () => {
  const busy = type(['ls\r', 'rm\n', '\x04', '\x10', '\x1b[200~x\r\x1b[201~', '\xff'], { isBusy: true })
  assert.deepEqual(busy, { editor: emptyEditor, echo: '', acts: [] })
})

/** Paints what the editor says into a real terminal and returns its rows up to the cursor, with the cursor. */
async function screenOf(echoes: string, cols: number): Promise<readonly unknown[]> {
  const terminal = new xterm.Terminal({ cols, rows: 60, allowProposedApi: true })
  await new Promise<void>((resolve) => terminal.write(echoes, resolve))
  const { active } = terminal.buffer
  const rows = Array.from({ length: 60 }, (_, index) => active.getLine(index)?.translateToString(true) ?? '')
  const position = { x: active.cursorX, y: active.cursorY }
  terminal.dispose()
  return [rows.join('\n').trimEnd(), position]
}

test('HLT-15 for any input in any pieces, the screen shows the line and the cursor that will be judged', async () => {
  const key = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'bc', ' ', 'def ghi', 'x'.repeat(11)) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '\x01',
        '\x02',
        '\x05',
        '\x06',
        '\x7f',
        '\x17',
        '\x15',
        '\x1b[3~',
        '\x1b[D',
        '\x1bOC',
        '\x04',
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom('\x10', '\x0e', '\x00', '\xc3\xa4', '\x1b.', '\x1b[24;80R', '\t') },
  )
  const past = type(['one\r', `${'long '.repeat(9)}\r`]).editor
  await fc.assert(
    fc.asyncProperty(fc.array(key, { maxLength: 40 }), fc.integer({ min: 2, max: 40 }), async (keys, cols) => {
      // An empty line with Ctrl-D would leave; Tab would list.
      const around = { cols, complete: () => ({ insert: '', candidates: [] }) }
      const typed = type(['a', ...keys], around, past)
      if (typed.acts.length > 0) return
      const drawn = await screenOf(paintEditor(past, { prompt: '> ', cols }) + typed.echo, cols)
      const fresh = await screenOf(paintEditor(typed.editor, { prompt: '> ', cols }), cols)
      assert.deepEqual(drawn, fresh)
    }),
    { numRuns: 150 },
  )
})

test('HLT-16 any bytes in any pieces leave a line of printable ASCII, and give one act a piece', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .string({
        unit: fc.constantFrom('a', ' ', '\x1b', '[', 'O', '2', '0', '~', '\r', '\n', '\t', '\x10', '\x7f', '\x03'),
        maxLength: 40,
      })
      .map((text) => Buffer.from(text, 'latin1')),
  )
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 8 }), (pieces) => {
      const { editor, echo, acts } = type(pieces)
      assert.ok(acts.length <= pieces.length)
      assert.match(editor.line, /^[ -~]*$/)
      assert.ok(editor.cursor >= 0 && editor.cursor <= editor.line.length)
      // The screen shows ASCII only; of it, only our own few sequences are not printable.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this expression is about control characters.
      assert.match(echo, /^(?:[ -~\r\n\x07]|\x1b\[\d*[ABCHJ])*$/)
    }),
    { numRuns: 1_000 },
  )
})
