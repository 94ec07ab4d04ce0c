/** A full disk at every dialect: each signs out as always, and refuses sign-ins. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Dialect } from '../../src/core/dialects.ts'
import { usualReserveBytes } from '../../src/stores/sqlite/reserve.ts'
import { goodPassword as password } from '../fixtures/control-calls.ts'
import { bearer, type HttpQuestion, openClient } from '../fixtures/http-client.ts'
import { runSallyport } from '../fixtures/run-sallyport.ts'
import { smallDisk } from '../fixtures/small-disk.ts'
import { atEnd } from '../fixtures/sqlite-store.ts'

type Answered = {
  readonly access_token: string
  readonly jwtToken: string
  readonly auth_token: string
  readonly token: { readonly id: string }
}

type Door = {
  readonly signIn: HttpQuestion
  readonly token: (body: Answered) => string
  readonly signOut: (token: string) => HttpQuestion
  readonly answers: { readonly signIn: number; readonly signOut: number }
}

/** Each signs in as a person of its own: some sign-outs end more than one session. */
const emailOf = (dialect: Dialect): string => `${dialect}@example.org`

/** The sign-in and sign-out of each dialect, and their answers on a full disk. */
const doors: Readonly<Record<Dialect, Door>> = {
  control: {
    signIn: { method: 'POST', path: '/api/v1/sessions', body: { username: 'control', password } },
    token: (body) => body.access_token,
    signOut: (token) => ({ method: 'DELETE', path: '/api/v1/sessions/current', headers: bearer(token) }),
    answers: { signIn: 503, signOut: 204 },
  },
  sftpgo: {
    signIn: { path: '/api/v2/user/token', headers: { authorization: `Basic ${btoa(`sftpgo:${password}`)}` } },
    token: (body) => body.access_token,
    signOut: (token) => ({ path: '/api/v2/user/logout', headers: bearer(token) }),
    answers: { signIn: 503, signOut: 200 },
  },
  pacerpro: {
    signIn: { method: 'POST', path: '/session', body: { email: emailOf('pacerpro'), password } },
    token: (body) => body.jwtToken,
    signOut: (token) => ({ method: 'DELETE', path: '/session', headers: bearer(token) }),
    answers: { signIn: 503, signOut: 200 },
  },
  giantswarm: {
    signIn: {
      method: 'POST',
      path: '/v4/auth-tokens/',
      body: { email: emailOf('giantswarm'), password_base64: btoa(password) },
    },
    token: (body) => body.auth_token,
    signOut: (token) => ({
      method: 'DELETE',
      path: '/v4/auth-tokens/',
      headers: { authorization: `giantswarm ${token}` },
    }),
    answers: { signIn: 500, signOut: 200 },
  },
  koyeb: {
    signIn: { method: 'POST', path: '/v1/account/login', body: { email: emailOf('koyeb'), password } },
    token: (body) => body.token.id,
    signOut: (token) => ({ method: 'DELETE', path: '/v1/account/logout', headers: bearer(token) }),
    answers: { signIn: 503, signOut: 200 },
  },
}

test('ATK-16 on a full disk every dialect signs out, once, and none signs in', async (t) => {
  const disk = smallDisk(t, 60)
  if (disk === null) return
  const server = await runSallyport({
    dataDir: join(disk.folder, 'data'),
    config: { throttle: false },
    start: { reserveBytes: usualReserveBytes, hashCost: { memoryCost: 8, timeCost: 1, parallelism: 1 } },
  })
  atEnd(t, () => server.close())
  const client = openClient(server.url)
  atEnd(t, () => client.close())
  const tokens = new Map<Door, string>()
  for (const [dialect, door] of Object.entries(doors) as [Dialect, Door][]) {
    await server.addAccount({ username: dialect, password, email: emailOf(dialect) })
    const { body, status } = await client.send(door.signIn)
    assert.ok(status < 300, body)
    tokens.set(door, door.token(JSON.parse(body) as Answered))
  }
  for (const [door, token] of tokens) {
    disk.fill()
    const question = door.signOut(token)
    const statuses = [await client.send(door.signIn), await client.send(question), await client.send(question)]
    assert.deepEqual(
      statuses.map(({ status }) => status),
      [door.answers.signIn, door.answers.signOut, 401],
      `${question.path} ${statuses[1]?.body}`,
    )
  }
})
