/** SQLite store: the form of a command. It runs in a transaction that others may share, and writes nothing if it refuses. */
import type { CommandName, Commands } from '../../../core/store.ts'

/** The input of a command. */
export type Input<Name extends CommandName> = Commands[Name]['input']

/** The output of a command. */
export type Output<Name extends CommandName> = Commands[Name]['output']
