/** Terminals: ends a PTY session in order: the terminal, its last output, the message to the clients, the recording. */
import { type EndReason, endReasons } from '../core/terminals/ends.ts'
import type { Attachment } from './attachment.ts'
import type { AttachmentList } from './attachment-list.ts'
import { sayEnd } from './close-with.ts'
import type { Followers } from './followers.ts'
import { lastOutputSent } from './last-output.ts'
import type { OutputPath } from './output-path.ts'
import type { PtySessionParts } from './pty-session-parts.ts'
import type { Reader } from './reader.ts'
import type { Terminal } from './transports/transport.ts'

/** 500 ms: the longest that writing the end may delay the message to the clients. */
const writeMs = 500

/** The parts of the session that ends. */
export type Finishing = {
  readonly parts: PtySessionParts
  readonly terminal: Terminal | null
  readonly output: OutputPath
  readonly attachments: AttachmentList
  readonly followers: Followers
}

/** Ends the session. Resolves when the terminal is gone, the recording is sealed and the end is written. */
export async function finishSession(
  { parts, terminal, output, attachments, followers }: Finishing,
  reason: EndReason,
  by: Attachment | null,
): Promise<void> {
  const { recorder, screen, eventWriter, timers, log, clock, facts } = parts
  const exit = (await terminal?.end()) ?? null
  const { sentence } = endReasons[reason]
  const exitCode = exit?.failure === null ? exit.code : null
  output.note({ kind: 'end', reason, sentence, by: by?.facts.username ?? null, exit_code: exitCode })
  await output.settle()
  const readers = (): readonly Reader[] => {
    const ofAttached = [...attachments.all()].flatMap(({ reader }) => reader ?? [])
    return [...ofAttached, ...followers.readers()]
  }
  if (reason === 'shell-exit') await lastOutputSent(readers, { timers, nowMs: () => clock.monotonicMs() })
  const written = eventWriter.closed(reason, { exitCode, by: by?.facts ?? null })
  // A client that gets the end can look it up; a store that does not answer delays the message for a bounded time only.
  await Promise.race([written, new Promise<void>((resolve) => timers.after(writeMs, resolve))])
  const finalSeq = output.deliveredSeq
  for (const attachment of attachments.all()) {
    sayEnd(attachment, reason, { exit, finalSeq })
    attachment.disconnect()
  }
  attachments.release()
  followers.end(reason, exit, finalSeq)
  output.close()
  screen.close()
  await recorder.close().catch((cause: unknown) => {
    log.error({ err: cause, ptySession: facts.id }, 'a record could not be sealed')
  })
  await written
}
