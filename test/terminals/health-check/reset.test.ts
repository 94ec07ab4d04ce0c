/** Terminals tests: what a terminal is like after a command that left it in a state of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import xterm from '@xterm/headless'
import { resetSequence } from '../../../src/terminals/health-check/reset-sequence.ts'

/** What a terminal shows and how it stands after some output. */
async function terminalAfter(...outputs: readonly string[]): Promise<unknown> {
  const terminal = new xterm.Terminal({ cols: 40, rows: 6, allowProposedApi: true })
  for (const output of outputs) await new Promise<void>((resolve) => terminal.write(output, resolve))
  const { active } = terminal.buffer
  const cell = active.getLine(active.baseY + active.cursorY)?.getCell(2)
  const state = {
    text: Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true))
      .join('\n')
      .trimEnd(),
    cursor: [active.cursorX, active.cursorY],
    buffer: active.type,
    modes: { ...terminal.modes },
    isPlain: cell?.isFgDefault() === true && cell.isBgDefault() && cell.isBold() === 0 && cell.isInverse() === 0,
  }
  terminal.dispose()
  return state
}

test('HLT-19 a command leaves no state in the terminal that affects the next line', async () => {
  const after = `${resetSequence}\r\nok> `
  const leftovers = [
    'a\x1b[1;31;44;7m',
    'a\x1b[?25l\x1b[?7l',
    'a\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?1004h\x1b[?9h',
    'a\x1b[?2004h\x1b[?1h\x1b=\x1b[4h',
    'a\x1b(0\x0e',
    'a\x1b]0;title without end',
    'a\x1bPq without end',
    'a\x1b[31',
    'a\x1b',
    'a\x1b7\x1b[2;4r\x1b8',
    'a\x1b7\x1b[?6h\x1b8',
    'a\x1b[?1049h\x1b[2J\x1b[Hthe editor is gone',
    'a\x1b[?1049h\x1b[2;3r\x1b[?6h\x1b[31mx',
  ]
  const expected = await terminalAfter('before\r\n', 'a', '\r\nok> ')
  for (const leftover of leftovers) {
    assert.deepEqual(await terminalAfter('before\r\n', leftover, after), expected, JSON.stringify(leftover))
  }
})
