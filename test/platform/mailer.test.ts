/** Platform tests: the mailer. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createMailer } from '../../src/platform/mailer.ts'

/** Returns a port without a listener. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('PLT-41 mails that cannot be sent, or that are too many, are logged, and the caller does not wait', async () => {
  const sentences: string[] = []
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (_facts: object, sentence: string) => void sentences.push(sentence),
  }
  const mailer = createMailer({ url: `smtp://127.0.0.1:${await freePort()}`, from: 'a@example.org', log })
  for (let mail = 0; mail < 103; mail += 1) mailer.post({ to: 'ada@example.org', subject: 's', text: 't' })
  await mailer.close()
  const dropped = sentences.filter((sentence) => sentence.includes('dropped')).length
  assert.deepEqual([dropped, sentences.length - dropped], [3, 100])
})
