import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { goodPassword } from '../fixtures/control-calls.ts'
import { type HttpAnswer, type HttpClient, openClient } from '../fixtures/http-client.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

let sallyport: RunningSallyport
let client: HttpClient

before(async () => {
  sallyport = await runSallyport()
  client = openClient(sallyport.url)
  const ada = await sallyport.addAccount({ username: 'ada', password: goodPassword, email: 'ada@example.org' })
  await sallyport.addAccount({ username: 'root', password: goodPassword, role: 'admin' })
  await sallyport.addOrganization('acme', [ada])
})

after(async () => {
  client.close()
  await sallyport.close()
})

/** The steps of a client of a dialect, each sent over a real socket. */
type Life = {
  readonly title: string
  readonly signIn: () => Promise<HttpAnswer>
  readonly tokenOf: (body: Body) => string
  readonly scheme: string
  readonly use: string
  /** Method and path; null: the dialect has none. */
  readonly refresh: readonly [method: string, path: string] | null
  readonly signOut: readonly [method: string, path: string, status: number]
}

type Body = { readonly [member: string]: string } & { readonly token: { readonly id: string } }

const login = { email: 'ada@example.org', password: goodPassword }

function basic(name: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${goodPassword}`).toString('base64')}` }
}

function member(name: string): (body: Body) => string {
  return (body) => String(body[name])
}

const lives: readonly Life[] = [
  {
    title: 'SES-6 control: sign in, use, refresh, sign out, use again',
    signIn: () => client.send({ method: 'POST', path: '/api/v1/sessions', body: login }),
    tokenOf: member('access_token'),
    scheme: 'Bearer',
    use: '/api/v1/account',
    refresh: null,
    signOut: ['DELETE', '/api/v1/sessions/current', 204],
  },
  {
    title: 'SES-6 sftpgo, users: sign in, use, sign out, use again',
    signIn: () => client.send({ path: '/api/v2/user/token', headers: basic('ada') }),
    tokenOf: member('access_token'),
    scheme: 'Bearer',
    use: '/api/v2/user/dirs',
    refresh: null,
    signOut: ['GET', '/api/v2/user/logout', 200],
  },
  {
    title: 'SES-6 sftpgo, administrators: sign in, use, sign out, use again',
    signIn: () => client.send({ path: '/api/v2/token', headers: basic('root') }),
    tokenOf: member('access_token'),
    scheme: 'Bearer',
    use: '/api/v2/version',
    refresh: null,
    signOut: ['GET', '/api/v2/logout', 200],
  },
  {
    title: 'SES-6 pacerpro: sign in, use, refresh, sign out, use again',
    signIn: () => client.send({ method: 'POST', path: '/session', body: login }),
    tokenOf: member('jwtToken'),
    scheme: 'Bearer',
    use: '/api/v1/verify',
    refresh: ['GET', '/session'],
    signOut: ['DELETE', '/session', 200],
  },
  {
    title: 'SES-6 giantswarm: sign in, use, sign out, use again',
    signIn: () =>
      client.send({
        method: 'POST',
        path: '/v4/auth-tokens/',
        body: { email: login.email, password_base64: Buffer.from(goodPassword).toString('base64') },
      }),
    tokenOf: member('auth_token'),
    scheme: 'giantswarm',
    use: '/v4/info/',
    refresh: null,
    signOut: ['DELETE', '/v4/auth-tokens/', 200],
  },
  {
    title: 'SES-6 koyeb: sign in, use, refresh, sign out, use again',
    signIn: () => client.send({ method: 'POST', path: '/v1/account/login', body: login }),
    tokenOf: (body) => body.token.id,
    scheme: 'Bearer',
    use: '/v1/account/organization',
    refresh: ['PUT', '/v1/account/refresh'],
    signOut: ['DELETE', '/v1/account/logout', 200],
  },
]

for (const life of lives) {
  test(life.title, async () => {
    const signedIn = JSON.parse((await life.signIn()).body) as Body
    const tokens = [life.tokenOf(signedIn)]
    const send = (method: string, path: string, token: string): Promise<HttpAnswer> =>
      client.send({ method, path, headers: { authorization: `${life.scheme} ${token}` } })
    if (life.refresh !== null) {
      const [method, path] = life.refresh
      tokens.push(life.tokenOf(JSON.parse((await send(method, path, tokens[0] ?? '')).body) as Body))
    } else if (typeof signedIn.refresh_token === 'string') {
      const body = { refresh_token: signedIn.refresh_token }
      const refreshed = await client.send({ method: 'POST', path: '/api/v1/sessions/refresh', body })
      tokens.push(life.tokenOf(JSON.parse(refreshed.body) as Body))
    }
    const newest = tokens.at(-1) ?? ''
    assert.equal((await send('GET', life.use, newest)).status, 200)
    const [method, path, status] = life.signOut
    assert.equal((await send(method, path, newest)).status, status)
    const refused = await Promise.all(tokens.map((token) => send('GET', life.use, token)))
    assert.deepEqual(
      refused.map((answer) => answer.status),
      tokens.map(() => 401),
    )
  })
}

test('SES-6 PTY tokens: a start is accepted over a real socket, and refused once its account signed out', async () => {
  const { access_token: token = '' } = JSON.parse(
    (await client.send({ method: 'POST', path: '/api/v1/sessions', body: login })).body,
  ) as Record<string, string>
  const headers = { authorization: `Bearer ${token}` }
  const body = { purpose: 'health_check', server: { os_user: 'deploy', server_ip: '192.0.2.1' } }
  const start = (): Promise<HttpAnswer> =>
    client.send({ method: 'POST', path: '/api/v1/pty_token/start', headers, body })
  assert.equal((await start()).status, 404, 'the server is not in the inventory')
  await client.send({ method: 'DELETE', path: '/api/v1/sessions/current', headers })
  assert.equal((await start()).status, 401)
})
