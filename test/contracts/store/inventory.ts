/** Store contract: the inventory, change requests, policies, catalogues and keys that are created once. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { everyChange, everyServer, listOf } from '../../../src/core/every-row.ts'
import type { PolicyDocument, PolicySubject } from '../../../src/core/terminals/terminal-policy.ts'
import { auditOf, changeRequest, digestOf, server, startMs } from '../../fixtures/records.ts'
import { effectsOf, type OpenStore, refused, type Shared } from './harness.ts'

/** Registers the tests. */
export function inventoryRules(shared: Shared, open: OpenStore): void {
  test('STO-50 a server has its own name and address, and a change of it makes nodes judge its terminals again', async () => {
    const { store } = shared()
    const audit = auditOf('server')
    const [one, other] = [server({ osUsers: ['ops', 'root'] }), server({ transport: 'local', hostKey: null })]
    const add = (added: typeof one) => effectsOf(store, 'addServer', { server: added, audit })
    const change = (changed: typeof one) => effectsOf(store, 'changeServer', { server: changed, nowMs: startMs, audit })
    const remove = () => effectsOf(store, 'removeServer', { name: one.name, nowMs: startMs, audit })
    assert.deepEqual(await add(one), { output: { kind: 'added' }, log: [], audit: ['server ok'] })
    await add(other)
    assert.deepEqual(await add(server({ name: one.name })), refused('name-taken'))
    assert.deepEqual(await add(server({ address: one.address })), refused('address-taken'))
    assert.deepEqual(await change({ ...one, address: other.address }), refused('address-taken'))
    assert.deepEqual(await change(server()), refused('missing'))
    const changed = { ...one, port: 2222, groups: [], hostKey: null, hostCa: 'ssh-ed25519 BBBB' }
    const log = [`access_changed server:${one.name}`]
    assert.deepEqual(await change(changed), { output: { kind: 'changed' }, log, audit: ['server ok'] })
    const listed = (await listOf(everyServer(store))).filter(({ name }) => [one.name, other.name].includes(name))
    assert.deepEqual(
      listed,
      [changed, other].sort((a, b) => (a.name < b.name ? -1 : 1)),
    )
    const found = [await store.serverByName(one.name), await store.serverByAddress(one.address)]
    assert.deepEqual(found, [changed, changed])
    assert.deepEqual(await remove(), { output: { kind: 'removed' }, log, audit: ['server ok'] })
    assert.deepEqual(await remove(), refused('missing'))
    assert.deepEqual([await store.serverByName(one.name), await store.serverByAddress(one.address)], [null, null])
  })

  test('STO-51 a change request names servers of the inventory, and changes its state once', async () => {
    const { store } = shared()
    const audit = auditOf('change-request')
    const web = server()
    await store.execute('addServer', { server: web, audit: auditOf('server') })
    const change = changeRequest({ servers: [web.name] })
    const add = (added: typeof change) => effectsOf(store, 'addChange', { change: added, audit })
    const set = (id: string, state: 'approved' | 'closed') =>
      effectsOf(store, 'setChangeState', { id, state, nowMs: startMs, audit })
    assert.deepEqual(await add(changeRequest({ servers: [web.name, 'absent'] })), {
      ...refused('server-missing'),
      output: { kind: 'server-missing', name: 'absent' },
    })
    assert.deepEqual(await add(change), { output: { kind: 'added' }, log: [], audit: ['change-request ok'] })
    assert.deepEqual(await add(change), refused('id-taken'))
    const log = [`access_changed change:${change.id}`]
    for (const state of ['approved', 'closed'] as const) {
      assert.deepEqual(await set(change.id, state), { output: { kind: 'changed' }, log, audit: ['change-request ok'] })
      assert.deepEqual(await set(change.id, state), refused('already'))
    }
    assert.deepEqual(await set(change.id, 'approved'), refused('closed'))
    assert.deepEqual(await set('absent', 'closed'), refused('missing'))
    const closed = { ...change, state: 'closed' }
    const listed = (await listOf(everyChange(store))).filter(({ id }) => id === change.id)
    assert.deepEqual([await store.changeById(change.id), listed], [closed, [closed]])
    assert.equal(await store.changeById('absent'), null)
  })

  test('STO-253 a change request has its requester and its approver, if they were given', async () => {
    const { store } = shared()
    const change = changeRequest({ requestedBy: 'ada@example.org' })
    await store.execute('addChange', { change, audit: auditOf('change-request') })
    const set = async (state: 'approved' | 'closed', approvedBy?: string) => {
      const approver = approvedBy === undefined ? {} : { approvedBy }
      await store.execute('setChangeState', {
        id: change.id,
        state,
        ...approver,
        nowMs: startMs,
        audit: auditOf('change-request'),
      })
      return store.changeById(change.id)
    }
    const approved = { ...change, state: 'approved', approvedBy: 'ops@example.org' }
    assert.deepEqual(await set('approved', 'ops@example.org'), approved)
    assert.deepEqual(await set('closed'), { ...approved, state: 'closed' })
    const added = changeRequest({ state: 'approved', approvedBy: 'ops@example.org' })
    await store.execute('addChange', { change: added, audit: auditOf('change-request') })
    assert.deepEqual(await store.changeById(added.id), added)
  })

  test('STO-248 a policy of an existing subject is set, replaced and removed with an entry for the subject', async () => {
    const { store } = shared()
    const [web, change] = [server(), changeRequest()]
    await store.execute('addServer', { server: web, audit: auditOf('server') })
    await store.execute('addChange', { change, audit: auditOf('change-request') })
    const set = (subject: PolicySubject, policy: PolicyDocument | null) =>
      effectsOf(store, 'setPolicy', { subject, policy, nowMs: startMs, audit: auditOf('policy') })
    const first = { observers: { count: 2, from: ['ops'] }, windowEnd: { kind: 'grace', minutes: 5 } } as const
    const second = { idleMinutes: 3, recordInput: false }
    const subjects: readonly PolicySubject[] = [
      { kind: 'server', name: web.name },
      { kind: 'change', name: change.id },
      { kind: 'group', name: `group-${web.name}` },
    ]
    for (const subject of subjects) {
      const left = (kind: string) => ({
        output: { kind },
        log: [`access_changed ${subject.kind}:${subject.name}`],
        audit: ['policy ok'],
      })
      assert.equal(await store.policy(subject), null)
      assert.deepEqual(await set(subject, null), refused('missing'))
      assert.deepEqual(await set(subject, first), left('set'))
      assert.deepEqual(await store.policy(subject), first)
      assert.deepEqual(await set(subject, second), left('set'))
      assert.deepEqual(await store.policy(subject), second)
      assert.deepEqual(await set(subject, null), left('removed'))
      assert.equal(await store.policy(subject), null)
    }
    assert.deepEqual(await set({ kind: 'server', name: 'absent' }, second), refused('missing'))
    assert.deepEqual(await set({ kind: 'change', name: 'absent' }, second), refused('missing'))
  })

  test('STO-248 the policy of a removed server can still be removed', async () => {
    const { store } = shared()
    const web = server()
    const subject = { kind: 'server', name: web.name } as const
    await store.execute('addServer', { server: web, audit: auditOf('server') })
    const set = (policy: PolicyDocument | null) =>
      store.execute('setPolicy', { subject, policy, nowMs: startMs, audit: auditOf('policy') })
    await set({ idleMinutes: 1 })
    await store.execute('removeServer', { name: web.name, nowMs: startMs, audit: auditOf('server') })
    assert.deepEqual([await store.policy(subject), await set(null)], [{ idleMinutes: 1 }, { kind: 'removed' }])
  })

  test('STO-249 the catalogue of a group is stored unchanged, and found for the requested groups', async () => {
    const { store } = shared()
    const [one, other] = [`ops-${randomUUID()}`, `web-${randomUUID()}`]
    const set = (group: string, catalogue: string | null) =>
      effectsOf(store, 'setCatalogue', { group, catalogue, nowMs: startMs, audit: auditOf('catalogue') })
    const left = (kind: string) => ({ output: { kind }, log: [], audit: ['catalogue ok'] })
    assert.deepEqual(await set(one, null), refused('missing'))
    assert.deepEqual(await set(one, '{"a": 1}'), left('set'))
    assert.deepEqual(await set(one, '{"a": 2}'), left('set'))
    await set(other, '[]')
    const all = await store.catalogues([other, 'absent', one])
    assert.deepEqual(
      [new Map(all), await store.catalogues([one]), await store.catalogues([])],
      [
        new Map([
          [one, '{"a": 2}'],
          [other, '[]'],
        ]),
        new Map([[one, '{"a": 2}']]),
        new Map(),
      ],
    )
    assert.deepEqual(await set(one, null), left('removed'))
    assert.deepEqual([...(await store.catalogues([one, other])).keys()], [other])
  })

  test('STO-250 if two connections create a key at once, one does, and both read the same key', async () => {
    await using opened = await open()
    const second = await opened.openSecond()
    const stores = [opened.store, second, opened.store, second]
    assert.equal(await second.authorityKey('ssh-user-ca'), null)
    const race = await Promise.all(
      stores.map((store, index) =>
        store.execute('addAuthorityKey', {
          name: 'ssh-user-ca',
          sealed: digestOf(`sealed ${index}`),
          publicKey: `ssh-ed25519 ${index}`,
          nowMs: startMs,
          audit: auditOf('authority-key'),
        }),
      ),
    )
    const winners = [...race.keys()].filter((index) => race[index]?.kind === 'added')
    assert.equal(winners.length, 1)
    const key = {
      name: 'ssh-user-ca',
      sealed: digestOf(`sealed ${winners[0]}`),
      publicKey: `ssh-ed25519 ${winners[0]}`,
      createdAtMs: startMs,
    }
    const found = [
      await opened.store.authorityKey('ssh-user-ca'),
      await second.authorityKey('ssh-user-ca'),
      await second.authorityKey('recording'),
    ]
    assert.deepEqual(found, [key, key, null])
  })
}
