/** The echo transport: the contract of all transports, and what a cooked TTY shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { transportContract } from '../contracts/transport.ts'
import { FrameHandler } from '../fixtures/conversation.ts'
import { EchoTransport } from '../fixtures/echo-transport.ts'
import { terminalRequest } from '../fixtures/terminal-request.ts'

transportContract({
  name: 'echo',
  makeTransport: () => new EchoTransport(),
  request: terminalRequest(),
  shell: 'echo',
})

test('TRN-6 echo behaves as a cooked TTY: returns, erased characters, interrupts', async () => {
  const conversation = await FrameHandler.open(new EchoTransport(), terminalRequest())
  await conversation.until('$ ')
  conversation.type('sixe\u007f\bze\r')
  conversation.type('é\u007fnot this\u0003')
  conversation.type('what\n')
  conversation.type('\u0004')
  assert.deepEqual(await conversation.terminal.exited, { code: 0, signal: 0, failure: null })
  const shown = Buffer.from(conversation.bytes()).toString()
  assert.equal(shown, '$ sixe\b \b\b \bze\r\n80 x 24\r\n$ é\b \bnot this^C\r\n$ what\r\nwhat: not found\r\n$ ')
})

test('TRN-6 echo stops a long output at an interrupt', async () => {
  const conversation = await FrameHandler.open(new EchoTransport(), terminalRequest())
  await conversation.until('$ ')
  conversation.type('bytes 1000000000\r')
  await conversation.until('4095')
  conversation.type('\u0003')
  await conversation.until('^C\r\n$ ')
  conversation.type('exit 130\r')
  assert.equal((await conversation.terminal.exited).code, 130)
  assert.ok(conversation.bytes().byteLength < 10_000_000)
})

test('TRN-6 echo runs a command in place of a shell, and ends with it', async () => {
  const conversation = await FrameHandler.open(new EchoTransport(), terminalRequest({ command: 'size' }))
  assert.deepEqual(await conversation.terminal.exited, { code: 0, signal: 0, failure: null })
  assert.equal(conversation.text(), '80 x 24\r\n')
})
