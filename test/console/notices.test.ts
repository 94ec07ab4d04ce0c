/** The page for terminals in Chromium: every notice is shown once, and ends as it says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { type NoticeName, type NoticeTrigger, noticeKinds } from '../../src/console/notice-kinds.ts'
import type { TerminalEvent } from '../../src/protocol/terminal-frames.ts'
import { ada, choice, enter, event, greet, next, olga, output, type Scene, stage } from '../fixtures/page-stage.ts'
import { requireTools } from '../fixtures/require-tool.ts'
import { openTerminalPage } from '../fixtures/terminal-page.ts'

const { skip } = requireTools('chromium')

/** Everything that may end a notice; `time` is its duration, or the duration that it shows. */
const ends = [
  'act',
  'answered',
  'held',
  'let-go',
  'line-down',
  'line-up',
  'lists-read',
  'over',
  'somebody-types',
  'typed',
  'types',
  'watches',
  'time',
  'dismissed',
] as const satisfies readonly (NoticeTrigger | 'time' | 'dismissed')[]

/** What ends each kind, as a person would say it; nothing else does. */
const expected: Readonly<Record<NoticeName, readonly (typeof ends)[number][]>> = {
  'line-down': ['line-up', 'over'],
  presence: ['answered', 'line-down', 'line-up', 'over', 'types'],
  held: ['let-go', 'line-up', 'over'],
  'not-sent': ['let-go', 'line-down', 'over', 'time'],
  'paste-held': ['answered', 'over', 'watches'],
  window: ['over', 'time', 'dismissed'],
  idle: ['over', 'typed', 'time', 'dismissed'],
  headless: ['over', 'somebody-types', 'time', 'dismissed'],
  observers: ['let-go', 'over', 'time', 'dismissed'],
  message: ['time', 'dismissed'],
  note: ['dismissed'],
  'input-lost': ['over', 'time', 'dismissed'],
  'line-back': ['line-down', 'over', 'time', 'dismissed'],
  'watches-now': ['over', 'types', 'time', 'dismissed'],
  'passes-again': ['held', 'line-down', 'over', 'watches', 'time', 'dismissed'],
  'typed-in-vain': ['line-down', 'over', 'types', 'time', 'dismissed'],
  'link-copied': ['over', 'time', 'dismissed'],
  link: ['over', 'dismissed'],
  farewell: ['act', 'somebody-types', 'dismissed'],
  refused: ['act', 'time', 'dismissed'],
  'no-answer': ['act', 'line-up', 'lists-read', 'time', 'dismissed'],
}

test('TPG-31 each kind of notice ends by what it states and by nothing else, and is shown once', {
  skip,
}, async (t) => {
  const at = await stage(t)
  const { page } = await openTerminalPage(at.browser, at.world.url)
  assert.deepEqual(Object.keys(noticeKinds).sort(), Object.keys(expected).sort())
  await page.clock.install()
  await page.evaluate(`(async () => {
    const { NoticeBoard } = await import('${at.world.url}/terminal/assets/console/notice-board.ts')
    globalThis.place = document.createElement('div')
    document.body.append(place)
    globalThis.board = new NoticeBoard(place)
  })()`)
  const count = (name: string): Promise<number> => page.locator(`[data-notice="${name}"]`).count()
  for (const [name, wanted] of Object.entries(expected)) {
    const found: string[] = []
    for (const end of ends) {
      await page.evaluate(`board.show('${name}', ['said'], { lastsMs: 20_000 })`)
      if (end === 'time') await page.clock.fastForward(31_000)
      else if (end === 'dismissed') {
        await page.evaluate(`place.querySelector('[data-notice="${name}"] button')?.click()`)
      } else await page.evaluate(`board.happened('${end}')`)
      if ((await count(name)) === 0) found.push(end)
      else await page.evaluate('place.replaceChildren(); board.close(); board = new board.constructor(place)')
    }
    assert.deepEqual(
      found,
      ends.filter((end) => wanted.includes(end)),
      name,
    )
    await page.evaluate(`for (const said of ['one', 'two']) board.show('${name}', [said], { lastsMs: 20_000 })`)
    const again = `(() => { const stood = place.lastChild; board.show('${name}', ['two'], { lastsMs: 20_000 }); return stood === place.lastChild })()`
    const isMany = name === 'message' || name === 'note'
    const isLasting = !isMany && !wanted.includes('time')
    if (!isMany) assert.equal(await page.evaluate(again), isLasting, `${name} is said again`)
    assert.equal(await count(name), isMany ? 2 : 1, name)
    await page.evaluate('place.replaceChildren(); board.close(); board = new board.constructor(place)')
  }
})

