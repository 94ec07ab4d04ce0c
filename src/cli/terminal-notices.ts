/** Cli: what happens in a PTY session beside its output, as short lines on standard error. */
import type { TerminalEvent, Welcome } from '../client/terminal-socket.ts'
import { visible } from './output.ts'

/** Says something to a person at a terminal; where standard error is none, nobody is there to read it. */
export function writeTerminalNotice(text: string): void {
  if (process.stderr.isTTY === true) writeNotice(text)
}

/** Says something whoever reads it. */
export function writeNotice(text: string): void {
  process.stderr.write(noticeText(text, lineContext()))
}

/** Says several lines to a person at a terminal. */
export function writeTerminalLines(lines: readonly string[]): void {
  const { isTerminal, isRaw } = lineContext()
  const end = lineEnd(isRaw)
  if (isTerminal) process.stderr.write(`${end}${lines.map(visible).join(end)}${end}`)
}

/** Where a notice goes: in raw modes nothing but a return brings the cursor back. */
export type NoticePlace = { readonly isTerminal: boolean; readonly isRaw: boolean }

/** Returns a notice as it is written; at a terminal it begins a line of its own. */
export function noticeText(text: string, { isTerminal, isRaw }: NoticePlace): string {
  const end = lineEnd(isRaw)
  return `${isTerminal ? end : ''}sallyport: ${visible(text)}${end}`
}

function lineContext(): NoticePlace {
  return { isTerminal: process.stderr.isTTY === true, isRaw: process.stdin.isRaw === true }
}

function lineEnd(isRaw: boolean): string {
  return isRaw ? '\r\n' : '\n'
}

/** Returns what is said at the beginning. */
export function welcomeSentence({ ptySessionId, role, policy, participants, participant }: Welcome): string {
  const others = participants.filter(({ id }) => id !== participant.id).map(({ username }) => username)
  const company = others.length === 0 ? '' : ` with ${others.join(', ')}`
  const place = `PTY session ${ptySessionId} on ${policy.server} as ${policy.osUser}`
  return `${role === 'observer' ? 'Watching ' : ''}${place}${company}; ~? for help.`
}

/** Returns what is said of an event; null: nothing. @param ownId the attachment that is told. */
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
      return 'Input passes again.'
    case 'message':
      return `${event.from.username}: ${event.text}`
    case 'warning':
    case 'notice':
      return event.sentence
  }
}
