/** Cli: the verb `server setup`; prints what a server needs, and with `--check` proves that it has it. */
import type { Command } from 'commander'
import type { ServerSetup, SetupCheck } from '../main/server-setup.ts'
import { addStoreOptions, type Flags, loadConfig } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { printJson, printLines, printTable, visible } from './output.ts'
import { readStore } from './with-store.ts'

type SetupFlags = Flags & { readonly check?: boolean; readonly json?: boolean }

/** Adds the verb. */
export function addServerSetupVerb(server: Command): void {
  const setup = server
    .command('setup')
    .description('Show what a server needs so that terminals reach it; with --check, prove that it has it.')
    .argument('<NAME>', 'name in the inventory')
    .option('--check', 'Logs in as each OS user, and proves that forced commands are honoured.')
    .option('--json', 'Prints JSON.')
  addStoreOptions(setup).action(setUp)
}

async function setUp(name: string, flags: SetupFlags): Promise<void> {
  const { ssh } = await loadConfig(flags, process.env)
  await readStore(flags, async (command) => {
    const { adviceFor, checkServerSetup, describeServerSetup, isGood } = await import('../main/server-setup.ts')
    const setup = await describeServerSetup(command, name, ssh)
    const checks = flags.check === true ? await checkServerSetup(command, setup, ssh) : null
    if (flags.json === true) await printJson(setupJson(setup, checks))
    else if (checks === null) await printLines(setupLines(setup))
    else await printChecks(checks)
    if (checks?.every(isGood) === false) {
      throw new CommandFailure(`${[`${visible(name)} is not ready`, ...adviceFor(setup, checks)].join('; ')}.`)
    }
  })
}

function setupLines({ server, prepare, files, needed, recommended, reload }: ServerSetup): string[] {
  const steps = [
    ['Make the folder of the principals:', prepare],
    ...files.map(({ path, content }) => [`Write ${path}, mode 0644:`, content.trimEnd()]),
    ['Put into /etc/ssh/sshd_config, above its first Match line:', ...needed],
    [
      'Recommended beside them; with the last one keys in home directories stop working, so prove a login first:',
      ...recommended,
    ],
    ['Check it and take it into use (the unit is called sshd on some systems):', reload],
    ['Then prove it from here:', `sallyport server setup ${server.name} --check`],
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

/** The sentence, and what the client program said where that says more. */
function meaning({ login, sentence, detail }: SetupCheck): string {
  const saysMore =
    detail !== null && login !== 'connection-refused' && !detail.includes('the server did not accept the certificate')
  return saysMore ? `${sentence} (${detail})` : sentence
}

function setupJson(
  { server, authority, prepare, files, needed, recommended, reload }: ServerSetup,
  checks: readonly SetupCheck[] | null,
): object {
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
