/** Console: what the person has to know now; held input, warnings, the question whether somebody watches, messages. */
import type { BlockReason, ParticipantView, TerminalEvent } from '../client/terminal-socket.ts'
import { clockOf } from './durations.ts'
import { button, make } from './elements.ts'

/** Reasons that hold input until it is let go; what another reason says was said of one key or paste. */
const lasting: ReadonlySet<BlockReason> = new Set([
  'observers-missing',
  'presence-missing',
  'paused-by-observer',
  'no-new-commands',
])

/** 8 s: long enough to be read twice. */
const briefMs = 8_000

/** 30 s: for what is not said again. */
const messageMs = 30_000

type Notice = { readonly element: HTMLElement; readonly untilMs: number; readonly tick?: (nowMs: number) => void }

type Warning = Extract<TerminalEvent, { kind: 'warning' }>

/** What goes first. */
const urgent: readonly string[] = ['presence', 'held', 'refused']

/**
 * The strip of notices; one of each name at a time, the newest in place of the one before.
 *
 * One line is always there for it, and what is more hangs over the terminal: a notice must not resize what runs in it.
 */
export class Notices {
  readonly #stack = make('div', { class: 'stack', role: 'log', 'aria-label': 'Notices' })
  readonly element: HTMLElement = make('div', { class: 'notices' }, [
    make('small', {}, ['Ctrl+Shift+L moves from the terminal to the buttons below']),
    this.#stack,
  ])
  readonly #shown = new Map<string, Notice>()
  #messages = 0

  /** Says that input does not reach the server. */
  hold(why: BlockReason, sentence: string): void {
    const isLasting = lasting.has(why)
    const untilMs = isLasting ? Number.POSITIVE_INFINITY : Date.now() + briefMs
    this.#show(isLasting ? 'held' : 'refused', { element: strip('attention', [sentence]), untilMs })
  }

  /** Says that input reaches the server again. */
  letGo(): void {
    this.#remove('held')
    this.#remove('refused')
  }

  /** Shows a warning for as long as it is one. */
  warn({ what, sentence, secondsLeft }: Warning): void {
    const untilMs = Date.now() + secondsLeft * 1000
    const left = make('span', { class: 'count' })
    const element = strip('attention', [sentence, left])
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
    const left = make('span', { class: 'count' })
    const yes = button(
      'I am watching',
      () => {
        this.#remove('presence')
        confirm()
      },
      { class: 'main' },
    )
    const tick = (nowMs: number): void => {
      left.textContent = byMs === null ? '' : clockOf(byMs - nowMs)
    }
    this.#show('presence', {
      element: strip('attention', [sentence, left, yes]),
      untilMs: Number.POSITIVE_INFINITY,
      tick,
    })
  }

  /** Shows what somebody says. */
  message({ username }: ParticipantView, text: string): void {
    this.#messages += 1
    const name = `message ${this.#messages}`
    const content = [make('strong', {}, [username]), make('span', {}, [text]), this.#dismiss(name)]
    this.#show(name, { element: strip('message', content), untilMs: Date.now() + messageMs })
  }

  /** Says something once. */
  tell(sentence: string): void {
    const element = strip('plain', [sentence, this.#dismiss('told')])
    this.#show('told', { element, untilMs: Date.now() + briefMs })
  }

  /** Takes away all but messages: the terminal is over, or is told anew what holds. */
  clear(): void {
    for (const name of this.#shown.keys()) if (!name.startsWith('message')) this.#remove(name)
  }

  /** Moves countdowns on, and takes away what had its time. */
  tick(nowMs: number): void {
    for (const [name, { untilMs, tick }] of this.#shown) {
      if (nowMs >= untilMs) this.#remove(name)
      else tick?.(nowMs)
    }
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

function strip(kind: string, content: readonly (Node | string)[]): HTMLElement {
  return make('p', { class: kind }, content)
}
