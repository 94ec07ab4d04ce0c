/** Console: what the person has to know now; held input, warnings, the question whether somebody watches, messages. */
import type { BlockReason, ParticipantView, TerminalEvent } from '../client/terminal-socket.ts'
import { clockOf } from './durations.ts'
import { button, make } from './elements.ts'
import { NoticeBoard } from './notice-board.ts'
import type { NoticeName, NoticeTrigger } from './notice-kinds.ts'

/** Reasons that hold input until it is let go; what another reason says was said of one key or paste. */
const lastingReasons: ReadonlySet<BlockReason> = new Set([
  'observers-missing',
  'presence-missing',
  'paused-by-observer',
  'no-new-commands',
])

/** 8 s: a warning of less is read all the same. */
const leastWarningMs = 8_000

type Warning = Extract<TerminalEvent, { kind: 'warning' }>

/** Returns whether a reason holds all input until it is let go. */
export function isLasting(why: BlockReason): boolean {
  return lastingReasons.has(why)
}

/**
 * The strip of notices above a terminal.
 *
 * Room for one line is always there, so that a notice alone does not resize what runs in the terminal; more of them take
 * theirs from it, because what they would lie over may be what has to be read.
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

  /** Shows a warning for as long as it is one. */
  warn({ what, sentence, secondsLeft }: Warning): void {
    const untilMs = performance.now() + secondsLeft * 1000
    const left = countdown()
    const tick = (): void => {
      left.textContent = clockOf(untilMs - performance.now())
    }
    const lastsMs = Math.max(secondsLeft * 1000, leastWarningMs)
    this.#board.show(what, [withCount(sentence, left)], { lastsMs, tick })
  }

  /** Asks whether the person is watching. */
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

  /** Shows what somebody says. */
  message({ username }: ParticipantView, text: string): void {
    this.#board.show('message', [make('strong', {}, [username]), make('span', {}, [text])])
  }

  /** Says a sentence of a kind. */
  tell(name: NoticeName, sentence: string): void {
    this.#board.show(name, [make('span', {}, [sentence])])
  }

  /** Takes away what is over by what happened. */
  happened(...what: readonly NoticeTrigger[]): void {
    this.#board.happened(...what)
  }

  /** Moves countdowns on. */
  tick(): void {
    this.#board.tick()
  }

  close(): void {
    this.#board.close()
  }
}

/** A count that moves every second; nobody wants to hear that. */
function countdown(): HTMLElement {
  return make('span', { class: 'count', role: 'timer' })
}

/** Puts a count in place of the span that a sentence names, which stands still; where it names none, behind it. */
function withCount(sentence: string, count: HTMLElement): HTMLElement {
  const [span] = /\b\d+ (?:second|minute|hour)s?\b/.exec(sentence) ?? []
  if (span === undefined) return make('span', {}, [sentence, ' ', count])
  const at = sentence.indexOf(span)
  return make('span', {}, [sentence.slice(0, at), count, sentence.slice(at + span.length)])
}
