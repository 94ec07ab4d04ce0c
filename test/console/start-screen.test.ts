/** The page for terminals in Chromium, at a real gateway: what a person who signed in begins with. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { addAccount } from '../../src/core/administration/administer-accounts.ts'
import { onCommandLine } from '../fixtures/cast.ts'
import { call, goodPassword } from '../fixtures/control-calls.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import { openBrowser, openTerminalPage, type TerminalPage } from '../fixtures/terminal-page.ts'
import { type TerminalWorld, terminalWorld } from '../fixtures/terminal-world.ts'

const { skip } = requireTools('chromium')
const choice = { server: 'web-1', osUser: 'deploy', purpose: 'CR1' } as const
const works: (() => Promise<void>)[] = []
let world: TerminalWorld
let browser: Browser

before(async () => {
  if (skip !== false) return
  world = await terminalWorld({ now: Date.now(), change: { summary: '', endsAtMs: Date.now() + 40 * 86_400_000 } })
  browser = await openBrowser({ after: (work) => void works.push(work) })
})

after(async () => {
  for (const work of works) await work()
  await world?.close()
})

async function signedIn(username: string): Promise<TerminalPage> {
  const person = await openTerminalPage(browser, world.url)
  await person.signIn(username)
  return person
}

/** An administrator who may not end terminals. */
async function addAuditor(username: string, groups: readonly string[]): Promise<TerminalPage> {
  const wanted = { username, email: null, role: 'admin', expiresAt: null, groups, password: goodPassword } as const
  const how = { by: null, request: onCommandLine, asFirstAdmin: false }
  await addAccount(world.ports, { ...wanted, authority: { role: 'auditor' } }, how)
  return signedIn(username)
}

async function focused({ page }: TerminalPage): Promise<unknown> {
  return await page.evaluate('document.activeElement?.textContent')
}

test('TPG-27 the form has the focus after the sign-in and after a terminal', {
  skip,
}, async () => {
  const ada = await signedIn('ada')
  await ada.page.getByRole('heading', { name: 'Start a terminal' }).waitFor()
  assert.equal(await focused(ada), 'Start a terminal')
  await ada.start(choice)
  await ada.see('$')
  await ada.press('Leave')
  await ada.page.getByRole('heading', { name: 'Start a terminal' }).waitFor()
  assert.equal(await focused(ada), 'Start a terminal')
  await ada.close()
})

test('TPG-21 a change without a summary is named by its id, and its end has a date and a zone', { skip }, async () => {
  const ada = await signedIn('ada')
  const change = ada.page.getByRole('option', { name: /^Change CR1/ })
  await change.waitFor({ state: 'attached' })
  assert.match((await change.textContent()) ?? '', /^Change CR1 \(until \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d \S+\)$/)
  await ada.close()
})

test('TPG-27 nothing can be chosen if no server may be reached', { skip }, async () => {
  const eve = await signedIn('eve')
  await eve.read('No server lists a group of yours.')
  for (const label of ['Server', 'OS user', 'Purpose'])
    assert.equal(await eve.page.getByLabel(label).isDisabled(), true)
  assert.equal(await eve.page.getByRole('button', { name: 'Start' }).isDisabled(), true)
  assert.equal(await eve.page.locator('option').count(), 0)
  await eve.screenshot('no-servers')
  await eve.close()
})

test('TPG-9 an id of no terminal is reported at the field in which it was entered', { skip }, async () => {
  const ada = await signedIn('ada')
  const form = ada.page.locator('.link')
  const field = form.getByRole('textbox')
  await field.fill(randomUUID())
  await form.getByRole('button').click()
  await form.locator('.status-text').filter({ hasText: /\w/ }).waitFor()
  assert.equal(await form.locator('input:focus').count(), 1)
  assert.equal(await ada.page.locator('main > .status-text').textContent(), '')
  await ada.screenshot('unknown-id')
  await ada.close()
})

test('TPG-28 an owner who reaches no server ends a terminal after a question, is offered no way into it, and an auditor ends none', {
  skip,
}, async () => {
  const ada = await signedIn('ada')
  await ada.start(choice)
  await ada.see('$')
  const olga = await signedIn('olga')
  const root = await signedIn('root')
  const lea = await addAuditor('lea', ['ops'])
  const rowOf = ({ page }: TerminalPage) => page.getByRole('listitem').filter({ hasText: 'ada types' })
  await Promise.all([olga, root, lea].map((person) => rowOf(person).waitFor()))
  assert.deepEqual(await rowOf(olga).getByRole('button').allInnerTexts(), ['Watch'])
  assert.deepEqual(await rowOf(lea).getByRole('button').allInnerTexts(), ['Watch'])
  assert.deepEqual(await rowOf(root).getByRole('button').allInnerTexts(), ['End'])
  await root.screenshot('administrator')
  const dialog = root.page.getByRole('dialog', { name: 'End the session of deploy@web-1?' })
  await rowOf(root).getByRole('button').click()
  await dialog.getByRole('button', { name: 'Let it run' }).click()
  await ada.type('still here\n')
  await ada.see('still: not found')
  await rowOf(root).getByRole('button').click()
  await dialog.getByRole('button', { name: 'End session' }).click()
  await ada.read('An administrator ended the session.')
  await rowOf(root).waitFor({ state: 'detached' })
  for (const person of [ada, olga, root, lea]) {
    assert.deepEqual(person.complaints, [])
    await person.close()
  }
})

test('TPG-14 a terminal that ended with the session of its page leads to the sign-in', { skip }, async () => {
  const ada = await signedIn('ada')
  await ada.start(choice)
  await ada.see('$')
  await call(world, { method: 'DELETE', path: '/api/v1/sessions', token: await world.signIn('ada') })
  const panel = ada.page.getByRole('alert')
  await panel.waitFor()
  assert.deepEqual(await panel.getByRole('button').allInnerTexts(), ['Sign in again'])
  await ada.screenshot('signed-out-elsewhere')
  await ada.press('Sign in again')
  await ada.page.getByLabel('Password').waitFor()
  await ada.close()
})
