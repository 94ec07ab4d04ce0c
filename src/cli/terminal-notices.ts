/** Cli: notices about a PTY session, as short lines on standard error. */
import type { TerminalEvent, Welcome } from '../client/terminal-socket.ts'
import { visible } from './output.ts'

/** Writes a notice if standard error is a terminal. */
export function writeTerminalNotice(text: string): void {
  if (process.stderr.isTTY === true) writeNotice(text)
}

/** Writes a notice on standard error, terminal or not. */
export function writeNotice(text: string): void {
  process.stderr.write(noticeText(text, lineContext()))
}

/** Writes several lines if standard error is a terminal. */
export function writeTerminalLines(lines: readonly string[]): void {
  const { isTerminal, isRaw } = lineContext()
  const end = lineEnd(isRaw)
  if (isTerminal) process.stderr.write(`${end}${lines.map(visible).join(end)}${end}`)
}

/** The output of a notice. In raw mode only a carriage return moves the cursor back. */
export type NoticeContext = { readonly isTerminal: boolean; readonly isRaw: boolean }

/** Returns a notice as it is written. At a terminal it begins on a new line. */
export function noticeText(text: string, { isTerminal, isRaw }: NoticeContext): string {
  const end = lineEnd(isRaw)
  return `${isTerminal ? end : ''}sallyport: ${visible(text)}${end}`
}

function lineContext(): NoticeContext {
  return { isTerminal: process.stderr.isTTY === true, isRaw: process.stdin.isRaw === true }
}

function lineEnd(isRaw: boolean): string {
  return isRaw ? '\r\n' : '\n'
}

/** Returns the first notice of an attachment. */
export function welcomeSentence({ ptySessionId, role, policy, participants, participant }: Welcome): string {
  const others = participants.filter(({ id }) => id !== participant.id).map(({ username }) => username)
  const company = others.length === 0 ? '' : ` with ${others.join(', ')}`
  const place = `PTY session ${ptySessionId} on ${policy.server} as ${policy.osUser}`
  return `${role === 'observer' ? 'Watching ' : ''}${place}${company}; ~? for help.`
}

/** Returns the notice of an event; null: there is none. @param ownId our attachment. */
export function eventSentence(event: TerminalEvent, ownId: string): string | null {
  switch (event.kind) {
    case 'joined':
    case 'left': {
      const { id, username, role } = event.participant
      const verb =
        event.kind === 'left' ? 'left' : `joined as ${role === 'observer' ? 'an observer' : 'the implementor'}`
      return id === ownId ? null : `${username} ${verb}.`
    }
    case 'presence':
      return event.byMs === null ? event.sentence : `${event.sentence} (~p confirms)`
    case 'blocked':
      return event.why === 'paste-unconfirmed' ? `${event.sentence} (~y sends it, ~n does not)` : event.sentence
    case 'active':
      return null
    case 'unblocked':
      return 'Input is unblocked.'
    case 'message':
      return `${event.from.username}: ${event.text}`
    case 'warning':
    case 'notice':
      return event.sentence
  }
}
