/** The version in documents, probes and the command line. */
import { readFileSync, statSync } from 'node:fs'

const packageFile = new URL('../../package.json', import.meta.url)

/** `builtAt`: RFC 3339, the time of the package file. */
export const version: { readonly number: string; readonly builtAt: string } = {
  number: (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version,
  builtAt: statSync(packageFile)
    .mtime.toISOString()
    .replace(/\.\d+Z$/, 'Z'),
}
