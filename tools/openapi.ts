/** Tools: writes openapi/*.json from the routes of a running server, so that the documents and the server agree. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../src/config.ts'
import type { Log } from '../src/core/ports.ts'
import { startServer } from '../src/main.ts'
import { projectRoot } from './source-tree.ts'

/** The folder of the generated documents, relative to the root. */
export const openApiFolder = 'openapi'

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Returns the text of every document by the name of its file, from a server of its own with every dialect and no prefix. */
export async function openApiFiles(): Promise<ReadonlyMap<string, string>> {
  const data = await mkdtemp(join(tmpdir(), 'sallyport-openapi-'))
  try {
    const config = readConfig({ flags: {}, env: {}, file: { listen: '127.0.0.1:0', data } })
    const server = await startServer({ config, env: {}, log: silent })
    try {
      const { openApi } = server.app
      return new Map(
        openApi
          .dialects()
          .map((name) => [`${name}.json`, `${JSON.stringify(openApi.document(name, null), null, 2)}\n`]),
      )
    } finally {
      await server.close()
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

/** Returns one sentence for every document that is stale, not there, or of no dialect. */
export async function staleOpenApi(root: string): Promise<string[]> {
  const wanted = await openApiFiles()
  const folder = join(root, openApiFolder)
  const written = await readdir(folder).catch(orNone)
  const strangers = written
    .filter((name) => !wanted.has(name))
    .map((name) => `${openApiFolder}/${name} is of no dialect.`)
  const stale: string[] = []
  for (const [name, text] of wanted) {
    if (!written.includes(name) || (await readFile(join(folder, name), 'utf8')) !== text) {
      stale.push(`${openApiFolder}/${name} is stale: run npm run docs.`)
    }
  }
  return [...strangers, ...stale]
}

function orNone(error: Error & { readonly code?: string }): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const faults = await staleOpenApi(projectRoot)
    for (const fault of faults) console.error(fault)
    if (faults.length > 0) process.exitCode = 1
  } else {
    await mkdir(`${projectRoot}${openApiFolder}`, { recursive: true })
    for (const [name, text] of await openApiFiles()) await writeFile(`${projectRoot}${openApiFolder}/${name}`, text)
  }
}
