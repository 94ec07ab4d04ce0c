/** Console: what fills the page at one time. */

/** A view; it is closed before another takes its place. */
export type View = {
  readonly element: HTMLElement
  /** Told once its element is in the page. */
  readonly shown?: () => void
  readonly close: () => void
}
