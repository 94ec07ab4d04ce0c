/** Platform tests: the log. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Refusal } from '../../src/core/errors.ts'
import { createLog, type LogLevel } from '../../src/platform/log.ts'

type Line = Readonly<Record<string, unknown>>

function linesAt(level: LogLevel): { readonly log: ReturnType<typeof createLog>; readonly lines: () => Line[] } {
  const written: string[] = []
  return {
    log: createLog({ level, write: (line) => written.push(line) }),
    lines: () => written.map((line) => JSON.parse(line) as Line),
  }
}

test('PLT-24 a log line is one JSON object with level, time, facts and sentence, and lines below the level are not written', () => {
  const { log, lines } = linesAt('warn')
  log.info({ port: 1 }, 'not written')
  log.warn({ port: 2, text: 'a\nb' }, 'Something\nis odd.')
  log.error({ port: 3 }, 'Something broke.')
  const times = lines().map(({ time }) => String(time))
  assert.deepEqual(lines(), [
    { level: 'warn', time: times[0], port: 2, text: 'a\nb', msg: 'Something\nis odd.' },
    { level: 'error', time: times[1], port: 3, msg: 'Something broke.' },
  ])
  for (const time of times) assert.equal(new Date(time).toISOString(), time)
  const silent = linesAt('silent')
  silent.log.error({}, 'not written')
  assert.deepEqual(silent.lines(), [])
})

test('PLT-25 an error in the facts is written with its stack and its causes', () => {
  const { log, lines } = linesAt('info')
  log.error({ err: new Refusal('INTERNAL', { cause: new Error('the disk is full') }) }, 'Something broke.')
  const { err } = lines()[0] as { err: { code: string; stack: string } }
  assert.equal(err.code, 'INTERNAL')
  assert.match(err.stack, /log\.test\.ts.*caused by: Error: the disk is full.*log\.test\.ts/s)
})

test('PLT-26 the log goes to standard error, and every line is written before the process ends', () => {
  const module = fileURLToPath(new URL('../../src/platform/log.ts', import.meta.url))
  const program = `
    import { createLog } from ${JSON.stringify(module)}
    const log = createLog({ level: 'info' })
    for (let line = 1; line <= 500; line += 1) log.info({ line }, 'written')
    process.kill(process.pid, 'SIGKILL')`
  const options = ['--input-type=module', '--eval', program]
  const { stdout, stderr, signal } = spawnSync(process.execPath, options, { encoding: 'utf8' })
  const lines = stderr.trimEnd().split('\n')
  assert.deepEqual([stdout, lines.length, JSON.parse(lines.at(-1) ?? '').line, signal], ['', 500, 500, 'SIGKILL'])
})
