/** Core tests: catalogues in a real store. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { RequestFacts } from '../../../src/core/audit/act.ts'
import {
  type CataloguePorts,
  readCatalogues,
  removeCatalogue,
  setCatalogue,
} from '../../../src/core/terminals/set-catalogue.ts'
import { patterns } from '../../fixtures/health-check.ts'
import { testClock } from '../../fixtures/run-sallyport.ts'
import { openTestStore } from '../../fixtures/sqlite-store.ts'

const request: RequestFacts = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null }
const uptime = { commands: [{ words: ['uptime'] }] }

async function openPorts(t: TestContext): Promise<CataloguePorts> {
  const opened = await openTestStore()
  t.after(() => opened[Symbol.asyncDispose]())
  return { clock: testClock(1_000), store: opened.store, patterns }
}

test('HLT-23 the catalogues of the groups that are asked for come back, and are gone once they are removed', async (t) => {
  const ports = await openPorts(t)
  for (const group of ['ops', 'dba', 'web']) await setCatalogue(ports, { group, document: uptime }, request)
  const asked = async (): Promise<readonly string[]> => [
    ...(await readCatalogues(ports, ['web', 'ops', 'none'])).keys(),
  ]
  assert.deepEqual(
    [await asked(), await removeCatalogue(ports, 'ops', request), await asked()],
    [['ops', 'web'], 'removed', ['web']],
  )
  assert.deepEqual(
    [await removeCatalogue(ports, 'ops', request), await readCatalogues(ports, [])],
    ['missing', new Map()],
  )
})

test('HLT-7, HLT-23 a group that cannot be, and a catalogue with a fault, change nothing', async (t) => {
  const ports = await openPorts(t)
  await setCatalogue(ports, { group: 'ops', document: uptime }, request)
  const refusals = [
    { group: 'two words', document: uptime },
    { group: '', document: uptime },
    { group: 'ops', document: { commands: [{ words: ['ls', '$a'] }] } },
  ]
  for (const what of refusals) await assert.rejects(setCatalogue(ports, what, request), { code: 'INPUT_INVALID' })
  const texts = await ports.store.catalogues(['ops', 'two words', ''])
  assert.deepEqual([...texts], [['ops', JSON.stringify(uptime)]])
})

test('HLT-12 a kept document that cannot be read gives no catalogue at all', async (t) => {
  const ports = await openPorts(t)
  const audit = { ...request, atMs: 1, accountId: null, username: null, action: 'catalogue', outcome: 'ok' } as const
  for (const catalogue of ['{', '{"commands":[{"words":["a;b"]}]}']) {
    await ports.store.execute('setCatalogue', { group: 'ops', catalogue, nowMs: 1, audit })
    await assert.rejects(readCatalogues(ports, ['ops']), { code: 'INTERNAL' })
  }
})
