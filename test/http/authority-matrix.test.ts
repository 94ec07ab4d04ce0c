/** Tests every administrative act of every dialect with each single permission, all others, each role, and none. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Account } from '../../src/core/accounts/account.ts'
import { type Authority, grantedBy, namedRoles, permissions } from '../../src/core/accounts/permissions.ts'
import { type AdministrativeAct, administrativeActs } from '../../src/core/administration/acts.ts'
import { authorityOf, listOf } from '../../src/http/dialects/sftpgo/authority.ts'
import { permissions as sftpgoPermissions } from '../../src/http/dialects/sftpgo/permissions.ts'
import { actsWithoutRoute, type Cell, cells, type Stage, stageOf } from '../fixtures/authority/cells.ts'
import { type AuthorityWorld, authorityWorld } from '../fixtures/authority/world.ts'

/** Number of parallel trials; commits of one batch share a sync. */
const atOnce = 16

/** Routes without an administrative act, by kind. */
const plain: readonly (readonly [RegExp, string])[] = [
  [
    /^GET \/(avatar\.svg|docs\/?|openapi\/.*|setup\/?|terminal(\/.*)?|\.well-known\/jwks\.json|healthz|readyz|livez)$/,
    'public',
  ],
  [/^POST \/api\/v1\/(sessions|sessions\/refresh|setup)$/, 'signing in'],
  [/^\w+ \/api\/v1\/(account(\/.*)?|metadata|verify|sessions\/current)$/, 'one’s own'],
  [/^(GET|DELETE) \/api\/v1\/sessions$/, 'one’s own'],
  [/^GET \/api\/v1\/servers$/, 'by groups'],
  [/^GET \/api\/v1\/pty_sessions\/:id\/live$/, 'by groups and policies'],
  [/^POST \/api\/v1\/pty_token\/(start|join)$/, 'by groups and policies'],
  [/^\w+ \/api\/v2\/(user|admin)\/(?!token).*$/, 'one’s own'],
  [/^\w+ \/api\/v2\/(logout|version|(user\/)?token)$/, 'signing in and out, and the version'],
  [/^POST \/api\/v2\/(users|admins)\/:username\/(forgot|reset)-password$/, 'by a mailed code'],
  [/^\w+ \/session$/, 'pacerpro: one’s own'],
  [/^\w+ \/v1\/(account\/.*|organization_members|apps|ws|test\/.*|unscope_organization_token)$/, 'koyeb: one’s own'],
  [/^\w+ \/v1\/(credentials|organizations)(\/.*)?$/, 'koyeb: one’s own, and those of organizations for their members'],
  [/^\w+ \/v4\/(auth-tokens|info|user|organizations)\/$/, 'one’s own'],
]

let world: AuthorityWorld
let stage: Stage

before(async () => {
  world = await authorityWorld()
  stage = await stageOf(world)
})

after(() => world.close())

type Actor = { readonly name: string; readonly authority: Authority | null; readonly list?: readonly string[] }

const custom = (list: Extract<Authority, { role: 'custom' }>['permissions']): Authority => ({
  role: 'custom',
  permissions: list,
})

const granted: readonly Actor[] = [
  { name: 'a user', authority: null },
  { name: 'nothing', authority: custom([]) },
  ...namedRoles.map((role) => ({ name: role, authority: { role } })),
  ...permissions.map((one) => ({ name: one, authority: custom([one]) })),
  ...permissions.map((one) => ({
    name: `all but ${one}`,
    authority: custom(permissions.filter((other) => other !== one)),
  })),
]

const ofList = (name: string, list: readonly string[]): Actor => ({
  name,
  list,
  authority: authorityOf(null, { permissions: list, role: '' }),
})
const all = sftpgoPermissions.filter((one) => one !== '*')

const listed: readonly Actor[] = [
  ...sftpgoPermissions.map((one) => ofList(`sftpgo ${one}`, [one])),
  ...all.map((one) =>
    ofList(
      `sftpgo all but ${one}`,
      all.filter((other) => other !== one),
    ),
  ),
]

