/** Console: chooses the server, the user and the purpose of a terminal from what the server offers. */
import type { ChangeRequestItem, ServerItem, StartRequest } from '../client/client.ts'
import { momentOf } from './durations.ts'
import { field, fillSelect, make } from './elements.ts'

const healthCheck = ''

/** The form and its update. */
export type StartForm = {
  readonly element: HTMLElement
  readonly fill: (servers: readonly ServerItem[], changes: readonly ChangeRequestItem[]) => void
}

/** Creates the form; `start` resolves when the terminal is open, or the reason is shown. */
export function startForm(start: (request: StartRequest) => Promise<void>): StartForm {
  let servers: readonly ServerItem[] = []
  let changes: readonly ChangeRequestItem[] = []
  const server = make('select', { name: 'server', required: '' })
  const osUser = make('select', { name: 'os_user', required: '' })
  const purpose = make('select', { name: 'purpose' })
  const submit = make('button', { class: 'main' }, ['Start'])
  const note = make('p', { class: 'dim' }, ['Looking up your servers…'])
  const form = make('form', { class: 'card' }, [
    // The user starts here, and comes back here from a terminal.
    make('h2', { tabindex: '-1', autofocus: '' }, ['Start a terminal']),
    field('Server', server),
    field('OS user', osUser),
    field('Purpose', purpose),
    note,
    submit,
  ])
  const choose = (isNewServer: boolean): void => {
    const chosen = servers.find(({ name }) => name === server.value)
    fillSelect(
      osUser,
      (chosen?.os_users ?? []).map((name) => ({ value: name, label: name })),
    )
    const fitting = changes.filter((change) => isFor(change, server.value, osUser.value))
    fillSelect(purpose, [
      ...fitting.map((change) => ({ value: change.id, label: changeLabel(change) })),
      ...(chosen === undefined ? [] : [{ value: healthCheck, label: 'Health check' }]),
    ])
    if (isNewServer) purpose.selectedIndex = 0
    for (const control of [server, osUser, purpose, submit]) control.disabled = chosen === undefined
    note.textContent = noteFor(servers.length, purpose.value)
  }
  for (const control of [server, osUser, purpose, submit]) control.disabled = true
  server.addEventListener('change', () => choose(true))
  osUser.addEventListener('change', () => choose(true))
  purpose.addEventListener('change', () => choose(false))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const chosen = servers.find(({ name }) => name === server.value)
    if (chosen === undefined) return
    submit.disabled = true
    const place = { os_user: osUser.value, server_ip: chosen.address }
    const request: StartRequest =
      purpose.value === healthCheck
        ? { purpose: 'health_check', server: place }
        : { purpose: 'change_request', change_id: purpose.value, server: place }
    void start(request).finally(() => {
      submit.disabled = false
    })
  })
  return {
    element: form,
    fill: (newServers, newChanges) => {
      const isFirst = servers.length === 0
      servers = newServers
      changes = newChanges
      fillSelect(
        server,
        servers.map(({ name, address, port }) => ({ value: name, label: `${name} (${address}:${port})` })),
      )
      choose(isFirst)
    },
  }
}

function isFor(change: ChangeRequestItem, server: string, osUser: string): boolean {
  return change.state === 'approved' && change.servers.includes(server) && change.os_users.includes(osUser)
}

function changeLabel({ id, summary, ends_at: endsAt }: ChangeRequestItem): string {
  const named = summary === '' ? `Change ${id}` : `Change ${id}: ${summary}`
  return `${named} (until ${momentOf(new Date(endsAt), new Date())})`
}

function noteFor(servers: number, purpose: string): string {
  if (servers === 0) return 'No server lists a group of yours.'
  return purpose === healthCheck
    ? 'A health check runs listed commands, one per line; there is no shell.'
    : 'A change opens a shell, which ends with the window of the change.'
}
