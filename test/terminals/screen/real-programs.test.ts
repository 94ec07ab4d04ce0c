import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { GroundState } from '../../../src/terminals/screen/ground-state.ts'
import { serializeScreen } from '../../../src/terminals/screen/serialize-screen.ts'
import { assertSame, feed, terminalFed, visibleRows } from '../../fixtures/compare-terminals.ts'
import { requireTools } from '../../fixtures/require-tool.ts'
import { probe } from '../../fixtures/terminal-output.ts'
import { type Shown, showInTmux, type ToShow } from '../../fixtures/tmux-pane.ts'

const { paths, skip } = requireTools('tmux', 'vim', 'htop')

type Program = Omit<ToShow, 'tmux' | 'command'> & { readonly command: (folder: string) => string }

const text = `/** A file in several colours. */
export const names: readonly string[] = ['日本語', 'naïve', 'cafe\u0301', '😀']
${Array.from({ length: 30 }, (_, line) => `const value${line}: number = ${line} // ${'comment '.repeat(line % 9)}`).join('\n')}
`

const script = `printf '\\033[1;32mops\\033[0m:\\033[34m~\\033[0m$ ls --color\\r\\n'
for colour in 1 2 3 4 5 6 7; do printf '\\033[3%sm%s\\033[4%sm bar\\033[0m\\tend\\r\\n' $colour $colour $colour; done
printf '\\033[38;5;208mindexed\\033[38;2;10;200;30mtrue\\033[0m 日本語 \\033[7minverse\\033[27m \\033[4munder\\033[24m\\r\\n'
printf '%s\\r\\n' 'a line that is so long that it has to go on in the next row of the screen, whatever its width'
printf '\\033[2;8r\\033[8;1H\\n\\n\\033[2K in the region\\033[r\\033[14;3Hready'
exec sleep 100
`

const programs: Readonly<Record<string, Program>> = {
  vim: {
    command: (folder) =>
      `${paths?.vim} --clean -n -c 'syntax on' -c 'set number cursorline hlsearch laststatus=2 statusline=%f%=drawn' -c 'vsplit' -c 'normal 9G' -c '/value1' ${folder}/text.ts`,
    cols: 60,
    rows: 16,
    until: 'drawn',
    keys: ['-l', 'ix日y'],
    thenUntil: '-- INSERT --',
  },
  htop: { command: () => `${paths?.htop} -d 1000`, cols: 80, rows: 20, until: 'Quit' },
  'a shell with colours': { command: (folder) => `/bin/sh ${folder}/script.sh`, cols: 50, rows: 14, until: 'ready' },
}

async function show(t: TestContext, { command, ...program }: Program): Promise<Shown> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-shown-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'text.ts'), text)
  writeFileSync(join(folder, 'script.sh'), script)
  return showInTmux(t, { ...program, tmux: paths?.tmux ?? '', command: command(folder) })
}

for (const [name, program] of Object.entries(programs)) {
  test(`SCR-7 a joiner's screen of ${name} is the one that tmux shows: text, attributes and cursor`, {
    skip,
  }, async (t) => {
    const { output, rows, cursor } = await show(t, program)
    const size = { cols: program.cols, rows: program.rows }
    const whole = terminalFed(size, output)
    const joiner = terminalFed(size, serializeScreen(whole, true))
    const tmux = terminalFed(
      size,
      Buffer.from(`\x1b)0${rows.map((row, index) => `\x1b[${index + 1}H${row}`).join('')}`),
    )
    assert.deepEqual(visibleRows(joiner).map(toLastGlyph), visibleRows(tmux).map(toLastGlyph))
    const { cursorX, cursorY } = joiner.buffer.active
    assert.deepEqual({ x: Math.min(cursorX, program.cols - 1), y: cursorY }, cursor)
    checkPlaces(output, size)
  })
}

/** What tmux captures leaves out the background of cells that were erased behind the last glyph of a row. */
function toLastGlyph(row: string): string {
  return row.replace(/(\{[^}]*\}| )+$/, '')
}

/** Cuts the output at every byte, and looks at the rest of it at every tenth place. */
function checkPlaces(output: Buffer, size: { readonly cols: number; readonly rows: number }): void {
  const whole = terminalFed(size, output, probe)
  const cut = terminalFed(size)
  const joiner = terminalFed(size)
  const ground = new GroundState()
  let before = 0
  let places = 0
  for (let at = 1; at <= output.length; at += 1) {
    if (ground.scan(output.subarray(at - 1, at)) === 0) continue
    feed(cut, output.subarray(before, at))
    before = at
    places += 1
    feed(joiner, serializeScreen(cut, true))
    assertSame(joiner, cut, { at: `at byte ${at}` })
    if (places % 10 !== 0) continue
    feed(joiner, output.subarray(at))
    feed(joiner, probe)
    assertSame(joiner, whole, { at: `after byte ${at}` })
  }
}
