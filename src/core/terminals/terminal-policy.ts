/** Core: the rules of a running terminal: the policies of the change request, the server and the groups, the stricter value of each. */

/** Who has to watch. */
export type ObserverRule = {
  /** The number of different persons; 1 or more. */
  readonly count: number
  /** An observer is in a group of each list; empty: the groups that may reach the server. */
  readonly from: readonly (readonly string[])[]
  /** What happens if too few are left: the session ends after 5 s, or input is blocked. */
  readonly onLeave: 'end' | 'pause'
  /** The longest time between two confirmations of an observer; null: observers are not asked. */
  readonly presenceMinutes: number | null
}

/** What happens when the window of a change request ends. */
export type WindowEnd =
  | { readonly kind: 'hard' }
  /** The session continues for at most this time while an observer watches. */
  | { readonly kind: 'grace'; readonly minutes: number }
  /** Only 0x03 passes from then on, for at most this time. */
  | { readonly kind: 'no-new-commands'; readonly minutes: number }

/** One policy of a change request, a server or a group. An absent member sets no rule. */
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
  /** true: input is recorded, typed passwords included; false: it is not. */
  readonly recordInput?: boolean
  /** How long the recording is kept; the longest of all policies counts. */
  readonly retentionMonths?: number
}

/** The rules of one PTY session. */
export type TerminalPolicy = {
  readonly observers: ObserverRule | null
  readonly windowEnd: WindowEnd
  readonly idleSeconds: number
  readonly headlessSeconds: number
  readonly recordInput: boolean
  readonly retentionMonths: number
}

/** The subject of a policy. */
export type PolicySubject = { readonly kind: 'change' | 'server' | 'group'; readonly name: string }
