/** Console: what the user must know now: blocked input, warnings, the question whether they watch, messages. */
import type { BlockReason, ParticipantView, TerminalEvent } from '../client/terminal-socket.ts'
import { clockOf } from './durations.ts'
import { button, make } from './elements.ts'
import { NoticeBoard } from './notice-board.ts'
import type { NoticeName, NoticeTrigger } from './notice-kinds.ts'

/** Reasons that block all input until an event ends them; other reasons concern one key or paste. */
const lastingReasons: ReadonlySet<BlockReason> = new Set([
  'observers-missing',
  'presence-missing',
  'paused-by-observer',
  'no-new-commands',
])

/** 8 s: a shorter warning is shown this long too. */
const leastWarningMs = 8_000

type Warning = Extract<TerminalEvent, { kind: 'warning' }>

/** Returns whether a reason blocks all input until an event ends it. */
export function isLasting(why: BlockReason): boolean {
  return lastingReasons.has(why)
}

/**
 * The strip of notices above a terminal.
 *
 * There is always room for one line, so that one notice does not resize the terminal. More notices take their room from
 * it, because they must not cover what has to be read.
 */
export class Notices {
  readonly #board = new NoticeBoard(make('div', { class: 'stack', role: 'log', 'aria-label': 'Notices' }))
  readonly element: HTMLElement = make('div', { class: 'notices' }, [
    this.#board.element,
    make('small', {}, ['Ctrl+Shift+L moves from the terminal to the buttons below']),
  ])

  /** Says that input does not reach the server. */
  hold(why: BlockReason, sentence: string): void {
    if (isLasting(why)) this.#board.happened('held')
    this.#board.show(why === 'paste-unconfirmed' ? 'paste-held' : isLasting(why) ? 'held' : 'not-sent', [sentence])
  }

  /** Shows a warning for its time. */
  warn({ what, sentence, secondsLeft }: Warning): void {
    const untilMs = performance.now() + secondsLeft * 1000
    const left = countdown()
    const tick = (): void => {
      left.textContent = clockOf(untilMs - performance.now())
    }
    const lastsMs = Math.max(secondsLeft * 1000, leastWarningMs)
    this.#board.show(what, [withCount(sentence, left)], { lastsMs, tick })
  }

  /** Asks whether the user is watching. */
  askPresence(sentence: string, byMs: number | null, confirm: () => void): void {
    const left = countdown()
    const answer = (): void => {
      this.#board.happened('answered')
      confirm()
    }
    const tick = (): void => {
      if (byMs !== null) left.textContent = clockOf(byMs - Date.now())
    }
    const yes = button('I am watching', answer, { class: 'main' })
    this.#board.show('presence', [byMs === null ? sentence : withCount(sentence, left), yes], { tick })
  }

  /** Shows a user's message. */
  message({ username }: ParticipantView, text: string): void {
    this.#board.show('message', [make('strong', {}, [username]), make('span', {}, [text])])
  }

  /** Shows a sentence of a kind. */
  sentence(name: NoticeName, sentence: string): void {
    this.#board.show(name, [make('span', {}, [sentence])])
  }

  /** Removes the notices that an event ends. */
  happened(...what: readonly NoticeTrigger[]): void {
    this.#board.happened(...what)
  }

  /** Updates countdowns. */
  tick(): void {
    this.#board.tick()
  }

  close(): void {
    this.#board.close()
  }
}

/** A screen reader must not read a count that changes every second. */
function countdown(): HTMLElement {
  return make('span', { class: 'count', role: 'timer' })
}

/** Puts a count in place of the span in a sentence; if it has none, behind it. */
function withCount(sentence: string, count: HTMLElement): HTMLElement {
  const [span] = /\b\d+ (?:second|minute|hour)s?\b/.exec(sentence) ?? []
  if (span === undefined) return make('span', {}, [sentence, ' ', count])
  const at = sentence.indexOf(span)
  return make('span', {}, [sentence.slice(0, at), count, sentence.slice(at + span.length)])
}
