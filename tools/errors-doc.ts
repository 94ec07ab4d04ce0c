/** Tools: writes docs/errors.md from the table of refusals, so that the two agree. */
import { readFileSync, writeFileSync } from 'node:fs'
import { httpStatusOf, kinds, type RefusalCode, refusalCodes } from '../src/core/errors.ts'
import { projectRoot } from './source-tree.ts'

/** The generated document, relative to the root. */
export const errorsDocPath = 'docs/errors.md'

const head = `# Refusals

Generated from \`src/core/errors.ts\` by \`npm run docs\`; change the table there.

A code never changes. Its kind decides the HTTP status (a few codes have one of their own), the close code of a terminal socket, the exit code of the
command line, and whether trying again can help. A dialect that copies another server's wire format keeps that server's
status if it differs.
`

/** Returns the text of {@link errorsDocPath} for the table of refusals. @throws Error when the table is empty. */
export function errorsDoc(): string {
  const codes = Object.entries(refusalCodes)
  if (codes.length === 0) throw new Error('The table of refusals is empty.')
  return [
    head,
    '## Kinds\n',
    '| kind | HTTP status | close code | exit code | retry |',
    '|---|---|---|---|---|',
    ...Object.entries(kinds).map(
      ([kind, { httpStatus, closeCode, exitCode, retry }]) =>
        `| ${kind} | ${httpStatus} | ${closeCode} | ${exitCode} | ${retry} |`,
    ),
    '\n## Codes\n',
    '| code | kind | HTTP status | close code | exit code | retry | sentence |',
    '|---|---|---|---|---|---|---|',
    ...codes.map(([code, { kind, sentence }]) => {
      const { closeCode, exitCode, retry } = kinds[kind]
      return `| \`${code}\` | ${kind} | ${httpStatusOf(code as RefusalCode)} | ${closeCode} | ${exitCode} | ${retry} | ${sentence} |`
    }),
    '',
  ].join('\n')
}

/** Returns whether the document matches the table. A missing document does not. */
export function isErrorsDocFresh(root: string): boolean {
  try {
    return readFileSync(`${root}/${errorsDocPath}`, 'utf8') === errorsDoc()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) writeFileSync(`${projectRoot}${errorsDocPath}`, errorsDoc())
  else if (!isErrorsDocFresh(projectRoot)) {
    console.error(`${errorsDocPath} is stale: run npm run docs.`)
    process.exitCode = 1
  }
}
