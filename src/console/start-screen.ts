/** Console: the first screen of a user who signed in: starts a terminal, or attaches to a running one. */
import type {
  AccountAnswer,
  ChangeRequestItem,
  ControlClient,
  JoinRequest,
  PtySessionItem,
  ServerItem,
  StartRequest,
} from '../client/client.ts'
import { ask } from './ask.ts'
import { button, make } from './elements.ts'
import { type EndMessage, isOver } from './end-message.ts'
import { NoticeBoard } from './notice-board.ts'
import { problemSentence, refusalKind } from './problem-sentence.ts'
import { runningList } from './running-list.ts'
import { startForm } from './start-form.ts'
import type { View } from './view.ts'

/** 5 s: a user who watches a list waits for another user. */
const refreshMs = 5_000

/** The actions of the start screen; each rejects with a refusal. */
export type StartActions = {
  readonly start: (request: StartRequest) => Promise<void>
  readonly join: (request: JoinRequest) => Promise<void>
  readonly signOut: () => Promise<void>
}

export function openStartScreen(client: ControlClient, acts: StartActions, endMessage: EndMessage): View {
  const status = new NoticeBoard(make('div', { role: 'status', class: 'status-text' }))
  if (endMessage.sentence !== '') status.show('farewell', [endMessage.sentence])
  const trying = async (act: Promise<void>): Promise<void> => {
    status.happened('act')
    try {
      await act
    } catch (cause) {
      status.show(refusalKind(cause), [problemSentence(cause)])
    }
  }
  const start = startForm((request) => trying(acts.start(request)))
  const end = async (session: PtySessionItem): Promise<void> => {
    if (!(await confirmEnd(session))) return
    await client.endPtySession(session.id)
    await refresh()
  }
  const running = runningList({
    join: (request) => void trying(acts.join(request)),
    watchLink: (id) => acts.join({ pty_session_id: id, start_role: 'observer' }),
    end: (session) => void trying(end(session)),
  })
  const who = make('span', { class: 'dim' })
  let account: AccountAnswer | null = null
  let isOpen = true
  const refresh = async (): Promise<void> => {
    account ??= await client.account()
    const [servers, changes, sessions] = await Promise.all([allServers(client), allChanges(client), allRunning(client)])
    if (!isOpen) return
    status.happened('lists-read')
    if (isOver(endMessage, sessions, account.username)) status.happened('somebody-types')
    who.textContent = account.username
    start.fill(servers, changes)
    running.fill(sessions, { endsAll: account.permissions.includes('terminals.end'), servers, changes })
  }
  const look = async (): Promise<void> => {
    try {
      await refresh()
    } catch (cause) {
      status.show(refusalKind(cause), [problemSentence(cause)])
    }
  }
  const timer = setInterval(() => {
    if (!document.hidden) void look()
  }, refreshMs)
  void look()
  const element = make('div', { class: 'lobby' }, [
    make('header', { class: 'bar' }, [
      make('h1', {}, ['Sallyport']),
      who,
      button('Sign out', () => void trying(acts.signOut())),
    ]),
    make('main', {}, [status.element, make('div', { class: 'columns' }, [start.element, running.element])]),
  ])
  return {
    element,
    close: () => {
      isOpen = false
      status.close()
      clearInterval(timer)
    },
  }
}

function confirmEnd({ os_user: osUser, server }: PtySessionItem): Promise<boolean> {
  return ask({
    title: `End the session of ${osUser}@${server}?`,
    text: 'The shell ends for everybody who is there.',
    isFinal: true,
    yes: 'End session',
    no: 'Let it run',
  })
}

async function allServers(client: ControlClient): Promise<readonly ServerItem[]> {
  return await allPages((after) => client.servers(after))
}

async function allChanges(client: ControlClient): Promise<readonly ChangeRequestItem[]> {
  return await allPages((after) => client.changeRequests(after))
}

async function allRunning(client: ControlClient): Promise<readonly PtySessionItem[]> {
  return await allPages((after) => client.ptySessions({ state: 'active', ...(after === undefined ? {} : { after }) }))
}

type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null }

async function allPages<Item>(ask: (after?: string) => Promise<Page<Item>>): Promise<readonly Item[]> {
  const items: Item[] = []
  let page = await ask()
  items.push(...page.items)
  while (page.next !== null) {
    page = await ask(page.next)
    items.push(...page.items)
  }
  return items
}
