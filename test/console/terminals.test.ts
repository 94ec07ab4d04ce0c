/** The page for terminals in Chromium, at a real gateway whose terminals echo. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Browser } from 'playwright-core'
import { call, codeOf, enrol, goodPassword } from '../fixtures/control-calls.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import { openBrowser, openTerminalPage, type PageOptions, type TerminalPage } from '../fixtures/terminal-page.ts'
import { type TerminalWorld, terminalWorld } from '../fixtures/terminal-world.ts'

const { skip } = requireTools('chromium')
const hostile = '<img src=x onerror="document.title=1">'
const choice = { server: 'web-1', osUser: 'deploy', purpose: 'CR1' } as const

/** Sockets of terminals, oldest first. */
const sockets: Socket[] = []
const works: (() => Promise<void>)[] = []
let world: TerminalWorld
let browser: Browser

before(async () => {
  if (skip !== false) return
  // The browser compares the window with its own clock.
  world = await terminalWorld({
    now: Date.now(),
    change: { summary: hostile },
    extend: (app) => {
      app.server.on('upgrade', (_request, socket: Socket) => sockets.push(socket))
    },
  })
  await world.addAccount({ username: hostile, password: goodPassword, groups: ['ops'] })
  browser = await openBrowser({ after: (work) => void works.push(work) })
})

after(async () => {
  for (const work of works) await work()
  await world?.close()
})

async function signedIn(username: string, options: PageOptions = {}): Promise<TerminalPage> {
  const person = await openTerminalPage(browser, world.url, options)
  await person.signIn(username)
  return person
}

async function typing(username: string, options: PageOptions = {}): Promise<TerminalPage> {
  const person = await signedIn(username, options)
  await person.start(choice)
  await person.see('$')
  return person
}

async function watching(username: string, whom: TerminalPage, options: PageOptions = {}): Promise<TerminalPage> {
  const person = await signedIn(username, { ...options, fragment: `#join=${whom.ptySessionId()}` })
  await person.page.locator('.line[data-state="live"]').waitFor()
  return person
}

/** Waits until two people see the same; output reaches them one after the other. */
async function sameScreen(one: TerminalPage, other: TerminalPage): Promise<void> {
  const rows = async (): Promise<[string[], string[]]> => [await one.rows(), await other.rows()]
  let [seen, shown] = await rows()
  for (let look = 0; look < 200 && !isDeepStrictEqual(seen, shown); look += 1) {
    await one.page.evaluate('new Promise(requestAnimationFrame)')
    ;[seen, shown] = await rows()
  }
  assert.deepEqual(seen, shown)
}

async function over(...people: readonly TerminalPage[]): Promise<void> {
  for (const person of people) assert.deepEqual(person.complaints, [])
  await people[0]?.type('exit 0\n')
  for (const person of people) {
    await person.read('The shell has ended.')
    await person.close()
  }
}

test('TPG-7, TPG-12 input reaches the terminal, its output is shown, and the status says which server it runs on', {
  skip,
}, async () => {
  const ada = await signedIn('ada')
  await ada.page.getByRole('option', { name: /^Change CR1/ }).waitFor({ state: 'attached' })
  await ada.screenshot('servers')
  await ada.start(choice)
  await ada.type('size\n')
  await ada.see('x')
  const [, size = ''] = await ada.rows()
  assert.match(size, /^\d+ x \d+$/)
  const status = await ada.status()
  assert.match(
    status,
    /^You type live Server deploy@web-1 For change CR1 Window ends in (59:\d\d|1:00:00) Idle limit 15:00 Recorded output Here ada \(you\) types$/,
  )
  await ada.screenshot('implementor')
  await over(ada)
})

test('TPG-5 the session is in no storage and no cookie, and a reload asks to sign in again', { skip }, async () => {
  const ada = await signedIn('ada')
  await ada.page.getByRole('heading', { name: 'Running terminals' }).waitFor()
  const state = await ada.context.storageState({ indexedDB: true })
  assert.deepEqual(state, { cookies: [], origins: [] })
  assert.equal(await ada.page.evaluate('sessionStorage.length'), 0)
  await ada.page.reload()
  await ada.page.getByLabel('Password').waitFor()
  await ada.close()
})