async function added({ authority, list }: Actor): Promise<Account> {
  const attributes =
    list === undefined ? {} : { attributes: { text: JSON.stringify({ permissions: list }), rules: null } }
  return world.add(authority, { groups: ['staff'], ...attributes })
}

/** The two possible answers of the table. */
function mayPass(cell: Cell, { authority, list }: Actor): boolean {
  if (cell.realm !== 'admin') return grantedBy(authority).includes(administrativeActs[cell.act].permission)
  const names: readonly string[] = authority === null ? [] : (list ?? listOf(authority))
  return names.includes('*') || (cell.needs !== undefined && names.includes(cell.needs))
}

type Trial = { readonly cell: Cell; readonly actor: Actor; readonly account: Account }

async function tried({ cell, actor, account }: Trial): Promise<string | null> {
  const isUserAtAdmin = cell.realm === 'admin' && account.role === 'user'
  if (isUserAtAdmin) return null
  const answer = await cell.ask(stage, account)
  const is = cell.isOpen(answer)
    ? 'open'
    : cell.isClosed(answer)
      ? 'closed'
      : `neither (${answer.status} ${answer.body})`
  const should = mayPass(cell, actor) ? 'open' : 'closed'
  return is === should ? null : `${cell.route} (${cell.act}) by ${actor.name} is ${is}, and should be ${should}`
}

test('AUT-4 every act in every dialect is allowed to accounts with its permission, and refused to all others', {
  timeout: 180_000,
}, async () => {
  const faults: (string | null)[] = []
  let trials = 0
  for (const actor of [...granted, ...listed]) {
    const account = await added(actor)
    for (let at = 0; at < cells.length; at += atOnce) {
      const batch = cells.slice(at, at + atOnce)
      // One sign-in at each dialect before the parallel requests.
      for (const realm of new Set(batch.map((cell) => cell.realm))) await signInAt(realm, account)
      faults.push(...(await Promise.all(batch.map((cell) => tried({ cell, actor, account })))))
      trials += batch.length
    }
  }
  assert.deepEqual(
    faults.filter((fault) => fault !== null),
    [],
  )
  assert.equal(trials, (granted.length + listed.length) * cells.length)
})

async function signInAt(realm: Cell['realm'], account: Account): Promise<void> {
  if (realm === 'admin' && account.role === 'user') return
  const harmless = {
    control: '/api/v1/account',
    giantswarm: '/v4/user/',
    admin: '/api/v2/version',
    user: '',
    koyeb: '',
  }
  assert.equal((await world.as(account, realm, `GET ${harmless[realm]}`)).status, 200)
}

test('AUT-4 every route and every act has an expectation', () => {
  const routes = new Set(world.routes.map(({ method, path }) => `${method} ${unslashed(path)}`))
  const administrative = new Set(
    cells.map(({ route }) => `${route.split(' ')[0]} ${unslashed(route.split(' ')[1] ?? '')}`),
  )
  const unknown = [...routes].filter(
    (route) => !administrative.has(route) && !plain.some(([of]) => of.test(withSlash(route))),
  )
  const gone = [...administrative].filter((route) => !routes.has(route))
  const both = [...administrative].filter((route) => plain.some(([of]) => of.test(withSlash(route))))
  const acts = Object.keys(administrativeActs) as AdministrativeAct[]
  const untried = acts.filter((act) => !cells.some((cell) => cell.act === act) && !actsWithoutRoute.includes(act))
  assert.deepEqual({ unknown, gone, both, untried }, { unknown: [], gone: [], both: [], untried: [] })
})

/** sftpgo serves each path with and without its last slash; at giantswarm a path ends with one. */
function unslashed(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path
}

function withSlash(route: string): string {
  return route.includes(' /v4/') ? `${route}/` : route
}
