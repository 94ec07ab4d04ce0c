/** Console: asks the person one question and waits for the answer. */
import { button, make } from './elements.ts'

/** What is asked. */
export type Question = {
  readonly title: string
  /** What it is about, as it is: shown with its line ends. */
  readonly text: string
  /** Whether it is code or an address, letter by letter. */
  readonly isLiteral?: boolean
  /** Whether a yes cannot be undone: then the no is what stands out. */
  readonly isFinal?: boolean
  readonly yes: string
  readonly no: string
}

/** Resolves with true where the person says yes; closing the question is a no. */
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