test('TPG-5 a session that ended elsewhere leads back to the sign-in with a sentence', { skip }, async () => {
  const olga = await signedIn('olga')
  await olga.page.getByRole('heading', { name: 'Running terminals' }).waitFor()
  await call(world, { method: 'DELETE', path: '/api/v1/sessions', token: await world.signIn('olga') })
  await olga.page.getByLabel('Link or id').fill(randomUUID())
  await olga.page.locator('.link').getByRole('button').click()
  await olga.read('Your session has ended. Sign in again.')
  await olga.signIn('olga')
  await olga.press('Sign out')
  await olga.read('You are signed out.')
  await olga.close()
})

test('TPG-6 a wrong password is reported, and a code is asked for if the account has a second factor', {
  skip,
}, async () => {
  const username = 'mia'
  await world.addAccount({ username, password: goodPassword, groups: ['ops'] })
  const secret = await enrol(world, await world.signIn(username))
  const mia = await openTerminalPage(browser, world.url)
  await mia.page.getByLabel('Username').fill(username)
  await mia.page.getByLabel('Password').fill('not the password')
  assert.equal(await mia.page.getByLabel('Code').isVisible(), false)
  await mia.press('Sign in')
  await mia.read('The name or the password is not right.')
  await mia.page.getByLabel('Password').fill(goodPassword)
  await mia.press('Sign in')
  await mia.read('A code of the second factor is needed.')
  world.clock.advance(30_000)
  await mia.page.getByLabel('Code').fill(codeOf(secret, world.clock.wallMs()))
  await mia.screenshot('second-factor')
  await mia.press('Sign in')
  await mia.page.getByRole('heading', { name: 'Start a terminal' }).waitFor()
  await mia.close()
})

test('TPG-8, TPG-10 an observer sees the screen of the implementor at its size, and nothing that it types is sent', {
  skip,
}, async () => {
  const ada = await typing('ada')
  await ada.type('one line\n')
  await ada.see('one: not found')
  const olga = await watching('olga', ada, { size: 'phone' })
  await olga.see('one: not found')
  await olga.type('two\n')
  await ada.type('three\n')
  await Promise.all([ada.see('three: not found'), olga.see('three: not found')])
  await sameScreen(ada, olga)
  assert.equal(
    (await ada.rows()).some((row) => row.includes('two')),
    false,
  )
  await ada.read('olga watches')
  await olga.screenshot('observer-on-a-phone')
  await ada.page.setViewportSize({ width: 900, height: 600 })
  await ada.page.locator('.xterm-rows > div').nth(29).waitFor({ state: 'detached' })
  await ada.type('size\n')
  await ada.page
    .locator('.xterm-rows')
    .getByText(/^\d+ x \d+$/)
    .first()
    .waitFor()
  await sameScreen(ada, olga)
  const rows = await ada.rows()
  assert.deepEqual(
    rows.filter((row) => / x \d+$/.test(row)).map((row) => Number(row.split(' x ')[1])),
    [rows.length],
  )
  await over(ada, olga)
})

test('TPG-8 an observer takes over once the implementor gave up typing, with the size of its own window', {
  skip,
}, async () => {
  const ada = await typing('ada')
  const olga = await watching('olga', ada, { size: 'phone' })
  await olga.see('$')
  assert.equal(await olga.page.getByRole('button', { name: 'Take over' }).isVisible(), false)
  await ada.press('Give up typing')
  await ada.read('You watch')
  await olga.press('Take over')
  await olga.read('You type')
  await ada.read('olga types')
  await olga.page.locator('.xterm-rows > div').nth(24).waitFor()
  await olga.type('size\n')
  await Promise.all([olga.see(' x '), ada.see(' x ')])
  await sameScreen(ada, olga)
  await over(olga, ada)
})

test('TPG-9 a link watches after the sign-in, from the list, and from the address of a page that is there', {
  skip,
}, async () => {
  const ada = await typing('ada')
  const link = `${world.url}/terminal#join=${ada.ptySessionId()}`
  const olga = await signedIn('olga')
  await olga.page.getByLabel('Link or id').fill('nothing')
  await olga.page.locator('.link').getByRole('button').click()
  await olga.read('This is neither a link to a terminal nor its id.')
  await olga.page.getByRole('button', { name: 'Watch deploy@web-1' }).first().waitFor()
  await olga.screenshot('running-terminals')
  await olga.page.getByLabel('Link or id').fill(link)
  await olga.page.locator('.link').getByRole('button').click()
  await olga.see('$')
  await olga.press('Leave')
  await olga.page.getByRole('heading', { name: 'Running terminals' }).waitFor()
  assert.equal(new URL(olga.page.url()).hash, '')
  await olga.page.goto(link)
  await olga.see('$')
  const otto = await signedIn('otto', { fragment: `#join=${randomUUID()}` })
  await otto.page.locator('.status-text').filter({ hasText: /\w/ }).first().waitFor()
  await otto.close()
  await over(ada, olga)
})

