/** The page for terminals in Chromium, at a gateway that a test directs: what the user sees, and what the page does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerFrame } from '../../src/protocol/terminal-frames.ts'
import { faintTexts, namelessControls } from '../fixtures/page-checks.ts'
import { ada, asked, choice, enter, event, greet, next, olga, output, stage } from '../fixtures/page-stage.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import { openTerminalPage } from '../fixtures/terminal-page.ts'

const { skip } = requireTools('chromium')

test('TPG-12, TPG-13 what the user at the page sees, and what its buttons ask for', { skip }, async (t) => {
  const at = await stage(t)

  await t.test(
    'TPG-12 a window that is about to end stands out, recorded input does, and notices lie over no row of the terminal',
    async () => {
      const policy = {
        purpose: 'change_request',
        server: 'db-1',
        osUser: 'deploy',
        changeId: 'CR-1',
        windowEndsAtMs: Date.now() + 290_000,
        idleSeconds: 90,
        observersNeeded: 2,
        presenceMinutes: 5,
        inputIsRecorded: true,
      } as const
      const { page, peer } = await enter(at, { policy })
      const status = await page.status()
      assert.match(
        status,
        /Server deploy@db-1 For change CR-1 Window ends in 4:\d\d Idle limit 1:30 Recorded output and input Here 1 more to watch, ada \(you\) types, olga watches$/,
      )
      assert.equal(await page.page.locator('[data-soon="true"]').count(), 1)
      assert.equal(await page.page.locator('[data-input="true"]').count(), 1)
      const screen = page.page.locator('.screen')
      const before = await screen.boundingBox()
      peer.send(event({ kind: 'message', from: olga, text: 'one line' }))
      await page.read('one line')
      assert.deepEqual(await screen.boundingBox(), before)
      await page.press('Dismiss')
      peer.send(
        event({ kind: 'warning', what: 'window', sentence: 'The window ends in 5 minutes.', secondsLeft: 300 }),
        event({ kind: 'warning', what: 'idle', sentence: 'Nobody typed for long.', secondsLeft: 30 }),
        event({ kind: 'blocked', why: 'observers-missing', sentence: 'One more has to watch.' }),
        event({ kind: 'message', from: olga, text: 'wait for me' }),
      )
      for (const text of [
        /^The window ends in (5:00|4:\d\d)\.$/,
        'Nobody typed for long.',
        'One more has to watch.',
        'wait for me',
      ]) {
        await page.read(text)
      }
      const [notices, terminal] = [await page.page.locator('.notices').boundingBox(), await screen.boundingBox()]
      assert.ok((notices?.y ?? 0) + (notices?.height ?? 0) <= (terminal?.y ?? 0))
      assert.ok((terminal?.height ?? 0) < (before?.height ?? 0))
      await page.screenshot('notices')
      assert.deepEqual(await faintTexts(page), [])
      assert.deepEqual(await namelessControls(page), [])
      await page.type('x')
      await page.page.getByText('Nobody typed for long.').waitFor({ state: 'detached' })
      peer.send(event({ kind: 'unblocked' }), { type: 'flow', state: 'behind', seq: 0 })
      await page.page.getByText('One more has to watch.').waitFor({ state: 'detached' })
      await page.read('behind, catching up')
      for (const text of ['wait for me', 'The window ends in']) {
        await page.page.locator('.notices p').filter({ hasText: text }).getByRole('button', { name: 'Dismiss' }).click()
        await page.page.getByText(text).waitFor({ state: 'detached' })
      }
      assert.deepEqual(page.complaints, [])
      await page.close()
    },
  )

  await t.test('TPG-13 an observer pauses the input and lets it go on, and says that it is watching', async () => {
    const { page, peer } = await enter(at, { role: 'observer', participant: olga, participants: [ada, olga] })
    await page.type('typed by an observer')
    await page.press('Pause input')
    const types: string[] = []
    for (let frame = await peer.frames.next(); ; frame = await peer.frames.next()) {
      types.push(frame.type)
      if (frame.type === 'control' && frame.control.action === 'pause') break
    }
    assert.equal(types.includes('input'), false)
    peer.send(event({ kind: 'blocked', why: 'paused-by-observer', sentence: 'An observer has paused the input.' }))
    await page.read('An observer has paused the input.')
    await page.press('Continue input')
    assert.deepEqual(await asked(peer), { action: 'continue' })
    peer.send(event({ kind: 'unblocked' }))
    peer.send(event({ kind: 'presence', sentence: 'Are you still watching?', byMs: Date.now() + 60_000 }))
    await page.read('Are you still watching?')
    await page.screenshot('presence')
    await page.press('I am watching')
    assert.deepEqual(await asked(peer), { action: 'present' })
    await page.page.getByText('Are you still watching?').waitFor({ state: 'detached' })
    await page.page.getByLabel('Message to everybody here').fill('all well')
    await page.press('Send')
    assert.deepEqual(await asked(peer), { action: 'message', text: 'all well' })
    await page.close()
  })

  await t.test('TPG-13 a held paste is shown, and sent only after a yes', async () => {
    const { page, peer } = await enter(at)
    await page.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.page.evaluate('navigator.clipboard.writeText("one\\n<b>two</b>\\n")')
    for (const [label, confirmed] of [
      ['Throw away', false],
      ['Send', true],
    ] as const) {
      await page.page.locator('.xterm-helper-textarea').focus()
      await page.page.keyboard.press('Control+Shift+KeyV')
      assert.equal(Buffer.from((await next(peer, 'input')).bytes).toString(), 'one\r<b>two</b>\r')
      peer.send(event({ kind: 'blocked', why: 'paste-unconfirmed', sentence: 'Held back: confirm.' }))
      const dialog = page.page.getByRole('dialog', { name: 'Send these lines?' })
      assert.equal(await dialog.locator('pre').textContent(), 'one\n<b>two</b>\n')
      if (confirmed) await page.screenshot('paste')
      await dialog.getByRole('button', { name: label }).click()
      assert.deepEqual(await asked(peer), { action: 'confirm-paste', confirmed })
    }
    await page.close()
  })

  await t.test('TPG-8, TPG-13 a page that is hidden says so, and one that is seen again says that', async () => {
    const { page, peer } = await enter(at, { role: 'observer', participant: olga })
    assert.deepEqual((await next(peer, 'control')).control, { action: 'visible', visible: true })
    for (const visible of [false, true]) {
      await page.page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${!visible}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      )
      assert.deepEqual((await next(peer, 'control')).control, { action: 'visible', visible })
    }
    await page.close()
  })
})

/** One end: what the gateway says, and what the page does. */
const ends = [
  {
    frames: [
      { type: 'exit', code: 3, signal: 0, finalSeq: 0 },
      { type: 'error', error: { code: 'shell-exit', message: 'The shell has ended.', retry: 'no' } },
    ],
    close: 4410,
    told: ['The shell has ended.', 'Exit status 3. Code 4410, ended, shell-exit.'],
    acts: ['Back to the servers'],
  },
  {
    frames: [
      { type: 'exit', code: -1, signal: 1, finalSeq: 0 },
      {
        type: 'error',
        error: { code: 'window-over', message: 'The window of the change request is over.', retry: 'no' },
      },
    ],
    close: 4440,
    told: ['The window of the change request is over.', 'Code 4440, window over, window-over.'],
    acts: ['Back to the servers'],
  },
  {
    frames: [
      {
        type: 'error',
        error: { code: 'recorder-failed', message: 'The session could not be recorded any more.', retry: 'later' },
      },
    ],
    close: 4507,
    told: ['The session could not be recorded any more.', 'Code 4507, not recorded any more, recorder-failed.'],
    acts: ['Start again', 'Back to the servers'],
  },
  {
    frames: [],
    close: 4429,
    told: ['The connection was too slow to follow the output.', 'Code 4429, too slow.'],
    acts: ['Go back in', 'Back to the servers'],
  },
] as const satisfies readonly {
  frames: readonly ServerFrame[]
  close: number
  told: readonly string[]
  acts: readonly string[]
}[]

