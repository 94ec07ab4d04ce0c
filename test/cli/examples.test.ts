/** Cli tests: the examples of the documents, run unchanged. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../../tools/source-tree.ts'
import { dataPath, plainEnvironment, sallyport } from './sallyport-process.ts'

const guides = readdirSync(join(projectRoot, 'docs/guides')).map((name) => `docs/guides/${name}`)

/** Returns the command lines of a document about the inventory. A line may begin with a prompt. */
function inventoryLines(path: string): string[] {
  const blocks = readFileSync(join(projectRoot, path), 'utf8').match(/^```[\s\S]*?^```/gm) ?? []
  return blocks
    .flatMap((block) => block.match(/^(?:\$ )?\.\/bin\/sallyport (?:server|change) add .*$/gm) ?? [])
    .map((line) => line.replace(/^\$ /, ''))
}

const withChanges = ['README.md', ...guides].filter((path) =>
  inventoryLines(path).some((line) => line.includes(' change add ')),
)

test('CLI-82 the README and a guide have an example of a change request', () => {
  assert.deepEqual(withChanges, ['README.md', 'docs/guides/terminals.md'])
})

for (const path of withChanges) {
  test(`CLI-82 the change requests of ${path} are open when they are added`, async (t) => {
    const data = dataPath(t)
    await sallyport(['account', 'add', 'ada', '--no-password'], { data })
    const script = ['set -e', 'as="$(id -un)"', ...inventoryLines(path)].join('\n')
    await promisify(execFile)('/bin/sh', ['-c', script], { cwd: projectRoot, env: plainEnvironment(data) })
    const { stdout } = await sallyport(['change', 'list', '--json'], { data })
    const changes = JSON.parse(stdout) as { state: string; starts_at: string; ends_at: string }[]
    assert.ok(changes.length > 0)
    const now = Date.now()
    for (const { state, starts_at: from, ends_at: until } of changes) {
      assert.equal(state, 'approved')
      assert.ok(Date.parse(from) <= now && Date.parse(until) > now + 3_600_000, `${from} ${until}`)
    }
  })
}

test('CLI-82 no example names a date', () => {
  for (const path of ['README.md', ...guides]) {
    assert.deepEqual(
      inventoryLines(path).filter((line) => /\d{4}-\d\d-\d\d/.test(line)),
      [],
      path,
    )
  }
})
