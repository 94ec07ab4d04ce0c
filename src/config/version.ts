/** The version that documents, probes and the command line tell. */
import { readFileSync, statSync } from 'node:fs'

const packageFile = new URL('../../package.json', import.meta.url)

/** `builtAt` is RFC 3339: when this copy of the package was written. */
export const version: { readonly number: string; readonly builtAt: string } = {
  number: (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version,
  builtAt: statSync(packageFile)
    .mtime.toISOString()
    .replace(/\.\d+Z$/, 'Z'),
}
