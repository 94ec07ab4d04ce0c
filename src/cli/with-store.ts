/** Cli: runs a verb on the store. The sentence of a change is printed only after a running server confirmed the change. */
import type { Command } from 'commander'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags, loadConfig } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { printLines, printNotice, visible } from './output.ts'

/** Makes one change, and returns the sentence that reports it. */
export type StoreChange = (command: StoreCommand) => Promise<string>

/** Adds the store's options and the action to a verb that reads the store. `words`: the arguments, then the flags. */
export function readVerb<Words extends readonly unknown[]>(
  verb: Command,
  read: (command: StoreCommand, ...words: Words) => Promise<void>,
): void {
  addStoreOptions(verb).action((...words: Words) => readStore(flagsOf(words), (command) => read(command, ...words)))
}

/** Adds the store's options and the action to a verb that makes one change. `words`: the arguments, then the flags. */
export function changeVerb<Words extends readonly unknown[]>(
  verb: Command,
  change: (command: StoreCommand, ...words: Words) => Promise<string>,
): void {
  addStoreOptions(verb).action((...words: Words) =>
    changeStore({ flags: flagsOf(words) }, (command) => change(command, ...words)),
  )
}

/** Runs a command that reads the store, and prints by itself. */
export function readStore(flags: Flags, read: (command: StoreCommand) => Promise<void>): Promise<void> {
  return withCommand({ flags, mayCreate: false }, read)
}

/** Runs a command that reads the store. Does nothing if there is no store. */
export async function readStoreIfAny(flags: Flags, read: (command: StoreCommand) => Promise<void>): Promise<void> {
  const { hasStore } = await import('../main/store-command.ts')
  if (await hasStore(await loadConfig(flags, process.env))) await readStore(flags, read)
}

/**
 * Makes one change and waits for a running server.
 *
 * @param how `mayCreate`: a missing store is created, with a notice.
 * @throws CommandFailure when the change is stored and the running server did not confirm it.
 */
export function changeStore(
  how: { readonly flags: Flags; readonly mayCreate?: boolean },
  change: StoreChange,
): Promise<void> {
  return withCommand({ mayCreate: false, ...how }, async (command) => {
    const sentence = await change(command)
    if ((await command.confirm()) === 'unconfirmed') {
      throw new CommandFailure('recorded; the running server has not confirmed it.')
    }
    await printLines([sentence])
  })
}

/** Commander calls an action with the arguments, the flags and the command. */
function flagsOf(words: readonly unknown[]): Flags {
  return words.at(-2) as Flags
}

async function withCommand(
  { flags, mayCreate }: { readonly flags: Flags; readonly mayCreate: boolean },
  work: (command: StoreCommand) => Promise<void>,
): Promise<void> {
  const config = await loadConfig(flags, process.env)
  // Loaded only here, so that help and usage errors do not wait for the modules of a server.
  const { openCommand } = await import('../main/store-command.ts')
  const words = ['sallyport', ...process.argv.slice(2)]
  const command = await openCommand({ config, env: process.env, words, mayCreate })
  try {
    if (command.isNew) await printNotice(`Created a new store in ${visible(config.data)}.`)
    await work(command)
  } finally {
    await command.close()
  }
}
