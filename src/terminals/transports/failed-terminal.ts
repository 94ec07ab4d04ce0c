/** Terminals: a terminal that could not be opened; it has ended already, with a transport's reason. */
import type { Terminal, TransportFailure } from './transport.ts'

/** Returns a terminal without output that has ended with `failure`. */
export function failedTerminal(failure: TransportFailure): Terminal {
  const exit = Promise.resolve({ code: -1, signal: 0, failure })
  return {
    write: () => 0,
    drained: () => Promise.resolve(),
    resize: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    end: () => exit,
    exited: exit,
  }
}
