/** Console: the running terminals that the user may know of, each with the ways to attach. */
import type { ChangeRequestItem, JoinRequest, PtySessionItem, ServerItem } from '../client/client.ts'
import { momentOf } from './durations.ts'
import { button, field, make } from './elements.ts'
import { joinIdOf } from './join-link.ts'
import { problemSentence } from './problem-sentence.ts'

/** The actions of the list. */
export type ListActs = {
  readonly join: (request: JoinRequest) => void
  /** Rejects with a refusal, which is shown at the field of the link. */
  readonly watchLink: (ptySessionId: string) => Promise<void>
  readonly end: (session: PtySessionItem) => void
}

/** What the user may reach. */
export type ReachableServers = {
  /** An administrator who may end terminals sees and ends any; the groups decide about attaching. */
  readonly endsAll: boolean
  readonly servers: readonly ServerItem[]
  readonly changes: readonly ChangeRequestItem[]
}

/** The list and its update. */
export type RunningList = {
  readonly element: HTMLElement
  readonly fill: (items: readonly PtySessionItem[], reach: ReachableServers) => void
}

/** Creates the list, with the form for a link. */
export function runningList(acts: ListActs): RunningList {
  const list = make('ul', { class: 'running', 'aria-label': 'Running terminals' })
  const element = make('section', { class: 'card' }, [
    make('h2', {}, ['Running terminals']),
    list,
    linkForm(acts.watchLink),
  ])
  let shown = ''
  return {
    element,
    fill: (items, reach) => {
      const ways = items.map((item) => waysInto(item, reach))
      const key = JSON.stringify([items, ways])
      // Unchanged rows keep their place and their focus.
      if (key === shown) return
      shown = key
      const rows = items.map((item, index) => rowOf(item, acts, ways[index] ?? []))
      list.replaceChildren(...(rows.length === 0 ? [make('li', { class: 'dim' }, ['None that you may watch.'])] : rows))
    },
  }
}

type Way = 'watch' | 'take-over' | 'end'

/** A user who sees a terminal may watch it, except an administrator, who sees all; a second implementor is refused anyway. */
function waysInto(item: PtySessionItem, { endsAll, servers, changes }: ReachableServers): readonly Way[] {
  const isServerReached = servers.some(({ name }) => name === item.server)
  const isChangeReached = item.change_id === null || changes.some(({ id }) => id === item.change_id)
  const isReached = isServerReached && isChangeReached
  const ways: Way[] = isReached || !endsAll ? ['watch'] : []
  if (isReached && item.implementor === null) ways.push('take-over')
  if (endsAll) ways.push('end')
  return ways
}

function rowOf(item: PtySessionItem, { join, end }: ListActs, ways: readonly Way[]): HTMLElement {
  const { id, server, os_user: osUser, change_id: changeId, implementor, observers } = item
  const enter = (role: JoinRequest['start_role']) => (): void => join({ pty_session_id: id, start_role: role })
  const place = `${osUser}@${server}`
  const started = momentOf(new Date(item.active_at ?? item.created_at), new Date())
  const who = implementor === null ? 'nobody types' : `${implementor} types`
  const watching = observers.length === 0 ? 'no observers' : `watched by ${observers.join(', ')}`
  const acts: Readonly<Record<Way, () => HTMLElement>> = {
    watch: () => button('Watch', enter('observer'), { 'aria-label': `Watch ${place}` }),
    'take-over': () => button('Take over', enter('implementor'), { 'aria-label': `Take over ${place}` }),
    end: () => button('End', () => end(item), { 'aria-label': `End ${place}` }),
  }
  return make('li', {}, [
    make('div', {}, [
      make('strong', {}, [place]),
      make('span', { class: 'dim' }, [
        `${changeId === null ? 'Health check' : `Change ${changeId}`} since ${started}; ${who}, ${watching}`,
      ]),
    ]),
    make(
      'div',
      { class: 'acts' },
      ways.map((way) => acts[way]()),
    ),
  ])
}

function linkForm(watch: (id: string) => Promise<void>): HTMLElement {
  const input = make('input', {
    name: 'link',
    spellcheck: 'false',
    autocomplete: 'off',
    required: '',
    'aria-describedby': 'link-status',
  })
  const status = make('p', { id: 'link-status', role: 'status', class: 'status-text' })
  const form = make('form', { class: 'link' }, [
    field('Link or id of a terminal', input),
    make('button', {}, ['Watch']),
    status,
  ])
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const id = joinIdOf(input.value)
    status.textContent = id === null ? 'This is neither a link to a terminal nor its id.' : ''
    if (id === null) return
    watch(id).catch((cause: unknown) => {
      status.textContent = problemSentence(cause)
      input.focus()
    })
  })
  return form
}