const held = { kind: 'blocked', why: 'observers-missing', sentence: 'One more has to watch.' } as const
const watching = { ...ada, role: 'observer' } as const
const warning = (what: 'idle' | 'headless' | 'observers'): TerminalEvent => ({
  kind: 'warning',
  what,
  sentence: 'It ends soon.',
  secondsLeft: 600,
})
const seen = (page: Page, name: NoticeName): Promise<void> => page.locator(`[data-notice="${name}"]`).waitFor()
const gone = (page: Page, name: NoticeName): Promise<void> =>
  page.locator(`[data-notice="${name}"]`).waitFor({ state: 'detached' })

type Cell = {
  readonly name: NoticeName
  readonly members?: Parameters<typeof enter>[1]
  readonly cause: (scene: Scene & { readonly at: Awaited<ReturnType<typeof stage>> }) => Promise<void> | void
  readonly end: (scene: Scene & { readonly at: Awaited<ReturnType<typeof stage>> }) => Promise<void> | void
}

const asObserver = { role: 'observer', participant: olga, participants: [ada, olga] } as const
const resume = async ({ peer, at }: Parameters<Cell['end']>[0]): Promise<Scene['peer']> => {
  peer.drop()
  return await greet(at.gateway)
}

/** For each trigger, one kind of notice that it ends, on a page that can show both. */
const cells: Readonly<Record<NoticeTrigger, Cell>> = {
  act: {
    name: 'refused',
    cause: async ({ page, peer }) => {
      peer.send({ type: 'error', error: { code: 'internal', message: 'Over.', retry: 'later' } })
      peer.close(4507)
      await page.page.route('**/pty_token/start', (route) => route.fulfill({ status: 409, body: '{"title":"Taken."}' }))
      await page.press('Start again')
    },
    end: async ({ page }) => {
      await page.page.unroute('**/pty_token/start')
      await page.page.route('**/pty_token/start', () => undefined)
      await page.press('Start again')
    },
  },
  answered: {
    name: 'presence',
    members: asObserver,
    cause: ({ peer }) => peer.send(event({ kind: 'presence', sentence: 'Are you there?', byMs: null })),
    end: ({ page }) => page.press('I am watching'),
  },
  held: {
    name: 'passes-again',
    cause: async ({ page, peer }) => {
      peer.send(event(held))
      await seen(page.page, 'held')
      peer.send(event({ kind: 'unblocked' }))
    },
    end: ({ peer }) => peer.send(event(held)),
  },
  'let-go': {
    name: 'observers',
    cause: ({ peer }) => peer.send(event(held), event(warning('observers'))),
    end: ({ peer }) => peer.send(event({ kind: 'unblocked' })),
  },
  'line-down': {
    name: 'line-back',
    cause: async (scene) => {
      const peer = await resume(scene)
      Object.assign(scene, { peer })
    },
    end: ({ peer }) => peer.drop(),
  },
  'line-up': {
    name: 'line-down',
    cause: ({ peer }) => peer.drop(),
    end: async ({ at }) => void (await greet(at.gateway)),
  },
  'lists-read': {
    name: 'no-answer',
    cause: async ({ page }) => {
      await page.page.route('**/api/v1/servers*', (route) => route.fulfill({ status: 502, body: '' }))
      await page.press('Leave')
    },
    end: ({ page }) => page.page.unroute('**/api/v1/servers*'),
  },
  over: {
    name: 'held',
    cause: ({ peer }) => peer.send(event(held)),
    end: ({ peer }) => peer.close(4410),
  },
  'somebody-types': {
    name: 'headless',
    members: { ...asObserver, participants: [olga] },
    cause: ({ peer }) => peer.send(event(warning('headless'))),
    end: ({ peer }) => peer.send(event({ kind: 'joined', participant: ada, participants: [ada, olga] })),
  },
  typed: {
    name: 'idle',
    cause: async ({ page, peer }) => {
      peer.send(event(warning('idle')))
      await seen(page.page, 'idle')
      // The terminal answers by itself; no user has typed.
      peer.send(output(0, '\x1b[c'))
      await next(peer, 'input')
    },
    end: ({ page }) => page.type('x'),
  },
  types: {
    name: 'watches-now',
    cause: ({ peer }) => peer.send(event({ kind: 'left', participant: ada, participants: [watching] })),
    end: ({ peer }) => peer.send(event({ kind: 'joined', participant: ada, participants: [ada] })),
  },
  watches: {
    name: 'passes-again',
    cause: async ({ page, peer }) => {
      peer.send(event(held))
      await seen(page.page, 'held')
      peer.send(event({ kind: 'unblocked' }))
    },
    end: ({ peer }) => peer.send(event({ kind: 'left', participant: ada, participants: [watching] })),
  },
}

