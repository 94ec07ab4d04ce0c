/** Tools: checks the subjects of commits: `area: verb ...`, lower case, at most 65 characters, no full stop. */
import { execFileSync } from 'node:child_process'
import { projectRoot } from './source-tree.ts'

/** Characters a subject may have, so that one line of a log shows it whole. */
export const subjectCharacters = 65

/** Returns the fault of a subject as a sentence, or null. */
export function subjectFault(subject: string): string | null {
  if (subject.length > subjectCharacters) return `has ${subject.length} characters; ${subjectCharacters} is the most`
  if (!/^[a-z0-9.][a-z0-9./-]*(, [a-z0-9./-]+)*: [a-z]/.test(subject))
    return 'does not read "area: verb ..." in lower case'
  return subject.endsWith('.') ? 'ends with a full stop' : null
}

if (import.meta.main) {
  const [range = 'HEAD'] = process.argv.slice(2)
  const log = execFileSync('git', ['log', '--no-merges', '--format=%s', range, '--'], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
  for (const subject of log.split('\n').filter((line) => line !== '')) {
    const fault = subjectFault(subject)
    if (fault === null) continue
    console.error(`"${subject}" ${fault}.`)
    process.exitCode = 1
  }
}
