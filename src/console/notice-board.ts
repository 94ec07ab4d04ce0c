/** Console: a place for notices; each stays until an event ends its kind. */
import { button, make } from './elements.ts'
import { type NoticeKind, type NoticeName, type NoticeTrigger, noticeKinds } from './notice-kinds.ts'

/** The parts of a notice besides its sentence. */
export type NoticeDetails = {
  /** For a kind with a duration of its own: milliseconds. */
  readonly lastsMs?: number
  /** Updates a countdown. */
  readonly tick?: () => void
}

type Shown = {
  readonly name: NoticeName
  readonly element: HTMLElement
  readonly timer: ReturnType<typeof setTimeout> | null
  readonly tick: (() => void) | undefined
}

/** The notices of one place. */
export class NoticeBoard {
  readonly element: HTMLElement
  #shown: readonly Shown[] = []

  constructor(element: HTMLElement) {
    this.element = element
  }

  /** Shows a notice; unless its kind allows several, it replaces the last one. */
  show(name: NoticeName, content: readonly (Node | string)[], { lastsMs, tick }: NoticeDetails = {}): void {
    const kind: NoticeKind = noticeKinds[name]
    const dismiss = button('Dismiss', () => this.#remove([shown]))
    const element = make('p', { class: kind.look, 'data-notice': name }, [
      ...content,
      ...(kind.isDismissible ? [dismiss] : []),
    ])
    const before = kind.isMany === true ? undefined : this.#shown.find((other) => other.name === name)
    // If it were shown again, a screen reader would read it again.
    const isSame = before?.element.textContent === element.textContent
    if (isSame && kind.lasts === null && tick === undefined) return
    const ms = kind.lasts === 'stated' ? (lastsMs ?? 0) : kind.lasts
    const timer = ms === null ? null : setTimeout(() => this.#remove([shown]), ms)
    const shown: Shown = { name, element, timer, tick }
    if (before !== undefined) before.element.replaceWith(element)
    else if (kind.isUrgent === true) this.element.prepend(element)
    else this.element.append(element)
    if (before !== undefined) this.#remove([before])
    this.#shown = [...this.#shown, shown]
    tick?.()
  }

  /** Removes the notices that an event ends. */
  happened(...what: readonly NoticeTrigger[]): void {
    this.#remove(
      this.#shown.filter(({ name }) => {
        const { endedBy }: NoticeKind = noticeKinds[name]
        return endedBy.some((end) => what.includes(end))
      }),
    )
  }

  /** Updates countdowns. */
  tick(): void {
    for (const { tick } of this.#shown) tick?.()
  }

  /** Cancels what would end notices later. */
  close(): void {
    for (const { timer } of this.#shown) if (timer !== null) clearTimeout(timer)
  }

  #remove(gone: readonly Shown[]): void {
    for (const { element, timer } of gone) {
      element.remove()
      if (timer !== null) clearTimeout(timer)
    }
    this.#shown = this.#shown.filter((shown) => !gone.includes(shown))
  }
}
