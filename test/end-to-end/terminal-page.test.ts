import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireTools } from '../fixtures/require-tool.ts'
import { osUser } from '../fixtures/sshd.ts'
import { sshdWorld } from '../fixtures/sshd-world.ts'
import { openBrowser, openTerminalPage } from '../fixtures/terminal-page.ts'

const { skip } = requireTools('ssh', 'sshd', 'chromium')

test('E2E-2 a browser types a command on a real sshd and sees its output, while a second browser observes', {
  skip,
}, async (t) => {
  const { sallyport } = await sshdWorld(t)
  const browser = await openBrowser(t)
  const ada = await openTerminalPage(browser, sallyport.url)
  await ada.signIn('ada')
  await ada.start({ server: 'web-1', osUser, purpose: 'CR1' })
  await ada.see('$')
  await ada.type("echo $((6*7)) 'typed in a browser' | tr a-z A-Z\n")
  await ada.see('42 TYPED IN A BROWSER')

  const olga = await openTerminalPage(browser, sallyport.url, { fragment: `#join=${ada.ptySessionId()}` })
  await olga.signIn('olga')
  await olga.see('42 TYPED IN A BROWSER')
  await ada.type('whoami; stty size; echo last-$((1+1))\n')
  await Promise.all([ada.see('last-2'), olga.see('last-2')])
  const [typed, watched] = await Promise.all([ada.rows(), olga.rows()])
  const shown = typed.indexOf('last-2') + 1
  assert.ok(shown > 4)
  assert.deepEqual(watched.slice(0, shown), typed.slice(0, shown))
  await Promise.all([ada.screenshot('sshd-implementor'), olga.screenshot('sshd-observer')])

  await ada.type('exit 0\n')
  await Promise.all([ada.read('The shell has ended.'), olga.read('The shell has ended.')])
  await olga.screenshot('sshd-ended')
  assert.deepEqual([...ada.complaints, ...olga.complaints], [])
})
