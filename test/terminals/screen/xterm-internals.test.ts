import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { newTerminal } from '../../../src/terminals/screen/new-terminal.ts'
import {
  bgFlags,
  internalsOf,
  parserGround,
  readProperties,
  underlineColour,
  underlineStyle,
} from '../../../src/terminals/screen/xterm-internals.ts'
import { projectRoot } from '../../../tools/source-tree.ts'
import { feed, terminalFed, visibleRows } from '../../fixtures/compare-terminals.ts'

/** Names what a value is made of, to the depth that is read. */
function shapeOf(value: unknown, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, typeof (value as Readonly<Record<string, unknown>>)[name]]))
}

const started = '\x1b[1;31;44m\x1b[4:3;58;5;9me\u0301\x1b]8;id=a;https://example.com/\x07x\x1b7\x1b)0'

/** The versions whose private fields `src/terminals/screen/xterm-internals.ts` reads. */
const readVersions = { '@xterm/headless': '6.0.0', '@xterm/addon-unicode-graphemes': '0.4.0' } as const

for (const [name, version] of Object.entries(readVersions)) {
  test(`SCR-19 the private fields were read in the installed version of ${name}`, () => {
    const { version: installed } = JSON.parse(
      readFileSync(join(projectRoot, 'node_modules', name, 'package.json'), 'utf8'),
    ) as { version: string }
    const advice = `${name} has changed: compare every private field in xterm-internals.ts with its sources, run test/terminals/screen, then change the version here.`
    assert.equal(installed, version, advice)
  })
}

test('SCR-19 the private fields of xterm.js that are read exist', () => {
  const terminal = newTerminal(20, 4)
  feed(terminal, Buffer.from(started))
  const core = internalsOf(terminal)
  const { active, alt, normal } = core.buffers
  assert.equal(active, normal)
  assert.deepEqual(
    shapeOf(core._inputHandler, [
      'parse',
      '_curAttrData',
      '_parser',
      '_utf8Decoder',
      '_restrictCursor',
      '_eraseInBufferLine',
      '_resetBufferLine',
    ]),
    {
      parse: 'function',
      _curAttrData: 'object',
      _parser: 'object',
      _utf8Decoder: 'object',
      _restrictCursor: 'function',
      _eraseInBufferLine: 'function',
      _resetBufferLine: 'function',
    },
  )
  const bufferNumbers = ['x', 'y', 'ybase', 'scrollTop', 'scrollBottom', 'savedX', 'savedY']
  for (const buffer of [normal, alt]) {
    assert.deepEqual(Object.values(shapeOf(buffer, bufferNumbers)), Array(bufferNumbers.length).fill('number'))
    assert.deepEqual(shapeOf(buffer, ['lines', 'tabs', 'savedCurAttrData', 'savedCharset']), {
      lines: 'object',
      tabs: 'object',
      savedCurAttrData: 'object',
      savedCharset: 'undefined',
    })
  }
  assert.deepEqual(Object.keys(core.coreService.decPrivateModes).sort(), [
    'applicationCursorKeys',
    'applicationKeypad',
    'bracketedPasteMode',
    'cursorBlink',
    'cursorStyle',
    'origin',
    'reverseWraparound',
    'sendFocus',
    'synchronizedOutput',
    'wraparound',
  ])
  assert.deepEqual([core.coreService.isCursorHidden, core.coreService.modes], [false, { insertMode: false }])
})

test('SCR-19 the private fields of xterm.js that are read have the expected meaning', () => {
  const core = internalsOf(terminalFed({ cols: 20, rows: 4 }, Buffer.from(started)))
  const { active } = core.buffers
  const line = active.lines.get(0)
  assert.deepEqual(
    {
      cells: [line?.getString(0), line?.getWidth(0), line?.length, line?.isWrapped],
      cellWords: [line?.getFg(0), line?.getBg(0)],
      style: underlineStyle(line?._extendedAttrs[0] ?? { _ext: 0, urlId: 0 }),
      colour: underlineColour(line?._extendedAttrs[0] ?? { _ext: 0, urlId: 0 }),
      link: core._oscLinkService.getLinkData(core._inputHandler._curAttrData.extended.urlId),
      isMarked: (core._inputHandler._curAttrData.bg & bgFlags.extended) !== 0,
      parser: [core._inputHandler._parser.currentState, core._inputHandler._parser.precedingJoinState],
      interim: core._inputHandler._utf8Decoder.interim.length,
      charsets: [core._charsetService.glevel, core._charsetService.charset, core._charsetService._charsets.length],
      saved: [active.savedX, active.savedY, active.savedCurAttrData.fg],
      stops: Object.keys(active.tabs),
      mouse: [core.coreMouseService.activeProtocol, core.coreMouseService.activeEncoding],
      joined: readProperties(core.unicodeService.charProperties(0x301, core.unicodeService.charProperties(0x65, 0))),
      options: [core.optionsService.rawOptions.cursorBlink, core.optionsService.rawOptions.convertEol],
    },
    {
      cells: ['e\u0301', 1, 20, false],
      cellWords: [0x19000001 | 0, 0x11000004],
      style: 3,
      colour: 0x2000009,
      link: { id: 'a', uri: 'https://example.com/' },
      isMarked: true,
      parser: [parserGround, 0],
      interim: 3,
      charsets: [0, undefined, 2],
      saved: [2, 0, 0x19000001 | 0],
      stops: ['0', '8', '16'],
      mouse: ['NONE', 'DEFAULT'],
      joined: { width: 1, joins: true },
      options: [false, false],
    },
  )
})

test('SCR-20 erasing above the cursor in the last cell of the last line loses nothing of what follows', () => {
  for (const sequence of ['\x1b[1J', '\x1b[?1J']) {
    const terminal = terminalFed({ cols: 4, rows: 2 }, Buffer.from(`ab\r\ncd\x1b[2;4H${sequence}\x1b[Hnew`))
    assert.deepEqual(visibleRows(terminal), ['{,}new ', '{,}    '], sequence)
  }
})
