/** Terminals: timers as a port, so that tests need not wait. */

/** Cancels a timer; safe after it has run. */
export type CancelTimer = () => void

/** Runs functions later. */
export type Timers = { readonly after: (ms: number, run: () => void) => CancelTimer }

/** The timers of the process. None keeps the process alive. */
export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
