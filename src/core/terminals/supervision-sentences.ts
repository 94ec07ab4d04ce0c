/** Core: what supervision says to people; plain sentences with the numbers that matter. Pure. */
import type { WindowEnd } from './terminal-policy.ts'

/** Says how long something still lasts: never more than it does by over five seconds. */
export function durationText(seconds: number): string {
  if (seconds < 55) return counted(seconds, 'second')
  const minutes = Math.max(1, Math.floor((seconds + 5) / 60))
  return counted(minutes, 'minute')
}

/** Says when the time ends in which the account of somebody may come. */
export function accessWarning(secondsLeft: number): string {
  return `Your time of access ends in ${durationText(secondsLeft)}.`
}

/** Says when the window ends, and what comes then. */
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

/** Says that the window is over and how long the session may go on. */
export function overtimeWarning(secondsLeft: number): string {
  return `The window of the change request is over; the session ends in ${durationText(secondsLeft)}.`
}

/** Says that nobody types. */
export function idleWarning(secondsLeft: number): string {
  return `Nobody is typing; the session ends in ${durationText(secondsLeft)}. Press any key to keep it.`
}

/** Says that nobody implements. */
export function headlessWarning(secondsLeft: number): string {
  return `No implementor is here; the session ends in ${durationText(secondsLeft)} unless one comes.`
}

/** Says that too few are left to watch. */
export function observersWarning(secondsLeft: number, numbers: ObserverNumbers): string {
  return `Only ${numbers.now} of ${counted(numbers.needed, 'observer')} left; the session ends in ${durationText(secondsLeft)} unless another joins.`
}

/** How many different persons watch, and how many have to. */
export type ObserverNumbers = { readonly now: number; readonly needed: number }

/** Says that typing waits for observers. */
export function observersBlock({ now, needed }: ObserverNumbers): string {
  const verb = needed === 1 ? 'is' : 'are'
  return `Nothing that is typed reaches the server until ${counted(needed, 'observer')} ${verb} watching; now: ${now}.`
}

/** Says that typing waits for observers to confirm. */
export function presenceBlock({ now, needed }: ObserverNumbers): string {
  const verb = needed === 1 ? 'confirms' : 'confirm'
  return `Nothing that is typed reaches the server until ${counted(needed, 'observer')} ${verb} to be watching; now: ${now}.`
}

/** Says that an observer has paused the input. */
export const pauseBlock =
  'An observer has paused the input; nothing that is typed reaches the server until one lets it go on.'

/** Says what still works after the window; 0 minutes: nothing. */
export function overtimeBlock(minutes: number): string {
  if (minutes === 0) return 'The window of the change request is over.'
  return `The window of the change request is over; only Ctrl-C still works, for at most ${counted(minutes, 'minute')}.`
}

/** Says that somebody who watches only cannot type. */
export const notImplementorBlock = 'Only the implementor of the session can type.'

/** Asks an observer. */
export function presenceQuestion(secondsLeft: number): string {
  return `Are you still watching? Please confirm within ${durationText(secondsLeft)}.`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