test('TPG-9 the link for observers is copied, and shown if the browser does not allow copying', { skip }, async () => {
  const ada = await typing('ada')
  const link = `${world.url}/terminal#join=${ada.ptySessionId()}`
  await ada.press('Copy link for observers')
  await ada.page.locator('.notices .plain').waitFor()
  await ada.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await ada.press('Copy link for observers')
  await ada.read('The link was copied.')
  assert.equal(await ada.page.evaluate('navigator.clipboard.readText()'), link)
  await over(ada)
})

test('TPG-11 a terminal whose socket is cut in the middle of its output continues, and nothing is missing or repeated', {
  skip,
}, async () => {
  const ada = await typing('ada')
  const cut = sockets.at(-1)
  const olga = await watching('olga', ada)
  await olga.see('$')
  await ada.type('bytes 3000000\n')
  await ada.page.locator('.xterm-rows').getByText(/\.{9}/).first().waitFor()
  cut?.destroy()
  await ada.read('The connection was lost for a moment; the screen is whole again.')
  await ada.screenshot('resumed')
  await ada.type('done\n')
  await Promise.all([ada.see('done: not found'), olga.see('done: not found')])
  await sameScreen(ada, olga)
  await ada.page.locator('.xterm-helper-textarea').focus()
  await ada.page.keyboard.press('Shift+PageUp')
  const numbers = (await ada.rows()).flatMap((row) => /^\.+(\d+)$/.exec(row)?.[1] ?? []).map(Number)
  assert.ok(numbers.length > 20)
  assert.deepEqual(
    numbers,
    numbers.map((_number, index) => ((numbers[0] ?? 0) + index) % 4096),
  )
  await over(ada, olga)
})

test('TPG-15 a page under another name of the loopback address reaches the gateway', { skip }, async () => {
  const ada = await openTerminalPage(browser, world.url.replace('127.0.0.1', 'localhost'))
  await ada.signIn('ada')
  await ada.start(choice)
  await ada.see('$')
  await over(ada)
})

test('TPG-16 names, summaries and messages that are markup are shown as they are written', { skip }, async () => {
  const ada = await typing(hostile)
  await ada.read(`${hostile} (you) types`)
  const olga = await signedIn('olga')
  await olga.read(`${hostile} types`)
  assert.match(
    (await olga.page.getByLabel('Purpose').textContent()) ?? '',
    /^Change CR1: <img src=x onerror="document.title=1">/,
  )
  await olga.page.getByRole('listitem').filter({ hasText: hostile }).getByRole('button').click()
  await olga.read('You watch')
  await olga.read(`${hostile} types`)
  await ada.page.getByLabel('Message to everybody here').fill(`${hostile} mind the gap`)
  await ada.press('Send')
  await olga.read(`${hostile} mind the gap`)
  await olga.screenshot('markup-as-text')
  for (const person of [ada, olga]) {
    assert.equal(await person.page.locator('img').count(), 0)
    assert.equal(await person.page.title(), 'deploy@web-1: Sallyport')
  }
  await over(ada, olga)
})

test('TPG-19 a terminal is started, left and ended by keys alone', { skip }, async () => {
  const ada = await openTerminalPage(browser, world.url)
  const { keyboard } = ada.page
  await keyboard.type('ada')
  await keyboard.press('Tab')
  await keyboard.type(goodPassword)
  await keyboard.press('Enter')
  await ada.page.getByRole('option', { name: /^Change CR1/ }).waitFor({ state: 'attached' })
  // From the heading of the form on.
  for (const _step of ['server', 'OS user', 'purpose', 'start']) await keyboard.press('Tab')
  await keyboard.press('Enter')
  await ada.see('$')
  await keyboard.type('tab\t')
  await keyboard.press('Enter')
  await ada.see('tab: not found')
  await keyboard.press('Control+Shift+KeyL')
  await keyboard.press('Shift+Tab')
  await keyboard.press('Enter')
  await ada.page.getByRole('dialog').waitFor()
  await ada.screenshot('end-question')
  await keyboard.press('Tab')
  await keyboard.press('Enter')
  await ada.read('You ended the session.')
  await keyboard.press('Enter')
  await ada.page.getByRole('heading', { name: 'Start a terminal' }).waitFor()
  assert.deepEqual(ada.complaints, [])
  await ada.close()
})
