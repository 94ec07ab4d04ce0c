/** Console: the panel above a terminal that has ended: why, with which code, and what can be done. */
import type { CloseReason, TerminalExit } from '../client/terminal-socket.ts'
import { closeWords } from './close-words.ts'
import { button, make } from './elements.ts'

/** One action. */
export type EndAct = { readonly label: string; readonly run: () => void }

/** Creates the panel; the first action has the focus. */
export function endPanel(reason: CloseReason, exit: TerminalExit | null, acts: readonly EndAct[]): HTMLElement {
  const [first, ...others] = acts.map(({ label, run }) => button(label, run))
  first?.classList.add('main')
  const panel = make('section', { class: 'end', role: 'alert' }, [
    make('div', {}, [
      make('p', {}, [make('strong', {}, [reason.sentence])]),
      make('p', { class: 'dim detail' }, [detailOf(reason, exit)]),
    ]),
    make('div', { class: 'acts' }, [...(first === undefined ? [] : [first]), ...others]),
  ])
  queueMicrotask(() => first?.focus())
  return panel
}

function detailOf(reason: CloseReason, exit: TerminalExit | null): string {
  const code = `Code ${closeWords(reason)}.`
  // The signal of a shell that we ended is our own.
  if (exit === null || (reason.code !== 'shell-exit' && exit.signal !== 0)) return code
  return exit.signal === 0 ? `Exit status ${exit.code}. ${code}` : `Ended by signal ${exit.signal}. ${code}`
}
