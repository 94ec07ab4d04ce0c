/** Console: the line that says on which server the user is, in which role, with whom, and until when. */
import type { FlowState, ParticipantView, PolicyView, TerminalRole, TerminalState } from '../client/terminal-socket.ts'
import { clockOf, momentOf } from './durations.ts'
import { make } from './elements.ts'

/** The content of the line. */
export type StatusFacts = {
  readonly role: TerminalRole
  readonly state: TerminalState
  readonly flow: FlowState
  /** Whether input is blocked. */
  readonly isHeld: boolean
  /** null: before the first welcome. */
  readonly policy: PolicyView | null
  readonly participants: readonly ParticipantView[]
  /** Id of the own attachment; null: before the first welcome. */
  readonly ownId: string | null
}

const lineWords: Readonly<Record<Exclude<TerminalState, 'open'>, string>> = {
  connecting: 'connecting…',
  reconnecting: 'reconnecting…',
  closed: 'ended',
}

const flowWords: Readonly<Record<FlowState, string>> = {
  live: 'live',
  behind: 'behind, catching up',
  paused: 'output paused',
}

/** A window that ends sooner is highlighted: 5 minutes. */
const soonMs = 300_000

/** The status line. */
export class StatusLine {
  readonly #role = make('strong', { class: 'role' })
  readonly #line = make('span', { class: 'line', role: 'status' })
  readonly #slots = {
    place: slot('Server'),
    why: slot('For'),
    window: slot('Window ends in'),
    idle: slot('Idle limit'),
    recorded: slot('Recorded'),
    people: slot('Here'),
  }
  readonly element: HTMLElement = make('header', { class: 'bar status' }, [
    this.#role,
    this.#line,
    make(
      'dl',
      {},
      Object.values(this.#slots).map(({ element }) => element),
    ),
  ])
  #windowEndsAtMs: number | null = null

  /** Shows all of it. */
  show(facts: StatusFacts): void {
    const { state, flow, policy, participants, ownId } = facts
    const badge = badgeOf(facts)
    this.#role.textContent = badge.text
    this.#role.dataset.badge = badge.kind
    this.#line.textContent = state === 'open' ? flowWords[flow] : lineWords[state]
    this.#line.dataset.state = state === 'open' && flow === 'live' ? 'live' : state === 'open' ? flow : state
    const { place, why, window, idle, people, recorded } = this.#slots
    place.setText(policy === null ? null : `${policy.osUser}@${policy.server}`)
    why.setText(policy === null ? null : policy.changeId === null ? 'health check' : `change ${policy.changeId}`)
    idle.setText(policy === null || state === 'closed' ? null : clockOf(policy.idleSeconds * 1000))
    people.setText(
      policy === null || state === 'closed' ? null : peopleWords(participants, ownId, policy.observersNeeded),
    )
    recorded.setText(policy === null ? null : policy.inputIsRecorded ? 'output and input' : 'output')
    recorded.element.dataset.input = String(policy?.inputIsRecorded ?? false)
    this.#windowEndsAtMs = policy === null || state === 'closed' ? null : policy.windowEndsAtMs
    window.setText(null)
    if (policy !== null && policy.windowEndsAtMs !== null) {
      window.element.title = `The window ends at ${momentOf(new Date(policy.windowEndsAtMs), new Date())}`
    }
    this.tick(Date.now())
  }

  /** Updates the countdown. */
  tick(nowMs: number): void {
    const { window } = this.#slots
    if (this.#windowEndsAtMs === null) return
    const leftMs = this.#windowEndsAtMs - nowMs
    window.setText(clockOf(leftMs))
    window.element.dataset.soon = String(leftMs <= soonMs)
  }
}

type Slot = { readonly element: HTMLElement; readonly setText: (text: string | null) => void }

function slot(name: string): Slot {
  const value = make('dd')
  const element = make('div', { hidden: '' }, [make('dt', {}, [name]), value])
  return {
    element,
    setText: (text) => {
      element.hidden = text === null
      value.textContent = text
    },
  }
}

type Badge = { readonly text: string; readonly kind: 'types' | 'held' | 'none' }

function badgeOf({ role, state, isHeld, policy }: StatusFacts): Badge {
  const isTyping = role === 'implementor'
  const isOver = state === 'closed' && policy !== null
  if (isOver) return { text: isTyping ? 'You typed' : 'You watched', kind: 'none' }
  if (state !== 'open') return { text: 'Not connected', kind: 'none' }
  if (!isTyping) return { text: 'You watch', kind: 'none' }
  return isHeld ? { text: 'Input held', kind: 'held' } : { text: 'You type', kind: 'types' }
}

function peopleWords(people: readonly ParticipantView[], ownId: string | null, needed: number): string {
  const words = people.map(({ id, username, role }) => {
    const act = role === 'implementor' ? 'types' : 'watches'
    return `${username}${id === ownId ? ' (you)' : ''} ${act}`
  })
  const observers = people.filter(({ role }) => role === 'observer').length
  const missing = needed > observers ? [`${needed - observers} more to watch`] : []
  // First, because the user has to act.
  return [...missing, ...words].join(', ')
}
