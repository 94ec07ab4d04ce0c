/** Terminals: timers as a port, so that tests need not wait. */

/** Takes a timer back; safe after it has run. */
export type CancelTimer = () => void

/** Runs things later. */
export type Timers = { readonly after: (ms: number, run: () => void) => CancelTimer }

/** The timers of the process; none of them keeps it alive. */
export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
