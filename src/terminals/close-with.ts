/** Terminals: closes the socket of an attachment with its reason. */
import { type EndReason, endReasons } from '../core/terminals/ends.ts'
import type { Attachment } from './attachment.ts'
import type { TerminalExit } from './transports/transport.ts'

/** Sends the ERROR frame of a reason and closes the socket with its code. */
export function closeWith({ sink }: Attachment, reason: EndReason): void {
  const { closeCode, sentence, retry } = endReasons[reason]
  sink?.send({ type: 'error', error: { code: reason, message: sentence, retry } })
  sink?.close(closeCode, sentence)
}

/** Sends how the program ended, if it did, then the reason. */
export function sayEnd(
  attachment: Attachment,
  reason: EndReason,
  { exit, finalSeq }: { readonly exit: TerminalExit | null; readonly finalSeq: number },
): void {
  if (exit !== null) attachment.sink?.send({ type: 'exit', code: exit.code, signal: exit.signal, finalSeq })
  closeWith(attachment, reason)
}
