/** SQLite store: the shape of a command; it runs in a transaction that others may share, and writes nothing when it refuses. */
import type { CommandName, Commands } from '../../../core/store.ts'

/** What a command is given. */
export type Input<Name extends CommandName> = Commands[Name]['input']

/** What a command answers. */
export type Output<Name extends CommandName> = Commands[Name]['output']
