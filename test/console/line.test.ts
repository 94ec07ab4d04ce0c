/** The page for terminals in Chromium: blocked input, a line that drops, questions, and the view of a terminal that has ended. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { ada, asked, choice, enter, event, next, olga, stage } from '../fixtures/page-stage.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import { openBrowser, openTerminalPage, type TerminalPage } from '../fixtures/terminal-page.ts'
import { terminalWorld } from '../fixtures/terminal-world.ts'

const { skip } = requireTools('chromium')
const held = { kind: 'blocked', why: 'observers-missing', sentence: 'One more has to watch.' } as const
const paused = { kind: 'blocked', why: 'paused-by-observer', sentence: 'An observer has paused the input.' } as const

const policy = {
  purpose: 'change_request',
  server: 'db-1',
  osUser: 'deploy',
  changeId: 'CR-1',
  windowEndsAtMs: Date.now() + 39.5 * 86_400_000,
  idleSeconds: 900,
  observersNeeded: 4,
  presenceMinutes: 5,
  inputIsRecorded: true,
} as const

/** Waits until the badge says a text. */
async function badge({ page }: TerminalPage, text: string): Promise<void> {
  await page.locator('.role').getByText(text, { exact: true }).waitFor()
}

// Run in the page: elements that are wider than their container, or outside the window.
const cut = `[...document.querySelectorAll('.status *, .notices, .notices *, .terminal > footer *')]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const { left, right } = element.getBoundingClientRect()
    return left < 0 || right > innerWidth || (element.tagName !== 'INPUT' && element.scrollWidth > element.clientWidth && element.clientWidth > 0)
  })
  .map((element) => element.outerHTML)`

test('TPG-12, TPG-22 what the page shows of its terminal while it lives', { skip }, async (t) => {
  const at = await stage(t)

  await t.test('TPG-12 nothing of the status line and the strip is cut, however narrow the window is', async () => {
    const people = ['olga', 'otto', 'a-colleague-with-a-long-name'].map((username, index) => ({
      ...olga,
      id: `o${index}`,
      username,
    }))
    const { page, peer } = await enter(at, { policy, participants: [ada, ...people] })
    peer.send(event(held), event({ kind: 'message', from: olga, text: 'one word: '.padEnd(200, 'x') }))
    await page.read('one word')
    for (const width of [400, 800, 1200]) {
      await page.page.setViewportSize({ width, height: 700 })
      assert.deepEqual(await page.page.evaluate(cut), [], `${width}`)
      assert.match(await page.status(), /Window ends in 39 days .* a-colleague-with-a-long-name watches$/)
      await page.screenshot(`status-${width}`)
    }
    assert.deepEqual(page.complaints, [])
    await page.close()
  })

  await t.test('TPG-22 the badge says that input is held, and it is said once when input passes again', async () => {
    const { page, peer } = await enter(at)
    await badge(page, 'You type')
    peer.send(event({ kind: 'unblocked' }), event(held))
    await badge(page, 'Input held')
    assert.equal(await page.page.getByText('Input is unblocked.').count(), 0)
    await page.screenshot('held')
    peer.send(event({ kind: 'blocked', why: 'paste-too-large', sentence: 'The paste is too large.' }))
    await page.read('The paste is too large.')
    peer.send(event({ kind: 'unblocked' }))
    await page.page.getByRole('log').getByText('Input is unblocked.').waitFor()
    await badge(page, 'You type')
    peer.send(event({ kind: 'blocked', why: 'paste-too-large', sentence: 'The paste is too large.' }))
    await page.read('The paste is too large.')
    await badge(page, 'You type')
    const watching = { ...ada, role: 'observer' } as const
    peer.send(event({ kind: 'left', participant: ada, participants: [watching] }))
    await page.page.getByRole('log').getByText('You do not type any more; you watch.').waitFor()
    await badge(page, 'You watch')
    await page.close()
  })

  await t.test('TPG-22 the page shows as paused what the gateway last reported, not what was pressed', async () => {
    const { page, peer } = await enter(at, { role: 'observer', participant: olga, participants: [ada, olga] })
    const seen = async (): Promise<boolean[]> =>
      await Promise.all(
        ['Pause input', 'Continue input'].map((name) => page.page.getByRole('button', { name }).isVisible()),
      )
    await page.press('Pause input')
    assert.deepEqual(await asked(peer), { action: 'pause' })
    assert.deepEqual(await seen(), [true, false])
    peer.send(event(paused))
    await page.page.getByRole('button', { name: 'Continue input' }).waitFor()
    assert.deepEqual(await seen(), [false, true])
    await page.press('Continue input')
    assert.deepEqual(await asked(peer), { action: 'continue' })
    assert.deepEqual(await seen(), [false, true])
    peer.send(event(held))
    await page.page.getByRole('button', { name: 'Pause input' }).waitFor()
    await page.close()
  })

  await t.test(
    'TPG-23 a line that is down is shown until it is up again, and meanwhile no user is shown as typing',
    async () => {
      const { page, peer } = await enter(at)
      peer.drop()
      await page.read('Reconnecting; what you type is not sent.')
      await badge(page, 'Not connected')
      await page.type('x')
      const again = await at.gateway.peers.next()
      await page.screenshot('reconnecting')
      assert.equal(await page.page.getByText('Reconnecting; what you type is not sent.').count(), 1)
      await next(again, 'hello')
      again.send({ type: 'welcome', welcome: { ...welcomeBack, participants: [ada, olga] } })
      await page.page.getByText('Reconnecting; what you type is not sent.').waitFor({ state: 'detached' })
      await badge(page, 'You type')
      await page.type('y')
      assert.equal(Buffer.from((await next(again, 'input')).bytes).toString(), 'y')
      await page.close()
    },
  )

  await t.test(
    "TPG-25 an observer's terminal is named so, and typing in it says once that it is not sent",
    async () => {
      const { page } = await enter(at, { role: 'observer', participant: olga, participants: [ada, olga] })
      const hint = page.page.getByText('You watch; what you type is not sent.')
      await page.page.getByRole('textbox', { name: 'Terminal, watching', exact: true }).focus()
      await page.page.keyboard.press('Shift+PageUp')
      await page.page.keyboard.press('Control+KeyC')
      assert.equal(await hint.count(), 0)
      await page.page.keyboard.type('ls')
      await hint.waitFor()
      await page.page.locator('.notices p').filter({ has: hint }).getByRole('button', { name: 'Dismiss' }).click()
      await page.type('ls')
      assert.equal(await hint.count(), 0)
      await page.close()
      const typing = await enter(at)
      await typing.page.page.getByRole('textbox', { name: 'Terminal', exact: true }).focus()
      await typing.page.type('ls')
      assert.equal(await typing.page.page.getByText('You watch; what you type is not sent.').count(), 0)
      await typing.page.close()
    },
  )

  await t.test('TPG-26 a message about the terminal stays until it is dismissed', async () => {
    const { page, peer } = await enter(at)
    const sentences = ['Detached programs still run.', '<b>Another</b> thing.']
    peer.send(...sentences.map((sentence) => event({ kind: 'notice', sentence })))
    for (const sentence of sentences) await page.read(sentence)
    peer.send(event({ kind: 'blocked', why: 'paste-too-large', sentence: 'The paste is too large.' }))
    await page.read('The paste is too large.')
    await page.page.clock.setFixedTime(Date.now() + 3_600_000)
    await page.page.getByText('The paste is too large.').waitFor({ state: 'detached' })
    await page.page.locator('.notices p').filter({ hasText: 'Another' }).getByRole('button').click()
    await page.page.getByText('Another').waitFor({ state: 'detached' })
    peer.send({ type: 'error', error: { code: 'shell-exit', message: 'The shell has ended.', retry: 'no' } })
    peer.close(4410)
    await page.page.getByRole('alert').waitFor()
    assert.deepEqual(await page.page.locator('.notices p > span').allTextContents(), ['Detached programs still run.'])
    await page.close()
  })
})

