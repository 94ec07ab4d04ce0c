/** Project tests: the test command runs everything, one file, or tests by name. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { projectRoot } from '../../tools/source-tree.ts'
import { planTests } from '../../tools/test.ts'

const options = ['--test-concurrency=2', '--test-timeout=180000']

test('HSE-20 without a name every file runs, and missing programs are installed first', () => {
  assert.deepEqual(planTests([]), { installs: true, words: [...options, 'test/**/*.test.ts'] })
})

test('HSE-20 a named file runs alone, and nothing is installed', () => {
  assert.deepEqual(planTests(['test/a.test.ts']), { installs: false, words: [...options, 'test/a.test.ts'] })
})

test('HSE-20 an option alone runs over every file, and nothing is installed', () => {
  const words = [...options, '--test-name-pattern=REV-9', 'test/**/*.test.ts']
  assert.deepEqual(planTests(['--test-name-pattern=REV-9']), { installs: false, words })
})

test('HSE-20 the command ends with the summary of the one test that it ran, and with its status', () => {
  const words = ['tools/test.ts', 'test/house/test-command.test.ts', '--test-name-pattern=HSE-20 a named file']
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout, status } = spawnSync(process.execPath, words, { cwd: projectRoot, env, encoding: 'utf8' })
  assert.deepEqual([status, /^. tests 1$/m.test(stdout), /^. pass 1$/m.test(stdout)], [0, true, true])
})
