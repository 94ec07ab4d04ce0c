/** Platform tests: temporary folders. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Returns the real path of a new empty folder, removed when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-platform-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
