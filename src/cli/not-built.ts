/** Cli: verbs that this version does not have; they say so instead of being unknown. */
import type { Command } from 'commander'
import { UsageError } from './failure.ts'

/** Verbs at the top that are not built yet. */
export const unbuiltVerbs: readonly string[] = [
  'login',
  'logout',
  'whoami',
  'sessions',
  'pty',
  'recording',
  'policy',
  'catalogue',
]

/** Adds a verb that takes anything and refuses it. */
export function addUnbuiltVerb(parent: Command, name: string): void {
  parent
    .command(name, { hidden: true })
    .description('Not built yet.')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      const words = parent.parent === null ? name : `${parent.name()} ${name}`
      throw new UsageError(`${words} is not built yet.`)
    })
}
