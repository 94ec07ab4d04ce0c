/** Cli: the verb `sessions` lists and ends the sessions of the signed-in account. */
import type { Command } from 'commander'
import { jsonOption, printLines, printList, visible } from './output.ts'
import { type ServerFlags, serverOption, withSession } from './with-session.ts'

/** Adds the verb. */
export function addSessionsVerb(program: Command): void {
  const sessions = program.command('sessions').description('Show and end the sessions of the signed-in account.')
  sessions
    .command('list')
    .description('List the live sessions, oldest first.')
    .option(...serverOption)
    .option(...jsonOption)
    .action(list)
  sessions
    .command('end')
    .description('End a session; an ended one is no error.')
    .argument('<ID>', 'id of the session')
    .option(...serverOption)
    .action(endOne)
}

async function list(flags: ServerFlags): Promise<void> {
  const sessions = await withSession(flags, (client) => client.sessions())
  await printList(
    {
      rows: sessions,
      columns: {
        ID: ({ id }) => id,
        BEGAN: ({ dialect }) => dialect,
        ORGANIZATION: ({ organization_id: organization }) => organization,
        FROM: ({ ip }) => ip,
        PROGRAM: ({ user_agent: program }) => program,
        CREATED: ({ created_at: at }) => at,
        'LAST SEEN': ({ last_seen_at: at }) => at,
        EXPIRES: ({ expires_at: at }) => at,
        THIS: ({ current }) => (current ? 'yes' : null),
      },
      whenEmpty: 'There are no sessions.',
    },
    flags,
  )
}

async function endOne(id: string, flags: ServerFlags): Promise<void> {
  await withSession(flags, (client) => client.endSession(id))
  await printLines([`Ended the session ${visible(id)}.`])
}
