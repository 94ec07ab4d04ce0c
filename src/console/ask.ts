/** Console: asks the user one question and waits for the answer. */
import { button, make } from './elements.ts'

/** The question. */
export type Question = {
  readonly title: string
  /** The subject, shown unchanged with its line ends. */
  readonly text: string
  /** Whether it is code or an address. */
  readonly isLiteral?: boolean
  /** Whether a yes cannot be undone: then the no is highlighted. */
  readonly isFinal?: boolean
  readonly yes: string
  readonly no: string
}

/** Resolves with true if the user says yes; closing the question is a no. */
export function ask({ title, text, isLiteral = false, isFinal = false, yes, no }: Question): Promise<boolean> {
  const dialog = make('dialog', { 'aria-labelledby': 'question' })
  const answer = (value: string) => (): void => dialog.close(value)
  dialog.append(
    make('h2', { id: 'question' }, [title]),
    make('pre', { tabindex: '0', class: isLiteral ? 'literal' : 'words' }, [text]),
    make('div', { class: 'acts' }, [
      button(no, answer('no'), { autofocus: '', class: isFinal ? 'main' : '' }),
      button(yes, answer('yes'), { class: isFinal ? 'final' : 'main' }),
    ]),
  )
  const before = document.activeElement
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      if (before instanceof HTMLElement) before.focus()
      resolve(dialog.returnValue === 'yes')
    })
  })
}
