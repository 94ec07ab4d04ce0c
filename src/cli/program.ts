/** Cli: the program with its verbs, and the sentence for a wrong command line. */
import { Command, CommanderError } from 'commander'
import { version } from '../config/version.ts'
import { addAccountVerb } from './account.ts'
import { addAuditVerb } from './audit.ts'
import { addCatalogueVerb } from './catalogue.ts'
import { addChangeVerb } from './change.ts'
import { UsageError } from './failure.ts'
import { addLoginVerbs } from './login.ts'
import { addOrganizationVerb } from './organization.ts'
import { visible } from './output.ts'
import { addPolicyVerb } from './policy.ts'
import { addPtyVerb } from './pty.ts'
import { addRecordingVerb } from './recording.ts'
import { addServeVerb } from './serve.ts'
import { addServerVerb } from './server.ts'
import { addSessionsVerb } from './sessions.ts'

/**
 * Runs the verb of the command line.
 *
 * @throws UsageError for an unknown verb, and for wrong flags or arguments.
 */
export async function runProgram(words: readonly string[]): Promise<void> {
  const program = createProgram()
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const isAnswered = error.exitCode === 0 && /^commander\.(help|helpDisplayed|version)$/.test(error.code)
    if (!isAnswered) throw new UsageError(usageSentence(error, namedCommand(program, words)), { cause: error })
  }
}

/** Returns the program: every verb with its flags and its help. */
export function createProgram(): Command {
  const program = new Command('sallyport')
  // All verbs inherit these two settings.
  program.exitOverride().configureOutput({ writeErr: () => undefined })
  program
    .description('Session and token server with supervised terminals.')
    .version(version.number, '--version', 'Prints the version.')
    .helpOption('-h, --help', 'Prints this help.')
    // The verbs inherit the text; the program itself has no verb `help`.
    .helpCommand('help [VERB]', 'Print the help of a verb.')
    .helpCommand(false)
  addServeVerb(program)
  addAccountVerb(program)
  addOrganizationVerb(program)
  addServerVerb(program)
  addChangeVerb(program)
  addPolicyVerb(program)
  addCatalogueVerb(program)
  addRecordingVerb(program)
  addAuditVerb(program)
  addLoginVerbs(program)
  addSessionsVerb(program)
  addPtyVerb(program)
  return program
}

/** Returns the deepest verb that the words name. */
function namedCommand(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    const next = command.commands.find((child) => child.name() === word)
    if (next === undefined) break
    command = next
  }
  return command
}

/** Returns our own sentence: Commander's message repeats values, which may be secrets. */
function usageSentence(error: CommanderError, command: Command): string {
  const [quoted = ''] = /(?<=')[^']*(?=')/.exec(error.message) ?? []
  const flag = visible(/^(?:--[\w-]+|-[^-])/.exec(quoted)?.[0] ?? quoted)
  const verb = pathOf(command)
  const hint = `see ${verb} --help`
  switch (error.code) {
    case 'commander.unknownOption':
      return `${flag} is not an option of ${verb}${lineHint(command)}; ${hint}.`
    case 'commander.optionMissingArgument':
      return `${flag} needs a value; ${hint}.`
    case 'commander.missingArgument':
      return `${quoted} is missing; ${hint}.`
    case 'commander.excessArguments':
      return `There are too many arguments for ${verb}; ${hint}.`
    case 'commander.unknownCommand':
      return `${visible(quoted)} is not a verb of ${verb}; ${hint}.`
    case 'commander.help':
      return `A verb is missing after ${verb}; ${hint}.`
    default:
      return `The command line is wrong; ${hint}.`
  }
}

/** The words of a line, such as that of `catalogue test`, may begin with a hyphen. */
function lineHint({ registeredArguments }: Command): string {
  const line = registeredArguments.find(({ variadic, required }) => variadic && required)
  return line === undefined ? '' : `; if it belongs to ${line.name()}, put -- before ${line.name()}`
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}
