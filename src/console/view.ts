/** Console: what fills the page at one time. */

/** A view; it is closed before another replaces it. */
export type View = {
  readonly element: HTMLElement
  /** Called when its element is in the page. */
  readonly shown?: () => void
  readonly close: () => void
}
