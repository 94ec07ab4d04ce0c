/** Cli: runs one command on the store; what a change says is printed only once a running server has confirmed it. */
import type { StoreCommand } from '../main/store-command.ts'
import { type Flags, loadConfig } from './configuration.ts'
import { CommandFailure } from './failure.ts'
import { printLines, printNotice, visible } from './output.ts'

/** Makes one change and returns the sentence that tells of it. */
export type StoreChange = (command: StoreCommand) => Promise<string>

/** Runs a command that only reads, and prints for itself. */
export function readStore(flags: Flags, read: (command: StoreCommand) => Promise<void>): Promise<void> {
  return withCommand({ flags, mayCreate: false }, read)
}

/** Runs a command that only reads; where there is no store, there is nothing to read, and none is made. */
export async function readStoreIfAny(flags: Flags, read: (command: StoreCommand) => Promise<void>): Promise<void> {
  const { hasStore } = await import('../main/store-command.ts')
  if (await hasStore(await loadConfig(flags, process.env))) await readStore(flags, read)
}

/**
 * Makes one change and waits for a running server.
 *
 * @param how `mayCreate`: the store is made where there is none, and that is said.
 * @throws CommandFailure when the change is recorded and the running server did not confirm it.
 */
export function changeStore(
  how: { readonly flags: Flags; readonly mayCreate?: boolean },
  act: StoreChange,
): Promise<void> {
  return withCommand({ mayCreate: false, ...how }, async (command) => {
    const sentence = await act(command)
    if ((await command.confirm()) === 'unconfirmed') {
      throw new CommandFailure('recorded; the running server has not confirmed it.')
    }
    await printLines([sentence])
  })
}

async function withCommand(
  { flags, mayCreate }: { readonly flags: Flags; readonly mayCreate: boolean },
  work: (command: StoreCommand) => Promise<void>,
): Promise<void> {
  const config = await loadConfig(flags, process.env)
  // Loaded only here: help and usage errors do not wait for a server's worth of modules.
  const { openCommand } = await import('../main/store-command.ts')
  const words = ['sallyport', ...process.argv.slice(2)]
  const command = await openCommand({ config, env: process.env, words, mayCreate })
  try {
    if (command.isNew) await printNotice(`Made a new store in ${visible(config.data)}.`)
    await work(command)
  } finally {
    await command.close()
  }
}
