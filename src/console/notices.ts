/** Console: what the person has to know now; held input, warnings, the question whether somebody watches, messages. */
import type { BlockReason, ParticipantView, TerminalEvent } from '../client/terminal-socket.ts'
import { clockOf } from './durations.ts'
import { button, make } from './elements.ts'

/** Reasons that hold input until it is let go; what another reason says was said of one key or paste. */
const lastingReasons: ReadonlySet<BlockReason> = new Set([
  'observers-missing',
  'presence-missing',
  'paused-by-observer',
  'no-new-commands',
])

/** 8 s: long enough to be read twice. */
const briefMs = 8_000

/** 30 s: for what is not said again. */
const messageMs = 30_000

type Notice = {
  readonly element: HTMLElement
  readonly untilMs: number
  /** Whether it stays where the terminal is over, or is told anew what holds. */
  readonly isKept?: boolean
  readonly tick?: (nowMs: number) => void
}

type Warning = Extract<TerminalEvent, { kind: 'warning' }>

/** What goes first. */
const urgent: readonly string[] = ['line', 'presence', 'held', 'refused']

/** Returns whether a reason holds all input until it is let go. */
export function isLasting(why: BlockReason): boolean {
  return lastingReasons.has(why)
}

/**
 * The strip of notices; one of each name at a time, the newest in place of the one before.
 *
 * Room for one line is always there, so that a notice alone does not resize what runs in the terminal; more of them take
 * theirs from it, because what they would lie over may be what has to be read.
 */
export class Notices {
  readonly #stack = make('div', { class: 'stack', role: 'log', 'aria-label': 'Notices' })
  readonly element: HTMLElement = make('div', { class: 'notices' }, [
    this.#stack,
    make('small', {}, ['Ctrl+Shift+L moves from the terminal to the buttons below']),
  ])
  readonly #shown = new Map<string, Notice>()
  #numbered = 0

  /** Says that input does not reach the server. */
  hold(why: BlockReason, sentence: string): void {
    const untilMs = isLasting(why) ? Number.POSITIVE_INFINITY : Date.now() + briefMs
    this.#show(isLasting(why) ? 'held' : 'refused', { element: strip('attention', [sentence]), untilMs })
  }

  /** Says that input reaches the server again. */
  letGo(): void {
    this.#remove('held')
    this.#remove('refused')
  }

  /** Shows a warning for as long as it is one. */
  warn({ what, sentence, secondsLeft }: Warning): void {
    const untilMs = Date.now() + secondsLeft * 1000
    const left = countdown()
    const element = strip('attention', [withCount(sentence, left), this.#dismiss(what)])
    const tick = (nowMs: number): void => {
      left.textContent = clockOf(untilMs - nowMs)
    }
    this.#show(what, { element, untilMs: Math.max(untilMs, Date.now() + briefMs), tick })
  }

  /** The person did something: nobody is idle. */
  notIdle(): void {
    this.#remove('idle')
  }

  /** Asks whether the person is watching. */
  askPresence(sentence: string, byMs: number | null, confirm: () => void): void {
    const left = countdown()
    const yes = button(
      'I am watching',
      () => {
        this.#remove('presence')
        confirm()
      },
      { class: 'main' },
    )
    const tick = (nowMs: number): void => {
      if (byMs !== null) left.textContent = clockOf(byMs - nowMs)
    }
    const content = [byMs === null ? sentence : withCount(sentence, left), yes]
    this.#show('presence', { element: strip('attention', content), untilMs: Number.POSITIVE_INFINITY, tick })
  }

  /** Shows what somebody says. */
  message({ username }: ParticipantView, text: string): void {
    const name = this.#nextName()
    const content = [make('strong', {}, [username]), make('span', {}, [text]), this.#dismiss(name)]
    this.#show(name, { element: strip('message', content), untilMs: Date.now() + messageMs, isKept: true })
  }

  /** Shows what is to be known of the terminal until the person takes it away. */
  note(sentence: string): void {
    const name = this.#nextName()
    const element = strip('plain', [make('span', {}, [sentence]), this.#dismiss(name)])
    this.#show(name, { element, untilMs: Number.POSITIVE_INFINITY, isKept: true })
  }

  /** Says that the line is down, until `clear`. */
  lineDown(sentence: string): void {
    this.#show('line', { element: strip('attention', [sentence]), untilMs: Number.POSITIVE_INFINITY })
  }

  /** Says something once. */
  tell(sentence: string): void {
    const element = strip('plain', [sentence, this.#dismiss('told')])
    this.#show('told', { element, untilMs: Date.now() + briefMs })
  }

  /** Takes away all but what people said and what is to be known: the terminal is over, or is told anew what holds. */
  clear(): void {
    for (const [name, { isKept }] of this.#shown) if (isKept !== true) this.#remove(name)
  }

  /** Moves countdowns on, and takes away what had its time. */
  tick(nowMs: number): void {
    for (const [name, { untilMs, tick }] of this.#shown) {
      if (nowMs >= untilMs) this.#remove(name)
      else tick?.(nowMs)
    }
  }

  #nextName(): string {
    this.#numbered += 1
    return `numbered ${this.#numbered}`
  }

  #dismiss(name: string): HTMLButtonElement {
    return button('Dismiss', () => this.#remove(name))
  }

  #show(name: string, notice: Notice): void {
    const before = this.#shown.get(name)
    this.#shown.set(name, notice)
    if (before !== undefined) before.element.replaceWith(notice.element)
    else if (urgent.includes(name)) this.#stack.prepend(notice.element)
    else this.#stack.append(notice.element)
    notice.tick?.(Date.now())
  }

  #remove(name: string): void {
    this.#shown.get(name)?.element.remove()
    this.#shown.delete(name)
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

function strip(kind: string, content: readonly (Node | string)[]): HTMLElement {
  return make('p', { class: kind }, content)
}
