/** Core: the sentences of supervision for users. Pure. */
import type { WindowEnd } from './terminal-policy.ts'

/** Returns a duration that is at most five seconds too long and never too short. */
export function durationText(seconds: number): string {
  if (seconds < 55) return counted(seconds, 'second')
  const minutes = Math.max(1, Math.floor((seconds + 5) / 60))
  return counted(minutes, 'minute')
}

/** The access time of an account ends soon. */
export function accessWarning(secondsLeft: number): string {
  return `Your time of access ends in ${durationText(secondsLeft)}.`
}

/** The window ends soon, and what happens then. */
export function windowWarning(secondsLeft: number, windowEnd: WindowEnd): string {
  const first = `The window of the change request ends in ${durationText(secondsLeft)}.`
  switch (windowEnd.kind) {
    case 'hard':
      return first
    case 'grace':
      return `${first} While an observer is watching, the session goes on for at most ${counted(windowEnd.minutes, 'minute')} more.`
    case 'no-new-commands':
      return `${first} From then on only Ctrl-C works, for at most ${counted(windowEnd.minutes, 'minute')}.`
  }
}

/** The window is over; the session continues for a while. */
export function overtimeWarning(secondsLeft: number): string {
  return `The window of the change request is over; the session ends in ${durationText(secondsLeft)}.`
}

/** No input comes. */
export function idleWarning(secondsLeft: number): string {
  return `Nobody is typing; the session ends in ${durationText(secondsLeft)}. Press any key to keep it.`
}

/** There is no implementor. */
export function headlessWarning(secondsLeft: number): string {
  return `No implementor is here; the session ends in ${durationText(secondsLeft)} unless one comes.`
}

/** Too few observers are left. */
export function observersWarning(secondsLeft: number, numbers: ObserverNumbers): string {
  return `Only ${numbers.now} of ${counted(numbers.needed, 'observer')} left; the session ends in ${durationText(secondsLeft)} unless another joins.`
}

/** The number of different persons who watch, and the number that is needed. */
export type ObserverNumbers = { readonly now: number; readonly needed: number }

/** Input is blocked until observers come. */
export function observersBlock({ now, needed }: ObserverNumbers): string {
  const verb = needed === 1 ? 'is' : 'are'
  return `Nothing that is typed reaches the server until ${counted(needed, 'observer')} ${verb} watching; now: ${now}.`
}

/** Input is blocked until observers confirm. */
export function presenceBlock({ now, needed }: ObserverNumbers): string {
  const verb = needed === 1 ? 'confirms' : 'confirm'
  return `Nothing that is typed reaches the server until ${counted(needed, 'observer')} ${verb} to be watching; now: ${now}.`
}

/** An observer has paused the input. */
export const pauseBlock =
  'An observer has paused the input; nothing that is typed reaches the server until one lets it go on.'

/** What is still possible after the window; 0 minutes: nothing. */
export function overtimeBlock(minutes: number): string {
  if (minutes === 0) return 'The window of the change request is over.'
  return `The window of the change request is over; only Ctrl-C still works, for at most ${counted(minutes, 'minute')}.`
}

/** An observer cannot type. */
export const notImplementorBlock = 'Only the implementor of the session can type.'

/** Asks an observer to confirm. */
export function presenceQuestion(secondsLeft: number): string {
  return `Are you still watching? Please confirm within ${durationText(secondsLeft)}.`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
