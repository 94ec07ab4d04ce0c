/** Terminals tests: a health check over PTYs of this machine; what really runs there, and what it gets. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemTimers } from '../../../src/terminals/timers.ts'
import { LocalTransport } from '../../../src/terminals/transports/local.ts'
import { SpawnBound } from '../../../src/terminals/transports/spawn-bound.ts'
import { type OpenedCheck, openCheck } from '../../fixtures/health-check.ts'
import { whyNoPty } from '../../fixtures/pty.ts'
import { requireTools } from '../../fixtures/require-tool.ts'

const noPty = whyNoPty()
const vim = requireTools('vim')
const ownUser = userInfo().username
const prompt = `${ownUser}@web-1> `

const commands = [
  ['vim', '-n', '-u', 'NONE'],
  ['cat', '/proc/sys/kernel/ostype', '-'],
  ['stty', 'size'],
  ['printenv', { pattern: '[A-Z_]+' }],
  ['false'],
]

type Here = { readonly check: OpenedCheck; readonly timers: OpenedCheck['timers']; readonly notices: readonly string[] }

async function here(t: TestContext): Promise<Here> {
  const transport = new LocalTransport({
    timers: systemTimers,
    bound: new SpawnBound(systemTimers),
    isAllowed: async () => null,
  })
  const notices: string[] = []
  const check = openCheck({ transport }, commands, { osUser: ownUser, onNotice: (sentence) => notices.push(sentence) })
  t.after(async () => {
    await check.terminal.end()
    await transport.close()
  })
  await check.until(prompt)
  return { check, timers: check.timers, notices }
}

test('HLT-9, HLT-20 commands run one after the other with the settings of a health check, and their status is shown', {
  skip: noPty,
}, async (t) => {
  const { check, notices } = await here(t)
  check.terminal.resize({ cols: 101, rows: 33 })
  const shown = []
  for (const line of ['printenv TERM', 'printenv SYSTEMD_PAGER', 'stty size', 'false']) {
    check.type(`${line}\r`)
    shown.push((await check.until(prompt)).split('\r\n')[1])
  }
  assert.deepEqual(shown, ['dumb', 'cat', '33 101', 'Exit status 1.'])
  assert.equal(new Set(notices).size, notices.length)
})

test('HLT-18 Ctrl-C interrupts what runs, through its terminal', { skip: noPty }, async (t) => {
  const { check } = await here(t)
  check.type('cat /proc/sys/kernel/ostype -\r')
  await check.until('Linux\r\n')
  check.type('\x03')
  assert.match(await check.until(prompt), /The command was stopped\.\r\n/)
})

test('HLT-13, HLT-18, HLT-19 input while vi runs does not reach it; it is stopped, and the screen is restored', {
  skip: noPty === false ? vim.skip : noPty,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sally-check-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const mark = join(folder, 'broken')
  const { check, timers } = await here(t)
  check.type('vim -n -u NONE\r')
  await check.until('~')
  for (const keys of [':!', `touch ${mark}\r`, `\x1b:w ${mark}\r`, ':q!\r', 'ZQ', '\x1a']) check.type(keys)
  check.type('\x03')
  // vi takes an interrupt for a key, and is ended when its time to stop is over.
  timers.advance(2_000)
  assert.match(await check.until(prompt), /The command was stopped\.\r\n/)
  assert.equal(existsSync(mark), false)
})