test('TPG-14 every end is shown with its sentence and its code, and with the actions that may help', {
  skip,
}, async (t) => {
  const at = await stage(t)
  for (const { frames, close, told, acts } of ends) {
    const { page, peer } = await enter(at)
    peer.send(output(0, 'last words'), ...frames)
    peer.close(close)
    const panel = page.page.getByRole('alert')
    await panel.waitFor()
    assert.deepEqual(await panel.locator('p').allTextContents(), told)
    assert.deepEqual(await panel.getByRole('button').allInnerTexts(), acts)
    await page.see('last words')
    assert.deepEqual(await faintTexts(page), [])
    await page.screenshot(`end-${close}`)
    if (acts[0] === 'Start again') {
      await page.press('Start again')
      await greet(at.gateway)
      await page.page.locator('.line[data-state="live"]').waitFor()
      await page.press('Leave')
      await page.page.getByRole('heading', { name: 'Running terminals' }).waitFor()
    }
    assert.deepEqual(page.complaints, [])
    await page.close()
  }
})

test('TPG-14 a rejected token is reported, and a terminal can be started again', { skip }, async (t) => {
  const at = await stage(t)
  const page = await openTerminalPage(at.browser, at.world.url)
  await page.signIn('ada')
  const started = page.start(choice)
  const peer = await at.gateway.peers.next()
  peer.send({ type: 'error', error: { code: 'TOKEN_INVALID', message: 'The token is not valid.', retry: 'new-token' } })
  peer.close(4401)
  await page.read('The token is not valid.')
  await page.press('Start again')
  await greet(at.gateway)
  await started
  await page.close()
})

