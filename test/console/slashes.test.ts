/** The pages, asked for with a slash at the end of their path. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireTools } from '../fixtures/require-tool.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { openBrowser } from '../fixtures/terminal-page.ts'

const { skip } = requireTools('chromium')
/** Each page, and its heading in a browser that has run what it loads. */
const pages = { terminal: 'Sallyport', docs: 'Sallyport', setup: 'Create the first administrator' } as const

test('TPG-30 a path with a slash at its end leads to its page, below any prefix', async (t) => {
  const sallyport = await runSallyport()
  t.after(() => sallyport.close())
  for (const page of Object.keys(pages)) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`${sallyport.url}/${page}/?a=b`, { method, redirect: 'manual' })
      const location = answer.headers.get('location') ?? ''
      assert.deepEqual([answer.status, location], [308, `../${page}?a=b`], `${method} ${page}`)
      assert.equal(new URL(location, `https://proxy.example/below/${page}/`).pathname, `/below/${page}`)
    }
    assert.equal((await fetch(`${sallyport.url}/${page}/x`)).status, 404)
  }
})

test('TPG-30 a browser comes to the page, with its fragment and all that it loads', { skip }, async (t) => {
  const sallyport = await runSallyport()
  t.after(() => sallyport.close())
  const browser = await openBrowser(t)
  for (const [page, heading] of Object.entries(pages)) {
    const tab = await browser.newPage()
    const complaints: string[] = []
    tab.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    tab.on('pageerror', (error) => complaints.push(String(error)))
    await tab.goto(`${sallyport.url}/${page}/#kept`)
    await tab.getByRole('heading', { name: heading }).first().waitFor()
    const { pathname, hash } = new URL(tab.url())
    assert.deepEqual([pathname, complaints], [`/${page}`, []])
    if (page !== 'docs') assert.equal(hash, '#kept')
    await tab.close()
  }
})
