/** Cli: the verb `server setup` prints the configuration that a server needs. With `--check` it verifies the server. */
import type { Command } from 'commander'
import type { ServerSetup, SetupCheck } from '../main/server-setup.ts'
import { addStoreOptions, type Flags, loadConfig } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { jsonOption, printJson, printLines, printTable, visible } from './output.ts'
import { readStore } from './with-store.ts'

type SetupFlags = Flags & { readonly check?: boolean; readonly json?: boolean }

/** Adds the verb. */
export function addServerSetupVerb(server: Command): void {
  const setup = server
    .command('setup')
    .description('Show what a server needs for terminals; with --check, verify that it has it.')
    .argument('<NAME>', 'name in the inventory')
    .option('--check', 'Logs in as each OS user, and verifies that forced commands are honoured.')
    .option(...jsonOption)
  addStoreOptions(setup).action(setUp)
}

async function setUp(name: string, flags: SetupFlags): Promise<void> {
  const { ssh } = await loadConfig(flags, process.env)
  await readStore(flags, async (command) => {
    const { adviceFor, checkServerSetup, describeServerSetup, isPassed } = await import('../main/server-setup.ts')
    const setup = await describeServerSetup(command, name, ssh)
    const checks = flags.check === true ? await checkServerSetup(command, setup, ssh) : null
    if (flags.json === true) await printJson(setupJson(setup, checks))
    else if (checks === null) await printLines(setupLines(setup))
    else await printChecks(checks)
    if (checks?.every(isPassed) === false) {
      throw new CommandFailure(`${[`${visible(name)} is not ready`, ...adviceFor(setup, checks)].join('; ')}.`)
    }
  })
}

function setupLines({ server, prepare, files, needed, recommended, reload }: ServerSetup): string[] {
  const steps = [
    ['Create the folder of the principals:', prepare],
    ...files.map(({ path, content }) => [`Write ${path}, mode 0644:`, content.trimEnd()]),
    ['Add to /etc/ssh/sshd_config, above its first Match line:', ...needed],
    ['Recommended; the last one disables keys in home directories, so verify a login first:', ...recommended],
    ['Check the configuration and reload it (the unit is called sshd on some systems):', reload],
    ['Then verify it from here:', `sallyport server setup ${server.name} --check`],
  ]
  return [
    `On ${server.name} (${server.address}, port ${server.port}), as root:`,
    ...steps.flatMap(([title = '', ...lines], index) => [
      '',
      `${index + 1}. ${title}`,
      ...lines.map((line) => `   ${line}`),
    ]),
  ]
}

async function printChecks(checks: readonly SetupCheck[]): Promise<void> {
  await printTable({
    rows: checks,
    columns: {
      'OS USER': ({ osUser }) => osUser,
      LOGIN: ({ login }) => login,
      'FORCED COMMAND': ({ forceCommand }) => forceCommand,
      MEANING: meaning,
    },
    whenEmpty: 'There are no OS users.',
  })
}

/** Returns the sentence, with the message of the ssh client if that says more. */
function meaning({ login, sentence, detail }: SetupCheck): string {
  const saysMore =
    detail !== null && login !== 'connection-refused' && !detail.includes('the server did not accept the certificate')
  return saysMore ? `${sentence} (${detail})` : sentence
}

function setupJson(
  { server, needed, recommended, ...setup }: ServerSetup,
  checks: readonly SetupCheck[] | null,
): object {
  const { authority, prepare, files, reload } = setup
  return {
    server: server.name,
    address: server.address,
    port: server.port,
    authority,
    prepare,
    files,
    sshd_config: { needed, recommended },
    reload,
    checks:
      checks?.map(({ osUser, login, forceCommand, sentence, detail }) => ({
        os_user: osUser,
        login,
        force_command: forceCommand,
        sentence,
        detail,
      })) ?? null,
  }
}
