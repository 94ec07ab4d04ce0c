/** Console: the buttons below a terminal and the box for messages; each role sees its own. */
import type { TerminalRole } from '../client/terminal-socket.ts'
import { button, make } from './elements.ts'

/** The actions of the buttons. */
export type Actions = {
  readonly end: () => void
  readonly leave: () => void
  readonly release: () => void
  readonly pause: () => void
  readonly goOn: () => void
  readonly takeOver: () => void
  readonly copyLink: () => void
  readonly readAloud: (isReadAloud: boolean) => void
  /** Returns whether it was sent. */
  readonly say: (text: string) => boolean
}

/** What the buttons depend on. */
export type ActFacts = {
  readonly role: TerminalRole
  readonly isOpen: boolean
  readonly isPaused: boolean
  readonly isSlotFree: boolean
}

/** Longest message, in characters. */
const longestMessage = 500

/** The bar. */
export class ActionBar {
  readonly #end: HTMLButtonElement
  readonly #leave: HTMLButtonElement
  readonly #release: HTMLButtonElement
  readonly #pause: HTMLButtonElement
  readonly #goOn: HTMLButtonElement
  readonly #takeOver: HTMLButtonElement
  readonly #say: HTMLFormElement
  readonly element: HTMLElement

  constructor(acts: Actions) {
    this.#end = button('End session', acts.end)
    this.#leave = button('Leave', acts.leave)
    this.#release = button('Give up typing', acts.release)
    this.#pause = button('Pause input', acts.pause)
    this.#goOn = button('Continue input', acts.goOn)
    this.#takeOver = button('Take over', acts.takeOver)
    this.#say = sayForm(acts.say)
    const aloud = button(
      'Screen reader',
      () => {
        const isReadAloud = aloud.getAttribute('aria-pressed') !== 'true'
        aloud.setAttribute('aria-pressed', String(isReadAloud))
        acts.readAloud(isReadAloud)
      },
      { 'aria-pressed': 'false' },
    )
    const buttons = [this.#end, this.#leave, this.#release, this.#pause, this.#goOn, this.#takeOver]
    this.element = make('footer', { class: 'bar' }, [
      make('div', { class: 'acts' }, [...buttons, button('Copy link for observers', acts.copyLink), aloud]),
      this.#say,
    ])
  }

  /** Enables the possible actions. */
  show({ role, isOpen, isPaused, isSlotFree }: ActFacts): void {
    const isTyping = role === 'implementor'
    this.#release.hidden = !isTyping
    this.#pause.hidden = isTyping || isPaused
    this.#goOn.hidden = isTyping || !isPaused
    this.#takeOver.hidden = isTyping || !isSlotFree
    for (const one of [this.#end, this.#release, this.#pause, this.#goOn]) one.disabled = !isOpen
    for (const control of this.#say.elements) {
      if (control instanceof HTMLButtonElement || control instanceof HTMLInputElement) control.disabled = !isOpen
    }
  }

  focus(): void {
    this.#leave.focus()
  }
}

function sayForm(say: (text: string) => boolean): HTMLFormElement {
  const input = make('input', {
    name: 'message',
    'aria-label': 'Message to everybody here',
    placeholder: 'Message to everybody here',
    maxlength: String(longestMessage),
    autocomplete: 'off',
  })
  const form = make('form', { class: 'say' }, [input, make('button', {}, ['Send'])])
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = input.value.trim()
    if (text !== '' && say(text)) input.value = ''
  })
  return form
}
