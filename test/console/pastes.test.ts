/** The page for terminals in Chromium: pasted text never acts as keys, in any way of pasting. */
import assert from 'node:assert/strict'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { CDPSession } from 'playwright-core'
import { enter, next, output, type Scene, stage } from '../fixtures/page-stage.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import { password, prepareShells, shellServer } from '../fixtures/shell-server.ts'
import { openBrowser, openTerminalPage, type TerminalPage } from '../fixtures/terminal-page.ts'

const { skip } = requireTools('chromium')

/** Every control character there is: C0, DEL and C1. */
const controls = [...Array(0x20).keys(), 0x7f, ...Array.from({ length: 0x20 }, (_one, index) => 0x80 + index)].map(
  (codePoint) => String.fromCodePoint(codePoint),
)
const isRemoved = (character: string): boolean =>
  !['\t', '\r', '\n'].includes(character) && (character < ' ' || character === '\u009b')
const text = `a${controls.map((control) => `${control}[201~`).join('')}b`
const pasted = Array.from(text)
  .filter((character) => !isRemoved(character))
  .join('')
  .replaceAll('\n', '\r')

type Hands = { readonly page: TerminalPage; readonly cdp: CDPSession }
type Way = (hands: Hands, text: string) => Promise<void>

async function copy({ page }: TerminalPage, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`)
}

const drag = async ({ page, cdp }: Hands, text: string): Promise<void> => {
  const box = await page.page.locator('.xterm-screen').boundingBox()
  const at = { x: (box?.x ?? 0) + 60, y: (box?.y ?? 0) + 60 }
  const data = { items: [{ mimeType: 'text/plain', data: text }], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await cdp.send('Input.dispatchDragEvent', { type, ...at, data })
  }
}

/** Every way by which a text reaches the page other than key by key. */
const ways: Readonly<Record<string, Way>> = {
  'Ctrl+Shift+V': async ({ page }, text) => {
    await copy(page, text)
    await page.page.keyboard.press('Control+Shift+KeyV')
  },
  'Shift+Insert': async ({ page }, text) => {
    await copy(page, text)
    await page.page.keyboard.press('Shift+Insert')
  },
  // What the menu's entry runs; a menu is no part of the page.
  'the context menu': async ({ page, cdp }, text) => {
    await copy(page, text)
    await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', commands: ['paste'] })
  },
  // Without a display there is no primary selection. With one, the browser sends the same event for it.
  'the middle button': async ({ page }, text) => {
    await page.page.locator('.xterm-screen').click({ button: 'middle' })
    await page.page.evaluate(`(() => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', ${JSON.stringify(text)})
      document.querySelector('.xterm-helper-textarea').dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    })()`)
  },
  'drag and drop': drag,
  'a tool that puts it in': ({ page }, text) => page.page.keyboard.insertText(text),
}

async function scene(t: TestContext): Promise<Scene & Hands> {
  const { page, peer } = await enter(await stage(t))
  await page.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.page.locator('.xterm-helper-textarea').focus()
  return { page, peer, cdp: await page.context.newCDPSession(page.page) }
}

test('TPG-29 by every way of a paste, bracketed or not, the controls that could act as keys stay in the page', {
  skip,
}, async (t) => {
  const { page, peer, cdp } = await scene(t)
  let seq = 0
  for (const [mode, before, after] of [
    ['\x1b[?2004l1', '', ''],
    ['\x1b[?2004h2', '\x1b[200~', '\x1b[201~'],
  ] as const) {
    peer.send(output(seq, mode))
    seq += mode.length
    await page.see(mode.slice(-1))
    for (const [way, put] of Object.entries(ways)) {
      await put({ page, cdp }, text)
      assert.equal(Buffer.from((await next(peer, 'input')).bytes).toString(), `${before}${pasted}${after}`, way)
    }
  }
  assert.deepEqual(page.complaints, [])
})

test('TPG-29 what an input method puts together has no such control either, and a key types it all the same', {
  skip,
}, async (t) => {
  const { page, peer, cdp } = await scene(t)
  await cdp.send('Input.imeSetComposition', { text: 'E\x1b[201~F', selectionStart: 0, selectionEnd: 0 })
  await cdp.send('Input.insertText', { text: 'E\x1b[201~F' })
  assert.equal(Buffer.from((await next(peer, 'input')).bytes).toString(), 'E[201~F')
  await page.page.keyboard.press('Escape')
  assert.equal(Buffer.from((await next(peer, 'input')).bytes).toString(), '\x1b')
})

test('TPG-29 at a real shell no character lets a paste end early and run what follows', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-pastes-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const dataDir = join(folder, 'data')
  await prepareShells(dataDir)
  const server = await shellServer(dataDir)
  t.after(() => server.end('SIGTERM'))
  const page = await openTerminalPage(await openBrowser(t), server.url)
  await page.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.signIn('ada', password)
  await page.start({ server: 'here', osUser: userInfo().username, purpose: 'CR1' })
  await page.type(`cd ${folder}; n=begun PS1='$n> ' bash --norc --noprofile\n`)
  await page.see('begun>')
  for (const [index, control] of controls.entries()) {
    await copy(page, `x${control}[201~; >ran-${index}\r`)
    await page.page.keyboard.press('Control+Shift+KeyV')
    // A key that is read in its turn deletes the line. An interrupt would delete input that is not read yet.
    await page.page.keyboard.press('Control+KeyU')
    await page.type(`n=past-${index}; >$n; clear\n`)
    await page.see(`past-${index}>`)
  }
  const ran: number[] = []
  for (const index of controls.keys()) {
    await access(`${folder}/past-${index}`)
    if (await exists(`${folder}/ran-${index}`)) ran.push(index)
  }
  assert.deepEqual(ran, [])
  await page.close()
})

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
}
