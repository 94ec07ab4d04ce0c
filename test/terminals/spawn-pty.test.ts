/** Programs under a PTY: what they hold, that all they put out arrives, and that all of them end. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { suite, type TestContext, test } from 'node:test'
import { systemTimers } from '../../src/terminals/timers.ts'
import { sessionProcesses } from '../../src/terminals/transports/session-processes.ts'
import { spawnPty } from '../../src/terminals/transports/spawn-pty.ts'
import type { FrameHandler } from '../fixtures/conversation.ts'
import { runUnderPty, whyNoPty } from '../fixtures/pty.ts'

suite('programs under a PTY', { skip: whyNoPty() }, () => {
  test('TRN-7 of 1,000 short programs, eight at a time, not one byte of the output is lost', async () => {
    const lengths = new Map<number, number>()
    const run = async (): Promise<void> => {
      const conversation = await runUnderPty("printf '%20000s'")
      await conversation.terminal.exited
      const { byteLength } = conversation.bytes()
      lengths.set(byteLength, (lengths.get(byteLength) ?? 0) + 1)
    }
    for (let batch = 0; batch < 125; batch += 1) await Promise.all(Array.from({ length: 8 }, run))
    assert.deepEqual([...lengths], [[20_000, 1000]])
  })

  test('TRN-7 a program may put out any bytes, those included that the library marks an end with', async (t) => {
    const conversation = await open(t, "stty raw; printf 'a\\033]7878\\033\\\\b\\000\\377'")
    await conversation.terminal.exited
    assert.deepEqual(Buffer.from(conversation.bytes()).toString('latin1'), 'a\u001b]7878\u001b\\b\u0000\u00ff')
  })

  test('TRN-8 a program holds no descriptor but its own terminal, however the descriptor table looks', async (t) => {
    const ids: number[] = []
    for (let terminal = 0; terminal < 3; terminal += 1) {
      const gap = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r'), openSync('/dev/null', 'r')]
      const conversation = await open(t, 'echo id $$; exec sleep 1000')
      for (const fd of gap) closeSync(fd)
      ids.push(await idAfter(conversation, 'id '))
    }
    const held = ids.map((id) => readdirSync(`/proc/${id}/fd`).map((fd) => readlinkSync(`/proc/${id}/fd/${fd}`)))
    const terminals = new Set(held.flat())
    assert.equal(terminals.size, 3)
    assert.deepEqual(
      held,
      [...terminals].map((own) => [own, own, own]),
    )
    assert.doesNotMatch(execFileSync('ls', ['-l', '/proc/self/fd']).toString(), /ptmx|pts/)
  })

  test('TRN-8 a program leads a session of its own with its terminal, so that control characters reach its jobs', async (t) => {
    const conversation = await open(t, "trap 'echo interrupted; exit 5' INT; echo ready; while :; do :; done")
    await conversation.until('ready\r\n')
    conversation.type('\u0003')
    assert.deepEqual(await conversation.terminal.exited, { code: 5, signal: 0, failure: null })
    assert.equal(conversation.text(), 'ready\r\n^Cinterrupted\r\n')
  })

  test('TRN-10 a program that ignores the hang-up is killed, and the user gets a notice', async (t) => {
    const conversation = await open(t, "trap '' HUP TERM; echo ready; while :; do sleep 1; done")
    await conversation.until('ready\r\n')
    assert.deepEqual(await conversation.terminal.end(), { code: -1, signal: 9, failure: null })
    assert.deepEqual(conversation.notices, ['A program ignored the hang-up and was killed.'])
  })

  test('TRN-10 a program that heeds the hang-up ends with its own code, and the user gets no notice', async (t) => {
    const conversation = await open(t, "trap '' TERM; trap 'echo saved; exit 5' HUP; echo ready; while :; do :; done")
    await conversation.until('ready\r\n')
    assert.deepEqual(await conversation.terminal.end(), { code: 5, signal: 0, failure: null })
    assert.deepEqual([conversation.text(), conversation.notices], ['ready\r\nsaved\r\n', []])
  })

  test('TRN-11 everything that a shell started ends with it, in any process group; what began a session of its own survives', async (t) => {
    const conversation = await open(
      t,
      [
        'set -m',
        'sh -c \'trap "" HUP TERM; exec sleep 1000\' & job=$!',
        "setsid sh -c 'echo detached $$; exec sleep 1000 </dev/null >/dev/null 2>&1' & sleep 1000 & echo job $job",
        'echo leader $$; wait',
      ].join('\n'),
    )
    const leader = await idAfter(conversation, 'leader ')
    while (!/detached \d+\r/.test(conversation.text())) await conversation.until('\r\n')
    const [job, detached] = [idIn(conversation, 'job '), idIn(conversation, 'detached ')]
    t.after(() => process.kill(detached, 'SIGKILL'))
    const before = await sessionProcesses(leader)
    await conversation.terminal.end()
    assert.ok(before.includes(job) && before.length >= 3, `${before.length} processes were in the session`)
    assert.deepEqual(await sessionProcesses(leader), [])
    assert.deepEqual(await sessionProcesses(detached), [detached])
  })

  test('TRN-12, TRN-20 a descendant that holds the terminal does not keep it open after its leader, and is killed', async (t) => {
    const before = openDescriptors()
    const line = "(trap '' HUP TERM; echo holder; exec sleep 1000) & read -r line; echo leader $$; exit 4"
    const conversation = await open(t, line)
    await conversation.until('holder\r\n')
    conversation.type('\r')
    const leader = await idAfter(conversation, 'leader ')
    assert.deepEqual(await conversation.terminal.exited, { code: 4, signal: 0, failure: null })
    assert.equal(openDescriptors(), before)
    assert.deepEqual(await sessionProcesses(leader), [])
  })

  test('TRN-18 the end is reported while output is paused, by the user or by the gateway', async (t) => {
    const stopped = await open(t, 'echo ready; read -r line; exit 6')
    await stopped.until('ready\r\n')
    stopped.type('\u0013\r')
    const paused = await open(t, 'echo ready; yes')
    await paused.until('ready\r\n')
    paused.terminal.pause()
    assert.deepEqual(
      [await stopped.terminal.exited, (await paused.terminal.end()).code],
      [{ code: 6, signal: 0, failure: null }, -1],
    )
  })

  test('TRN-18 output from before the end arrives when a paused terminal resumes', async (t) => {
    const conversation = await open(t, 'echo leader $$; read -r line; printf %3000s; exit 6')
    const leader = await idAfter(conversation, 'leader ')
    const heldBefore = conversation.bytes().byteLength
    conversation.terminal.pause()
    conversation.type('\r')
    await untilGone(leader)
    const heldPaused = conversation.bytes().byteLength
    conversation.terminal.resume()
    await conversation.terminal.exited
    assert.deepEqual([heldPaused, conversation.bytes().byteLength], [heldBefore, heldBefore + 2 + 3000])
  })

  test('TRN-19 a signal that ended the program is reported by its number', async (t) => {
    const exits = [await open(t, 'kill -9 $$'), await open(t, 'kill -TERM $$'), await open(t, 'exit 255')]
    assert.deepEqual(await Promise.all(exits.map(({ terminal }) => terminal.exited)), [
      { code: -1, signal: 9, failure: null },
      { code: -1, signal: 15, failure: null },
      { code: 255, signal: 0, failure: null },
    ])
  })

  test('TRN-20 two hundred terminals leave neither a descriptor nor a process behind', async () => {
    await (await runUnderPty('true')).terminal.exited
    const before = openDescriptors()
    for (let batch = 0; batch < 25; batch += 1) {
      const batched = await Promise.all(Array.from({ length: 8 }, () => runUnderPty('exit 1')))
      await Promise.all(batched.map(({ terminal }) => terminal.exited))
    }
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    assert.deepEqual([openDescriptors(), children.trim()], [before, ''])
  })

  test('TRN-15 a program that cannot be started comes as an exit that says so', async () => {
    const program = { command: '/bin/sh', args: [], env: {}, size: { cols: 80, rows: 24 }, directory: '/nowhere' }
    const terminal = await spawnPty(program, { onOutput: () => undefined }, systemTimers)
    assert.deepEqual(await terminal.exited, {
      code: -1,
      signal: 0,
      failure: { kind: 'not-possible-here', detail: 'the program could not be run: spawn /bin/sh ENOENT' },
    })
  })
})

async function open(t: TestContext, line: string): Promise<FrameHandler> {
  const conversation = await runUnderPty(line)
  t.after(() => conversation.terminal.end())
  return conversation
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

async function idAfter(conversation: FrameHandler, word: string): Promise<number> {
  await conversation.until(word)
  return Number((await conversation.until('\r\n')).trim())
}

/** Looks until the kernel has no process in the session of that leader any more. */
async function untilGone(leader: number): Promise<void> {
  while ((await sessionProcesses(leader)).length > 0);
}

function idIn(conversation: FrameHandler, word: string): number {
  return Number(new RegExp(`${word}(\\d+)`).exec(conversation.text())?.[1])
}
