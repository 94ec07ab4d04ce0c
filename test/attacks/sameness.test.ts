/** Attacks by comparison: a sign-in does not reveal whether an account exists, by its answer, its cost or its time. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Account, Role } from '../../src/core/accounts/account.ts'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import type { PooledPasswordHasher } from '../../src/platform/password-hasher.ts'
import { call, enrol, goodPassword } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport

const wrongPassword = 'wrong horse battery staple'
const expiresAt = Date.UTC(2026, 0, 3) / 1000

before(async () => {
  sallyport = await runSallyport({ config: { throttle: false } })
  for (const role of ['user', 'admin'] as const) await addCast(role)
  sallyport.clock.set(expiresAt * 1000)
})

after(() => sallyport.close())

/** The same people in both roles; users also have an address. */
async function addCast(role: Role): Promise<void> {
  const add = (username: string, parts: { password?: null; expiresAt?: number } = {}): Promise<Account> => {
    const email = role === 'user' ? { email: `${username}@example.org` } : {}
    return sallyport.addAccount({ username, password: goodPassword, role, ...email, ...parts })
  }
  await add('known')
  const disabled = await add('disabled')
  const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
  await changeAccount(sallyport.ports, disabled, { change: { status: 'disabled' }, how: { by: null, request } })
  await add('blank', { password: null })
  await add('expired', { expiresAt })
  await add('careful')
  const username = role === 'user' ? 'careful' : 'admin:careful'
  const body = { username, password: goodPassword }
  const session = await call(sallyport, { method: 'POST', path: '/api/v1/sessions', body })
  await enrol(sallyport, session.body.access_token)
}

/** Every way in: how a name and a password are sent. */
const waysIn: Readonly<Record<string, (name: string, password: string) => Parameters<typeof call>[1]>> = {
  'control by name': (username, password) => ({
    method: 'POST',
    path: '/api/v1/sessions',
    body: { username, password },
  }),
  'control by address': (name, password) => ({
    method: 'POST',
    path: '/api/v1/sessions',
    body: { email: `${name}@example.org`, password },
  }),
  'sftpgo users': (name, password) => ({ path: '/api/v2/user/token', headers: basic(name, password) }),
  'sftpgo administrators': (name, password) => ({ path: '/api/v2/token', headers: basic(name, password) }),
  pacerpro: (name, password) => ({
    method: 'POST',
    path: '/session',
    body: { email: `${name}@example.org`, password },
  }),
  giantswarm: (name, password) => ({
    method: 'POST',
    path: '/v4/auth-tokens/',
    body: { email: `${name}@example.org`, password_base64: btoa(password) },
  }),
  koyeb: (name, password) => ({
    method: 'POST',
    path: '/v1/account/login',
    body: { email: `${name}@example.org`, password },
  }),
}

function basic(name: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${btoa(`${name}:${password}`)}` }
}

/** Attempts that fail; those of the first group are one answer at every dialect. */
const attempts = {
  alike: [
    ['nobody', goodPassword],
    ['disabled', goodPassword],
    ['disabled', wrongPassword],
    ['blank', goodPassword],
    ['blank', ''],
    ['known', wrongPassword],
    ['known', 'x'.repeat(5_000)],
    ['expired', wrongPassword],
    ['careful', wrongPassword],
  ],
  afterTheRightPassword: [
    ['expired', goodPassword],
    ['careful', goodPassword],
  ],
} as const

const hashes = (): number => (sallyport.ports.hasher as PooledPasswordHasher).calls()

test('ATK-22 whoever signs in and fails, every dialect spends exactly one password hash', async () => {
  for (const [way, ask] of Object.entries(waysIn)) {
    for (const [name, password] of [...attempts.alike, ...attempts.afterTheRightPassword]) {
      // An absent password is no credentials there, and costs no hash.
      if (password === '' && way === 'sftpgo users') continue
      const before = hashes()
      const { status } = await call(sallyport, ask(name, password))
      const asksNobody = password === '' && way === 'koyeb'
      assert.deepEqual([status, hashes() - before], asksNobody ? [400, 0] : [401, 1], `${way} ${name}`)
    }
  }
})

test('ATK-22 until the right password has come, every dialect gives everybody one answer, headers included', async () => {
  for (const [way, ask] of Object.entries(waysIn)) {
    const answers = new Set<string>()
    for (const [name, password] of attempts.alike) {
      if (password === '') continue
      const { status, headers, body } = await call(sallyport, ask(name, password))
      answers.add(JSON.stringify([status, { ...headers, date: '' }, body]))
    }
    assert.equal(answers.size, 1, `${way} ${[...answers].join('\n')}`)
  }
})

const timing = process.env.SALLYPORT_TIMING === '1'
const pairs = 1_000

test('ATK-23 of a thousand pairs a known name is slower than an unknown one in about half', {
  skip: timing ? false : 'set SALLYPORT_TIMING=1; it takes minutes and a quiet machine',
  timeout: 30 * 60_000,
}, async (t) => {
  const outside: string[] = []
  for (const [way, ask] of Object.entries(waysIn)) {
    const [known, unknown]: [number[], number[]] = [[], []]
    const measure = async (name: string, into: number[]): Promise<void> => {
      const begin = process.hrtime.bigint()
      await call(sallyport, ask(name, wrongPassword))
      into.push(Number(process.hrtime.bigint() - begin))
    }
    for (let pair = 0; pair < pairs; pair += 1) {
      const both = [() => measure('known', known), () => measure('other', unknown)]
      for (const one of pair % 2 === 0 ? both : both.reverse()) await one()
    }
    const share = shareSlower(known, unknown)
    const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[pairs / 2] ?? 0
    const [knownMs, unknownMs] = [median(known) / 1e6, median(unknown) / 1e6].map((value) => value.toFixed(3))
    t.diagnostic(`${way}: P(known slower than unknown) = ${share.toFixed(3)}; medians ${knownMs} and ${unknownMs} ms`)
    if (share < 0.45 || share > 0.55) outside.push(`${way} ${share.toFixed(3)}`)
  }
  assert.deepEqual(outside, [])
})

/** The share of all pairs of one value of each list in which the first is larger; ties count as half (Mann and Whitney). */
function shareSlower(first: readonly number[], second: readonly number[]): number {
  let sum = 0
  for (const one of first) for (const other of second) sum += one > other ? 1 : one === other ? 0.5 : 0
  return sum / (first.length * second.length)
}
