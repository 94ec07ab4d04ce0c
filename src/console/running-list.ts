/** Console: the terminals that run now and that the person may know of, each with the ways into it. */
import type { JoinRequest, PtySessionItem } from '../client/client.ts'
import { momentOf } from './durations.ts'
import { button, field, make } from './elements.ts'
import { joinIdOf } from './join-link.ts'

/** The list with what fills it. */
export type RunningList = { readonly element: HTMLElement; readonly fill: (items: readonly PtySessionItem[]) => void }

/** Makes the list, with the form that takes a link. */
export function runningList(join: (request: JoinRequest) => void): RunningList {
  const list = make('ul', { class: 'running', 'aria-label': 'Running terminals' })
  const element = make('section', { class: 'card' }, [
    make('h2', {}, ['Running terminals']),
    list,
    linkForm((id) => join({ pty_session_id: id, start_role: 'observer' })),
  ])
  let shown = ''
  return {
    element,
    fill: (items) => {
      const key = JSON.stringify(items)
      // What has not changed keeps its place and the focus that may be in it.
      if (key === shown) return
      shown = key
      const rows = items.map((item) => rowOf(item, join))
      list.replaceChildren(...(rows.length === 0 ? [make('li', { class: 'dim' }, ['None that you may watch.'])] : rows))
    },
  }
}

function rowOf(item: PtySessionItem, join: (request: JoinRequest) => void): HTMLElement {
  const { id, server, os_user: osUser, change_id: changeId, implementor, observers } = item
  const enter = (role: JoinRequest['start_role']) => (): void => join({ pty_session_id: id, start_role: role })
  const place = `${osUser}@${server}`
  const started = momentOf(new Date(item.active_at ?? item.created_at), new Date())
  const who = implementor === null ? 'nobody types' : `${implementor} types`
  const watching = observers.length === 0 ? 'nobody watches' : `watched by ${observers.join(', ')}`
  const acts = [
    button('Watch', enter('observer'), { 'aria-label': `Watch ${place}` }),
    // A second implementor is refused anyhow; who types is in the row.
    ...(implementor === null
      ? [button('Take over', enter('implementor'), { 'aria-label': `Take over ${place}` })]
      : []),
  ]
  return make('li', {}, [
    make('div', {}, [
      make('strong', {}, [place]),
      make('span', { class: 'dim' }, [
        `${changeId === null ? 'Health check' : `Change ${changeId}`} since ${started}; ${who}, ${watching}`,
      ]),
    ]),
    make('div', { class: 'acts' }, acts),
  ])
}

function linkForm(watch: (id: string) => void): HTMLElement {
  const input = make('input', { name: 'link', spellcheck: 'false', autocomplete: 'off', required: '' })
  const told = make('p', { role: 'status', class: 'told' })
  const form = make('form', { class: 'link' }, [
    field('Link or id of a terminal', input),
    make('button', {}, ['Watch']),
    told,
  ])
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const id = joinIdOf(input.value)
    told.textContent = id === null ? 'This is neither a link to a terminal nor its id.' : ''
    if (id !== null) watch(id)
  })
  return form
}