test('TPG-31 what happens on the page ends the notices that it makes untrue', { skip }, async (t) => {
  const at = await stage(t)
  for (const [trigger, { name, members, cause, end }] of Object.entries(cells)) {
    await t.test(`TPG-31 ${trigger} ends the notice ${name}`, async () => {
      const scene = { ...(await enter(at, members)), at }
      const { page } = scene.page
      await cause(scene)
      await seen(page, name)
      await end(scene)
      await gone(page, name)
      await scene.page.close()
    })
  }
})

test("TPG-31 an observer's warning of being idle ends when a user types", { skip }, async (t) => {
  const at = await stage(t)
  const { page, peer } = await enter(at, asObserver)
  peer.send(event(warning('idle')))
  await seen(page.page, 'idle')
  peer.send(event({ kind: 'active' }))
  await gone(page.page, 'idle')
  await page.close()
})

test('TPG-31 a farewell to a terminal ends when there is nothing to take over any more', { skip }, async (t) => {
  const at = await stage(t)
  const scene = await enter(at)
  const sessions = (items: readonly object[]) => JSON.stringify({ items, next: null })
  const waiting = {
    id: 'p1',
    server: choice.server,
    os_user: 'deploy',
    change_id: null,
    implementor: null,
    observers: [],
    active_at: new Date().toISOString(),
    created_at: new Date().toISOString(),
  }
  const { page } = scene.page
  let items: readonly object[] = [waiting]
  await page.route('**/api/v1/pty_sessions?*', (route) =>
    route.fulfill({ contentType: 'application/json', body: sessions(items) }),
  )
  await scene.page.press('Leave')
  await seen(page, 'farewell')
  await page.getByRole('button', { name: `Take over deploy@${choice.server}` }).waitFor()
  await seen(page, 'farewell')
  items = [{ ...waiting, implementor: 'olga' }]
  await gone(page, 'farewell')
  await scene.page.close()
})

test('TPG-32 an observer’s terminal that is asked by a program answers nothing, and that is no typing', {
  skip,
}, async (t) => {
  const at = await stage(t)
  const { page, peer } = await enter(at, asObserver)
  const queries = [
    '\x1b[c',
    '\x1b[>c',
    '\x1b[5n',
    '\x1b[6n',
    '\x1b[?6n',
    '\x1b]10;?\x07',
    '\x1b]11;?\x07',
    '\x1b]4;1;?\x07',
    '\x1b[?2026$p',
    '\x1bP$qm\x1b\\',
    '\x1b[18t',
  ]
  const asked = `${queries.join('')}asked`
  peer.send(output(0, asked))
  for (;;) {
    const frame = await peer.frames.next()
    assert.notEqual(frame.type, 'input')
    if (frame.type === 'ack' && frame.seq === asked.length) break
  }
  assert.equal(await page.page.locator('[data-notice="typed-in-vain"]').count(), 0)
  assert.deepEqual(page.complaints, [])
})