/** What the gateway says when a socket comes back. */
const welcomeBack = {
  ptySessionId: 'p1',
  participant: ada,
  role: 'implementor',
  seq: 0,
  inputSeq: 0,
  cols: 80,
  rows: 24,
  resume: 'second',
  policy,
} as const

test('TPG-24, TPG-14 how a terminal is ended, and which end is shown', { skip }, async (t) => {
  const at = await stage(t)

  await t.test('TPG-24 a no is focused and highlighted if a yes cannot be undone', async () => {
    const { page, peer } = await enter(at)
    await page.press('End session')
    const dialog = page.page.getByRole('dialog', { name: 'End the session?' })
    assert.deepEqual(await dialog.locator('button:focus').allInnerTexts(), ['Keep working'])
    assert.deepEqual(await dialog.locator('button.main').allInnerTexts(), ['Keep working'])
    await page.screenshot('question-end')
    await page.page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.press('End session')
    await dialog.getByRole('button', { name: 'End session' }).click()
    assert.deepEqual(await asked(peer), { action: 'end' })
    await page.close()
  })

  await t.test(
    'TPG-14 the user who asked for an end sees that they did, and no control of a running terminal is left',
    async () => {
      for (const [isAsked, told] of [
        [true, 'You ended the session.'],
        [false, 'The implementor ended the session.'],
      ] as const) {
        const { page, peer } = await enter(at)
        if (isAsked) {
          await page.press('End session')
          await page.page.getByRole('dialog').getByRole('button', { name: 'End session' }).click()
          assert.deepEqual(await asked(peer), { action: 'end' })
        }
        const message = 'The implementor ended the session.'
        peer.send({ type: 'error', error: { code: 'ended-by-implementor', message, retry: 'no' } })
        peer.close(4410)
        const panel = page.page.getByRole('alert')
        await panel.waitFor()
        assert.deepEqual(await panel.locator('p').allTextContents(), [told, 'Code 4410, ended, ended-by-implementor.'])
        assert.equal(await page.page.locator('.notices').isVisible(), false)
        assert.doesNotMatch(await page.status(), /Here/)
        await page.screenshot(`ended-${isAsked}`)
        await page.close()
      }
    },
  )
})

test('TPG-23 a first socket that never opened is shown with the address at which to open the page', {
  skip,
}, async (t) => {
  const refusing = createServer()
  refusing.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n'))
  refusing.listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  t.after(() => refusing.close())
  const publicUrl = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`
  const world = await terminalWorld({ now: Date.now(), config: { gateway: { publicUrl } } })
  t.after(() => world.close())
  const page = await openTerminalPage(await openBrowser(t), world.url)
  await page.signIn('ada')
  const started = assert.rejects(page.start(choice))
  const panel = page.page.getByRole('alert')
  await panel.waitFor()
  assert.deepEqual(await panel.locator('p').allTextContents(), [
    `The terminal's address could not be reached. Open this page at ${publicUrl}/terminal.`,
    'Code 1006, connection lost.',
  ])
  await badge(page, 'Not connected')
  await page.screenshot('not-reached')
  await page.close()
  await started
})
