/** Cli tests: the home of a user who calls a server from the command line. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { goodPassword } from '../fixtures/control-calls.ts'
import { type Outcome, sallyport } from './sallyport-process.ts'

/** A home, and the commands that run there. */
export type ClientHome = {
  readonly env: Readonly<Record<string, string>>
  /** Path of the saved session. */
  readonly sessionPath: string
  /** Returns the parsed file; fails without one. */
  readonly kept: () => { readonly server: string; readonly session: Readonly<Record<string, string>> }
  readonly run: (words: readonly string[], input?: string) => Promise<Outcome>
  /** Signs in with the password of every test account; fails if that is refused. */
  readonly login: (server: string, username: string) => Promise<void>
}

/** Creates a home that is removed with the test. */
export function clientHome(t: Pick<TestContext, 'after'>): ClientHome {
  const folder = mkdtempSync(join(tmpdir(), 'sally-home-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const env = { HOME: folder, XDG_STATE_HOME: join(folder, 'state') }
  const sessionPath = join(env.XDG_STATE_HOME, 'sallyport/session.json')
  const run = (words: readonly string[], input = ''): Promise<Outcome> =>
    sallyport(words, { data: join(folder, 'no-store'), input, env })
  return {
    env,
    sessionPath,
    kept: () => JSON.parse(readFileSync(sessionPath, 'utf8')),
    run,
    login: async (server, username) => {
      const words = ['login', '--server', server, '--username', username, '--password-stdin']
      const { code, stderr } = await run(words, `${goodPassword}\n`)
      if (code !== 0) throw new Error(`login ended with ${code}: ${stderr}`)
    },
  }
}
