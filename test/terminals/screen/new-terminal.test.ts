import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const [newTerminal, internals] = ['new-terminal.ts', 'xterm-internals.ts'].map((name) =>
  fileURLToPath(new URL(`../../../src/terminals/screen/${name}`, import.meta.url)),
)

/** Prints the address of the width table in its memory after it was read, then the columns that characters take. */
const program = `
  const from = Buffer.from
  const places = []
  Buffer.from = (...values) => {
    const made = from.apply(Buffer, values)
    if (values[1] === 'base64') places.push([made.byteOffset, made.buffer.byteLength - made.length])
    return made
  }
  from.call(Buffer, 'something that is in the pool before')
  const { newTerminal } = await import(${JSON.stringify(newTerminal)})
  const { parseNow } = await import(${JSON.stringify(internals)})
  const columns = ['a', '日', '😀', '👩‍🚀', 'e\u0301', '🇩🇪'].map((text) => {
    const terminal = newTerminal(10, 2)
    parseNow(terminal, from.call(Buffer, text))
    return terminal.buffer.active.cursorX
  })
  console.log(JSON.stringify({ places: [...new Set(places.map(String))], columns, poolSize: Buffer.poolSize > 0 }))`

test('SCR-24 the table of widths is read from memory of its own, and buffers share memory again afterwards', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000 })
  assert.equal(stderr.toString(), '')
  assert.deepEqual(JSON.parse(stdout.toString()), {
    places: ['0,0'],
    columns: [1, 2, 2, 2, 1, 2],
    poolSize: true,
  })
})
