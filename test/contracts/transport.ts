/** The contract of a transport: every rule of docs/spec/transports.md that holds for every kind of terminal. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, type TestContext, test } from 'node:test'
import type { TerminalSize } from '../../src/protocol/terminal-frames.ts'
import type { TerminalRequest, Transport } from '../../src/terminals/transports/transport.ts'
import { FrameHandler } from '../fixtures/conversation.ts'
import { echoPattern } from '../fixtures/echo-transport.ts'

/** The transport under test. */
export type TransportUnderTest = {
  readonly name: string
  /** Opens a transport for one test; the test closes it. */
  readonly makeTransport: () => Transport | Promise<Transport>
  /** The request of every terminal; tests set the command and the size. */
  readonly request: TerminalRequest
  /** The commands of the terminals. */
  readonly shell: 'posix' | 'echo'
  /** True, or the reason, if nothing can be run here. */
  readonly skip?: boolean | string
}

type Program = { readonly command: string | null; readonly ready: string }

type Dialect = {
  readonly shellReady: string
  readonly flood: { readonly command: string; readonly output: Uint8Array; readonly code: number }
  /** Shows the size when Return is typed. */
  readonly size: Program & { readonly ask: string; readonly shown: (size: TerminalSize) => string }
  /** Reads nothing. */
  readonly deaf: Program & { readonly start: string }
  /** Reads all of the input, and then shows that. */
  readonly swallow: Program & { readonly input: string; readonly shows: string }
}

const lines = Array.from({ length: 400_000 }, (_, line) => `${line + 1}\r\n`).join('')
const typed = 'abcdefghij'.repeat(30_000)

const dialects: Readonly<Record<TransportUnderTest['shell'], Dialect>> = {
  posix: {
    shellReady: '',
    flood: { command: 'seq 1 400000; exit 7', output: new TextEncoder().encode(lines), code: 7 },
    size: {
      command: 'echo ready; while read -r line; do stty size; done',
      ready: 'ready\r\n',
      ask: '\r',
      shown: ({ cols, rows }) => `${rows} ${cols}\r\n`,
    },
    deaf: { command: 'stty raw -echo; echo ready; exec sleep 1000', ready: 'ready', start: '' },
    swallow: {
      command: `stty raw -echo; echo ready; head -c ${typed.length} | sha256sum`,
      ready: 'ready',
      input: typed,
      shows: createHash('sha256').update(typed).digest('hex'),
    },
  },
  echo: {
    shellReady: '$ ',
    flood: { command: 'bytes 3000000', output: echoPattern(3_000_000), code: 0 },
    size: { command: null, ready: '$ ', ask: 'size\r', shown: ({ cols, rows }) => `${cols} x ${rows}\r\n` },
    deaf: { command: null, ready: '$ ', start: 'deaf\r' },
    swallow: { command: null, ready: '$ ', input: typed, shows: typed },
  },
}

/** Runs the contract on a transport. */
export function transportContract(subject: TransportUnderTest): void {
  const dialect = dialects[subject.shell]
  describe(subject.name, { skip: subject.skip ?? false }, () => {
    outputRules(subject, dialect)
    inputRules(subject, dialect)
    endRules(subject, dialect)
  })
}

function outputRules(subject: TransportUnderTest, { flood, size, shellReady }: Dialect): void {
  test('TRN-1 output is whole and in order, and the exit comes once, after all output', async (t) => {
    const conversation = await open(t, subject, flood.command)
    const exit = await conversation.terminal.exited
    const heldAtExit = conversation.bytes()
    await nextTurns()
    assert.deepEqual(exit, { code: flood.code, signal: 0, failure: null })
    assert.ok(Buffer.from(flood.output).equals(heldAtExit), 'output differs from what the program put out')
    assert.equal(conversation.bytes().byteLength, heldAtExit.byteLength)
  })

  test('TRN-1 a shell that exits with a code ends with that code', async (t) => {
    const conversation = await open(t, subject, null)
    await conversation.until(shellReady)
    conversation.type('exit 3\r')
    assert.deepEqual(await conversation.terminal.exited, { code: 3, signal: 0, failure: null })
  })

  test('TRN-2 a paused terminal delivers nothing while another one works, and nothing is lost when it continues', async (t) => {
    const transport = await makeTransport(t, subject)
    const paused = await FrameHandler.open(transport, { ...subject.request, command: flood.command })
    await paused.until('')
    paused.terminal.pause()
    const heldAtPause = paused.bytes().byteLength
    const other = await FrameHandler.open(transport, { ...subject.request, command: flood.command })
    await other.terminal.exited
    const heldLater = paused.bytes().byteLength
    paused.terminal.resume()
    const exit = await paused.terminal.exited
    assert.deepEqual([heldLater, exit.code], [heldAtPause, flood.code])
    assert.ok(heldAtPause < flood.output.byteLength, 'the pause came too late to prove anything')
    assert.ok(Buffer.from(flood.output).equals(paused.bytes()), 'output differs from what the program put out')
  })

  test('TRN-3 the program sees the size that it was opened with, and each new size at once', async (t) => {
    const conversation = await open(t, subject, size.command)
    await conversation.until(size.ready)
    const sizes: string[] = []
    for (const next of [subject.request.size, { cols: 132, rows: 43 }, { cols: 2, rows: 1000 }]) {
      conversation.terminal.resize(next)
      conversation.type(size.ask)
      sizes.push(await conversation.until(size.shown(next)))
    }
    assert.equal(sizes.length, 3)
    await conversation.terminal.end()
  })
}

