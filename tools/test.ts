/** Tools: runs the tests. Without arguments it installs missing programs and runs every file; with arguments it runs only what they name. */
import { spawnSync } from 'node:child_process'
import { projectRoot } from './source-tree.ts'

/** Every test file, as a pattern of the test runner of Node.js. */
const everyFile = 'test/**/*.test.ts'

/** Options of every run; an option of the caller comes later and wins. */
const options = ['--test-concurrency=2', '--test-timeout=180000']

/** What one run does. */
export type TestRun = {
  /** Whether programs such as sshd are installed first, if they are missing and the user is root on Debian. */
  readonly installs: boolean
  /** Arguments of `node --test`. */
  readonly words: readonly string[]
}

/**
 * Returns the run for the words behind `npm test --`: files and patterns, and options of `node --test` such as `--test-name-pattern=REV-9`.
 *
 * Options alone run over every file.
 */
export function planTests(words: readonly string[]): TestRun {
  const named = words.filter((word) => !word.startsWith('-'))
  const given = words.filter((word) => word.startsWith('-'))
  return { installs: words.length === 0, words: [...options, ...given, ...(named.length > 0 ? named : [everyFile])] }
}

if (import.meta.main) {
  const { installs, words } = planTests(process.argv.slice(2))
  if (installs) run(['test/fixtures/require-tool.ts'])
  process.exitCode = run(['--test', ...words])
}

function run(words: readonly string[]): number {
  return spawnSync(process.execPath, words, { cwd: projectRoot, stdio: 'inherit' }).status ?? 1
}
