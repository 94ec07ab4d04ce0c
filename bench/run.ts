/**
 * Bench: measures the named scenarios, or all of them.
 *
 *     npm run bench -- [--quick] [--patient] [--document] [verify] [refresh] [sign-in] [revoke] [memory] [stored] [terminals]
 *     npm run bench -- --beside DIR
 *
 * `--quick` runs fewer and shorter rounds. `--patient` waits before each round, up to a minute, for a quiet machine.
 * `--document` writes the figures of each scenario into `docs/performance.md` when it is done. `--beside DIR` measures
 * verify and refresh beside those of another checkout, in which `npm ci` was run.
 */
import { parseArgs } from 'node:util'
import { buildServer } from './measure/build.ts'
import { startLoad } from './measure/processes.ts'
import type { Result } from './report/result.ts'
import { describeMachine, print, writeDocument, writeJson } from './report/write.ts'
import { beside } from './scenarios/beside.ts'
import { memory } from './scenarios/memory.ts'
import { refresh } from './scenarios/refresh.ts'
import { revoke } from './scenarios/revoke.ts'
import type { Effort, Scenario } from './scenarios/scenario.ts'
import { signIn } from './scenarios/sign-in.ts'
import { stored } from './scenarios/stored.ts'
import { terminals } from './scenarios/terminals.ts'
import { verify } from './scenarios/verify.ts'

const scenarios: Readonly<Record<string, Scenario>> = {
  verify,
  refresh,
  'sign-in': signIn,
  revoke,
  memory,
  stored,
  terminals,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    patient: { type: 'boolean', default: false },
    document: { type: 'boolean', default: false },
    beside: { type: 'string' },
  },
})
const maxWaitMs = values.patient ? 60_000 : 0
const effort: Effort = values.quick
  ? { isQuick: true, rounds: 3, mostRounds: values.patient ? 8 : 4, roundMs: 1_000, maxWaitMs }
  : { isQuick: false, rounds: 5, mostRounds: values.patient ? 15 : 7, roundMs: 2_000, maxWaitMs }
const asked: Readonly<Record<string, Scenario>> =
  values.beside === undefined ? scenarios : { beside: beside(values.beside) }
const names = positionals.length === 0 ? Object.keys(asked) : positionals
for (const name of names) {
  if (asked[name] !== undefined) continue
  console.error(`There is no scenario ${name}; there are ${Object.keys(asked).join(', ')}.`)
  process.exit(2)
}

buildServer()
const machine = describeMachine()
console.log(machine)
const results: Result[] = []
await using load = await startLoad()
for (const name of names) {
  const result = await asked[name]?.(load, effort)
  if (result === undefined) continue
  print(result)
  results.push(result)
  if (values.document) writeDocument(machine, result)
}
console.log(`Written to ${writeJson(machine, results)}`)
