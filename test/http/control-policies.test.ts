import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { addChange, addServer } from '../../src/core/terminals/inventory.ts'
import { policyOf } from '../../src/core/terminals/policy-of.ts'
import { setPolicy } from '../../src/core/terminals/set-policy.ts'
import type { PolicyDocument, PolicySubject } from '../../src/core/terminals/terminal-policy.ts'
import { type Answer, call, goodPassword, signInAs } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const

const server = {
  name: 'web-1',
  address: '10.0.0.1',
  port: 22,
  transport: 'ssh',
  osUsers: ['deploy'],
  groups: ['ops', 'night'],
  hostKey: `ssh-ed25519 ${'A'.repeat(68)}`,
  hostCa: null,
} as const

/** A server with ada and root in ops, eve in audit; CR1 was requested by root, and lists ops and lead. */
async function prepare(t: TestContext, config: Readonly<Record<string, unknown>> = {}): Promise<RunningSallyport> {
  const sallyport = await runSallyport({ config })
  t.after(() => sallyport.close())
  await sallyport.addAccount({ username: 'ada', password: goodPassword, groups: ['ops'] })
  await sallyport.addAccount({ username: 'eve', password: goodPassword, groups: ['audit'] })
  await sallyport.addAccount({ username: 'root', password: goodPassword, groups: ['ops'] })
  await addServer(sallyport.ports, server, request)
  const now = sallyport.clock.wallMs()
  const change = {
    id: 'CR1',
    summary: 'a drill',
    servers: ['web-1'],
    osUsers: ['deploy'],
    groups: ['ops', 'lead'],
    startsAtMs: now - 60_000,
    endsAtMs: now + 3_600_000,
    state: 'approved',
    requestedBy: 'root',
    approvedBy: null,
  } as const
  await addChange(sallyport.ports, change, request)
  return sallyport
}

function rule(sallyport: RunningSallyport, subject: PolicySubject, policy: PolicyDocument | null): Promise<void> {
  return setPolicy(sallyport.ports, { subject, policy }, request)
}

/** Asks for a start token under the change request, or for a health check. */
function start(sallyport: RunningSallyport, token: string, changeId: string | null = 'CR1'): Promise<Answer> {
  const place = { server: { os_user: 'deploy', server_ip: '10.0.0.1' } }
  const body =
    changeId === null
      ? { ...place, purpose: 'health_check' }
      : { ...place, purpose: 'change_request', change_id: changeId }
  return call(sallyport, { method: 'POST', path: '/api/v1/pty_token/start', token, body })
}

/** Returns a short form of an answer. */
function brief({ status, body }: Answer): string {
  return status === 200 ? '200' : `${status} ${(body as unknown as { error: string }).error}`
}

const parties = '403 The requester and the approver of a change request cannot take part in its sessions.'

test('POL-8, POL-9 a policy applies from the moment at which it is set until it is removed', async (t) => {
  const sallyport = await prepare(t)
  const { access_token: root } = await signInAs(sallyport, 'root')
  const subject = { kind: 'server', name: 'web-1' } as const
  const verdicts = [brief(await start(sallyport, root))]
  await rule(sallyport, subject, { observers: { count: 1 } })
  verdicts.push(brief(await start(sallyport, root)), brief(await start(sallyport, root, null)))
  await rule(sallyport, subject, null)
  verdicts.push(brief(await start(sallyport, root)))
  assert.deepEqual(verdicts, ['200', parties, '200', '200'])
})

test('POL-3, POL-8 the option’s observers are required under change requests, and not for health checks', async (t) => {
  const sallyport = await prepare(t, { terminals: { observers: 1 } })
  const { access_token: ada } = await signInAs(sallyport, 'ada')
  const { access_token: root } = await signInAs(sallyport, 'root')
  const answers = [await start(sallyport, ada), await start(sallyport, root), await start(sallyport, root, null)]
  assert.deepEqual(answers.map(brief), ['200', parties, '200'])
})

test('POL-7, POL-8, POL-9 the policy checks an account that joins as an observer, and not as an implementor', async (t) => {
  const sallyport = await prepare(t)
  const [ada, eve, root] = [
    (await signInAs(sallyport, 'ada')).access_token,
    (await signInAs(sallyport, 'eve')).access_token,
    (await signInAs(sallyport, 'root')).access_token,
  ]
  const { token } = (await start(sallyport, ada)).body
  const { store, digests, clock } = sallyport.ports
  const attached = await store.execute('attachPtyToken', {
    digest: digests.sha256(token),
    attachmentId: randomUUID(),
    ip: '192.0.2.7',
    limits: sallyport.ports.settings.ptyLimits,
    nowMs: clock.wallMs(),
    audit: { ...request, by: 'server', atMs: 0, accountId: null, username: null, action: 'pty-attach', outcome: 'ok' },
  })
  const id = attached.kind === 'attached' ? attached.ptySession.id : ''
  const join = async (by: string): Promise<string> =>
    brief(
      await call(sallyport, {
        method: 'POST',
        path: '/api/v1/pty_token/join',
        token: by,
        body: { pty_session_id: id, start_role: 'observer' },
      }),
    )
  const verdicts = [await join(eve), await join(ada)]
  await rule(sallyport, { kind: 'group', name: 'lead' }, { observers: { count: 1, from: ['audit', 'ops'] } })
  verdicts.push(await join(eve), await join(ada), await join(root))
  assert.deepEqual(verdicts, [
    '403 No group of the account may observe this session.',
    '200',
    '200',
    '403 The implementor of a session does not observe it too.',
    parties,
  ])
})

test('POL-1, POL-9 the policies of its change, its server, and of each group of either apply to a session', async (t) => {
  const { ports } = await prepare(t)
  const sallyport = { ports } as RunningSallyport
  await rule(sallyport, { kind: 'change', name: 'CR1' }, { idleMinutes: 9, retentionMonths: 1 })
  await rule(sallyport, { kind: 'server', name: 'web-1' }, { idleMinutes: 8, headlessMinutes: 4 })
  await rule(sallyport, { kind: 'group', name: 'night' }, { idleMinutes: 7 })
  await rule(sallyport, { kind: 'group', name: 'lead' }, { retentionMonths: 30 })
  await rule(sallyport, { kind: 'group', name: 'audit' }, { idleMinutes: 1 })
  const change = await ports.store.changeById('CR1')
  const settings = ports.settings.terminals
  const [under, check] = [
    await policyOf(ports.store, { server, change, purpose: 'change_request' }, settings),
    await policyOf(ports.store, { server, change: null, purpose: 'health_check' }, settings),
  ]
  const rest = { observers: null, windowEnd: { kind: 'hard' }, recordInput: false } as const
  assert.deepEqual(
    [under, check],
    [
      { ...rest, idleSeconds: 420, headlessSeconds: 240, retentionMonths: 30 },
      { ...rest, idleSeconds: 420, headlessSeconds: 240, retentionMonths: 12 },
    ],
  )
})
