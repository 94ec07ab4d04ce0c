/** Tools: writes docs/configuration.md from the table of options, so that the two agree. */
import { readFileSync, writeFileSync } from 'node:fs'
import { environmentName, flagName, type Option, options } from '../src/config/options.ts'
import { projectRoot } from './source-tree.ts'

/** The generated document, relative to the root. */
const configurationDocPath = 'docs/configuration.md'

const head = `# Configuration

Generated from \`src/config/options.ts\` by \`npm run docs\`; the table there is the place to change.

Every option is a flag of \`sallyport serve\`, an environment variable and a key of the configuration file; the first of
the three that is given counts. Commands on the store take \`--config\`, \`--data\` and \`--database-url\` as flags, and read
the rest from the environment and the file as the server does.

- The configuration file is one JSON object, named by \`--config FILE\` or \`SALLYPORT_CONFIG\`. A dot in a key is a step
  inwards: \`{"listen": "127.0.0.1:8443", "koyeb": {"tokenSeconds": 3600}}\`. An unknown key is an error.
- A flag that is true or false may stand alone, which means true: \`--behind-proxy\`, \`--throttle false\`.
- A list is written with commas, and its flag may be repeated; in the file it is a JSON list.
- Secrets are refused as flags, because every user of a machine can read the command lines of its processes. So is a
  \`--database-url\` with a password in it.

The master key has no flag and no key in the file. The first of these that is set counts; each holds 32 bytes in base64:

1. the file that \`SALLYPORT_MASTER_KEY_FILE\` names, readable by its owner alone;
2. the systemd credential \`sallyport-master-key\`;
3. \`SALLYPORT_MASTER_KEY\`;
4. \`master.key\` in the data directory, which the server creates if it is missing. Leave it out of backups and keep a copy elsewhere.

\`NODE_DEBUG=sallyport\` adds the stack to the sentence with which a command fails.
`

/** Returns the text of {@link configurationDocPath} for the table of options. @throws Error when the table is empty. */
export function configurationDoc(): string {
  if (options.length === 0) throw new Error('The table of options is empty.')
  return [
    head,
    '## Options\n',
    '| key | flag | variable | takes | default | what it does |',
    '|---|---|---|---|---|---|',
    ...options.map(row),
    '',
  ].join('\n')
}

/** Returns whether the document matches the table. A missing document does not. */
export function isConfigurationDocFresh(root: string): boolean {
  try {
    return readFileSync(`${root}/${configurationDocPath}`, 'utf8') === configurationDoc()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

function row(option: Option): string {
  const flag = option.isSecret === true ? '-' : `\`${flagName(option.name)}\``
  const cells = [
    `\`${option.name}\``,
    flag,
    `\`${environmentName(option.name)}\``,
    takes(option),
    defaultOf(option),
    option.sentence,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function takes(option: Option): string {
  switch (option.type) {
    case 'text':
      return option.isSecret === true ? 'a secret' : 'a text'
    case 'integer':
      return `${option.minimum} to ${option.maximum}${option.takesNone ? ', or none' : ''}`
    case 'flag':
      return 'true or false'
    case 'list':
      return 'a list of texts'
  }
}

function defaultOf({ default: value }: Option): string {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return '-'
  return `\`${String(value)}\``
}

if (import.meta.main) {
  if (!process.argv.includes('--check')) writeFileSync(`${projectRoot}${configurationDocPath}`, configurationDoc())
  else if (!isConfigurationDocFresh(projectRoot)) {
    console.error(`${configurationDocPath} is stale: run npm run docs.`)
    process.exitCode = 1
  }
}