test('TPG-1, TPG-17, TPG-10 what programs print', { skip }, async (t) => {
  const at = await stage(t)

  await t.test('TPG-1 colours beyond the palette are shown without a complaint of the policy', async () => {
    const { page, peer } = await enter(at)
    peer.send(
      output(
        0,
        '\x1b[38;2;1;200;3;48;2;4;5;60;4;58;2;250;1;2mcolour\x1b[0m \x1b[1;3;9mbold\x1b[0m e\u0301 \u{1f469}\u200d\u{1f680} 漢',
      ),
    )
    await page.see('colour')
    const style = `getComputedStyle([...document.querySelectorAll('.xterm-rows span')].find((span) => span.textContent.startsWith('colour')))`
    assert.deepEqual(await page.page.evaluate(`(({ color, backgroundColor }) => [color, backgroundColor])(${style})`), [
      'rgb(1, 200, 3)',
      'rgb(4, 5, 60)',
    ])
    assert.deepEqual(page.complaints, [])
    await page.close()
  })

  await t.test('TPG-10 a snapshot replaces everything before it, and sizes change between outputs', async () => {
    const { page, peer } = await enter(at)
    peer.send(output(0, 'before'), { type: 'size', seq: 6, cols: 40, rows: 10 }, output(6, '\r\nafter'))
    await page.see('after')
    assert.equal((await page.rows()).length, 10)
    peer.send({ type: 'snapshot', cols: 30, rows: 12, seq: 100, bytes: Buffer.from('whole') }, output(100, ' and more'))
    await page.see('whole and more')
    assert.deepEqual(await page.rows(), ['whole and more', ...Array.from({ length: 11 }, () => '')])
    for (;;) if ((await next(peer, 'ack')).seq === 109) break
    assert.deepEqual(page.complaints, [])
    await page.close()
  })

  await t.test(
    'TPG-17 a link to the web is opened without an opener, a hidden one on a yes alone, and no other is',
    async () => {
      const { page, peer } = await enter(at)
      const link = (address: string, text: string): string => `\x1b]8;;${address}\x07${text}\x1b]8;;\x07\r\n`
      const hidden = `${at.world.url}/healthz`
      peer.send(
        output(
          0,
          `${at.world.url}/healthz\r\n${link(hidden, 'hidden-link')}${link('javascript:document.title=1', 'script-link')}`,
        ),
      )
      await page.see('script-link')
      const clickRow = async (row: number): Promise<void> => {
        const box = await page.page.locator('.xterm-rows > div').nth(row).boundingBox()
        const [x, y] = [(box?.x ?? 0) + 30, (box?.y ?? 0) + 8]
        await page.page.mouse.move(x - 5, y)
        await page.page.mouse.move(x, y)
        await page.page.mouse.click(x, y)
      }
      await Promise.all([page.context.waitForEvent('page'), clickRow(0)])
      await clickRow(2)
      await clickRow(1)
      const dialog = page.page.getByRole('dialog', { name: 'Open this address?' })
      assert.equal(await dialog.locator('pre').textContent(), hidden)
      await dialog.getByRole('button', { name: 'Stay here' }).click()
      assert.equal(page.context.pages().length, 2)
      const opened = page.context.pages()[1]
      assert.equal(await opened?.evaluate('opener'), null)
      assert.equal(await page.page.title(), 'deploy@db-1: Sallyport')
      await page.close()
    },
  )
})

test('TPG-18 the terminal is drawn by WebGL, and by elements once the graphics are lost', { skip }, async (t) => {
  const at = await stage(t, 'webgl')
  const { page, peer } = await enter(at)
  peer.send(output(0, 'drawn'))
  await page.page.locator('.xterm-screen canvas').first().waitFor({ state: 'attached' })
  assert.equal(await page.page.locator('.xterm-rows').count(), 0)
  await page.screenshot('webgl')
  const lose = `[...document.querySelectorAll('.xterm-screen canvas')].flatMap((canvas) => canvas.getContext('webgl2') ?? []).map((graphics) => graphics.getExtension('WEBGL_lose_context').loseContext()).length`
  assert.equal(await page.page.evaluate(lose), 1)
  await page.see('drawn')
  const faults = page.complaints.filter((complaint) => !/WebGL|CONTEXT_LOST|GPU|webglcontextlost/i.test(complaint))
  assert.deepEqual(faults, [])
  await page.close()
})

test('TPG-19 every view fits its window, its texts are not faint and its controls have names', { skip }, async (t) => {
  const at = await stage(t)
  for (const size of ['desk', 'phone'] as const) {
    const page = await openTerminalPage(at.browser, at.world.url, { size })
    const judge = async (view: string): Promise<void> => {
      assert.deepEqual(await faintTexts(page), [], view)
      assert.deepEqual(await namelessControls(page), [], view)
      assert.equal(await page.page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, view)
      await page.screenshot(`${view}-${size}`)
    }
    await judge('sign-in')
    await page.signIn('ada')
    await page.page.getByRole('option', { name: /^Change CR1/ }).waitFor({ state: 'attached' })
    await judge('lobby')
    const started = page.start(choice)
    const people = Array.from({ length: 9 }, (_one, index) => ({
      ...olga,
      id: `o${index}`,
      username: `olga-the-${index}th`,
    }))
    const peer = await greet(at.gateway, { participants: [ada, ...people] })
    await started
    peer.send(event({ kind: 'message', from: olga, text: 'a long word: '.padEnd(300, 'x') }))
    await page.read('a long word')
    await judge('terminal')
    await page.press('End session')
    await judge('question')
    await page.close()
  }
})
