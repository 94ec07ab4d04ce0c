/** Core: what a terminal is held to while it runs; policies of the change, the server and the groups, the stricter of each. */

/** Who has to watch. */
export type ObserverRule = {
  /** At least so many different persons; 1 or more. */
  readonly count: number
  /** An observer is in a group of each list; empty: the groups that may reach the server. */
  readonly from: readonly (readonly string[])[]
  /** What happens when too few are left: the session ends after 5 s, or input waits. */
  readonly onLeave: 'end' | 'pause'
  /** An observer confirms at least so often; null: never asked. */
  readonly presenceMinutes: number | null
}

/** What happens when the window of a change ends. */
export type WindowEnd =
  | { readonly kind: 'hard' }
  /** Goes on for at most so long while an observer is present. */
  | { readonly kind: 'grace'; readonly minutes: number }
  /** Only 0x03 passes from then on, for at most so long. */
  | { readonly kind: 'no-new-commands'; readonly minutes: number }

/** One policy as it was set for a change, a server or a group; what is left out is not ruled there. */
export type PolicyDocument = {
  readonly observers?: {
    readonly count: number
    readonly from?: readonly string[]
    readonly onLeave?: 'end' | 'pause'
    readonly presenceMinutes?: number
  }
  readonly windowEnd?: WindowEnd
  readonly idleMinutes?: number
  readonly headlessMinutes?: number
  /** true: input is recorded, passwords that are typed included; false: never. */
  readonly recordInput?: boolean
  /** The recording is kept at least so long; the longest of all policies counts. */
  readonly retentionMonths?: number
}

/** The rules that one PTY session is held to. */
export type TerminalPolicy = {
  readonly observers: ObserverRule | null
  readonly windowEnd: WindowEnd
  readonly idleSeconds: number
  readonly headlessSeconds: number
  readonly recordInput: boolean
  readonly retentionMonths: number
}

/** What a policy is set for. */
export type PolicySubject = { readonly kind: 'change' | 'server' | 'group'; readonly name: string }
