import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { changeAccount } from '../../src/core/administration/administer-accounts.ts'
import { keepAttributes } from '../../src/http/dialects/sftpgo/attributes.ts'
import { type Answer, call, goodPassword, signInAs, verify } from '../fixtures/control-calls.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const newPassword = 'another horse battery staple'
const minuteMs = 60_000

/** Receives mails on a free port; each waits to be read. */
class Mailbox {
  readonly #mails: string[] = []
  #wake: () => void = () => undefined
  /** How many came since the beginning. */
  received = 0
  readonly server: SMTPServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      stream.on('end', () => {
        this.#mails.push(text)
        this.received += 1
        this.#wake()
        done()
      })
    },
  })

  /** Returns the oldest unread mail, and waits for one if there is none. */
  async read(): Promise<string> {
    while (this.#mails.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#mails.shift() ?? ''
  }
}

const mailbox = new Mailbox()
let sallyport: RunningSallyport

before(async () => {
  mailbox.server.listen(0, '127.0.0.1')
  await once(mailbox.server.server, 'listening')
  const { port } = mailbox.server.server.address() as AddressInfo
  sallyport = await runSallyport({
    config: { smtp: { url: `smtp://127.0.0.1:${port}`, from: 'sallyport@example.org' } },
  })
  await sallyport.addAccount({ username: 'ada', password: goodPassword, email: 'ada@example.org' })
  await sallyport.addAccount({ username: 'bob', password: goodPassword })
})

after(async () => {
  await sallyport.close()
  await new Promise<void>((resolve) => mailbox.server.close(() => resolve()))
})

function forgot(username: string, realm = 'users'): Promise<Answer> {
  return call(sallyport, { method: 'POST', path: `/api/v2/${realm}/${username}/forgot-password` })
}

function reset(code: string, { password = newPassword, realm = 'users' } = {}): Promise<Answer> {
  return call(sallyport, { method: 'POST', path: `/api/v2/${realm}/ada/reset-password`, body: { code, password } })
}

async function mailedCode(): Promise<string> {
  sallyport.clock.advance(minuteMs)
  assert.equal((await forgot('ada')).status, 200)
  const mail = await mailbox.read()
  assert.match(mail, /^To: ada@example\.org\r?$/m)
  const body = mail.slice(mail.search(/\r?\n\r?\n/)).replaceAll(/=\r?\n/g, '')
  return /^[A-Za-z0-9_-]{60,}$/m.exec(body.replaceAll('\r', ''))?.[0] ?? ''
}

test('SFT-77 forgot-password answers alike for an account, one without an address, and nobody', async () => {
  sallyport.clock.advance(minuteMs)
  const answers = await Promise.all(['ada', 'bob', 'nobody'].map((username) => forgot(username)))
  const expected = [200, { message: 'Check your email for the confirmation code' }]
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body]),
    [expected, expected, expected],
  )
  assert.match(await mailbox.read(), /^To: ada@example\.org/m)
})

test('SFT-78 a mailed code sets the password once, ends the sessions, and a weak password leaves it good', async () => {
  const session = await signInAs(sallyport, 'ada')
  const code = await mailedCode()
  assert.ok(code.length >= 20)
  assert.equal((await reset(code, { realm: 'admins' })).status, 400)
  const weak = await reset(code, { password: 'short' })
  assert.equal(weak.status, 400)
  assert.equal(await verify(sallyport, session.access_token), 200)
  const done = await reset(code)
  assert.deepEqual([done.status, done.body], [200, { message: 'Password reset successful' }])
  assert.equal(await verify(sallyport, session.access_token), 401)
  assert.equal((await reset(code, { password: goodPassword })).status, 400)
  const again = await mailedCode()
  assert.equal((await reset(again, { password: goodPassword })).status, 200)
  await signInAs(sallyport, 'ada')
})

test('SFT-78 a code is too old after ten minutes, and is none when a character of it is another', async () => {
  const code = await mailedCode()
  const other = `${code.slice(0, -2)}${code.at(-2) === 'A' ? 'B' : 'A'}${code.at(-1)}`
  assert.equal((await reset(other)).status, 400)
  sallyport.clock.advance(10 * minuteMs)
  assert.equal((await reset(code)).status, 400)
})

test('SFT-79 an account is mailed once a minute, however often it is asked for', async () => {
  await mailedCode()
  const before = mailbox.received
  for (let time = 0; time < 5; time += 1) await forgot('ada')
  await mailedCode()
  assert.equal(mailbox.received - before, 1)
})

test('SFT-78 who may not reset the password is told 403', async () => {
  const code = await mailedCode()
  const account = await sallyport.ports.store.accountByName('ada', 'user')
  assert.ok(account !== null)
  const request = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null } as const
  const attributes = keepAttributes('user', { filters: { web_client: ['password-reset-disabled'] } })
  await changeAccount(sallyport.ports, account, { change: { attributes }, how: { by: null, request } })
  assert.equal((await reset(code)).status, 403)
})