function inputRules(subject: TransportUnderTest, { deaf, swallow }: Dialect): void {
  test('TRN-4 unread input is reported as waiting, and none waits after the end', async (t) => {
    const conversation = await open(t, subject, deaf.command)
    await conversation.until(deaf.ready)
    conversation.type(deaf.start)
    if (deaf.start !== '') await conversation.until('deaf\r\n')
    const mebibyte = new Uint8Array(1024 * 1024).fill(0x78)
    const waiting = conversation.terminal.write(mebibyte)
    const waitingMore = conversation.terminal.write(mebibyte)
    const drained = conversation.terminal.drained()
    await conversation.terminal.end()
    await drained
    assert.ok(waiting > 512 * 1024 && waiting <= mebibyte.byteLength, `${waiting} bytes wait`)
    assert.equal(waitingMore, waiting + mebibyte.byteLength)
    assert.equal(conversation.terminal.write(mebibyte), 0)
  })

  test('TRN-4 a large input reaches a reading program whole and in order, and then none waits', async (t) => {
    const conversation = await open(t, subject, swallow.command)
    await conversation.until(swallow.ready)
    const waiting = conversation.type(swallow.input)
    await conversation.terminal.drained()
    await conversation.until(swallow.shows)
    assert.ok(waiting > 0, 'all was taken at once, which proves nothing')
    await conversation.terminal.end()
  })
}

function endRules(subject: TransportUnderTest, { deaf, flood }: Dialect): void {
  test('TRN-5 ending twice, and again after the end, gives the same exit', async (t) => {
    const conversation = await open(t, subject, deaf.command)
    await conversation.until(deaf.ready)
    const { terminal } = conversation
    const [first, second] = await Promise.all([terminal.end(), terminal.end()])
    const exit = await terminal.exited
    assert.deepEqual([first, second, await terminal.end()], [exit, exit, exit])
    terminal.resize({ cols: 80, rows: 24 })
    terminal.pause()
    terminal.resume()
  })

  test('TRN-5 a paused terminal can be ended in the middle of its output, and delivers a beginning of it', async (t) => {
    const conversation = await open(t, subject, flood.command)
    await conversation.until('')
    conversation.terminal.pause()
    await conversation.terminal.end()
    const held = conversation.bytes()
    assert.ok(held.byteLength < flood.output.byteLength)
    assert.ok(Buffer.from(flood.output).subarray(0, held.byteLength).equals(held), 'output has a gap')
  })

  test('TRN-5 closing the transport ends every terminal that it opened', async (t) => {
    const transport = await makeTransport(t, subject)
    const request = { ...subject.request, command: deaf.command }
    const conversations = [await FrameHandler.open(transport, request), await FrameHandler.open(transport, request)]
    for (const { until } of conversations) await until(deaf.ready)
    await transport.close()
    const exits = await Promise.all(conversations.map(({ terminal }) => terminal.exited))
    assert.equal(exits.length, 2)
  })
}

async function open(t: TestContext, subject: TransportUnderTest, command: string | null): Promise<FrameHandler> {
  return FrameHandler.open(await makeTransport(t, subject), { ...subject.request, command })
}

async function makeTransport(t: TestContext, { makeTransport: make }: TransportUnderTest): Promise<Transport> {
  const transport = await make()
  t.after(() => transport.close())
  return transport
}

/** Waits a turn of the event loop, so that output after an exit would be seen. */
async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
