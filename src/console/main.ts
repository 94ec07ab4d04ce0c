/** Console: starts the page: one view at a time, one session, which is in this page's memory only. */
import { ControlClient, isControlError, type PtyTicket, type StartRequest } from '../client/client.ts'
import type { TerminalRole } from '../client/terminal-socket.ts'
import { type EndMessage, noEndMessage } from './end-message.ts'
import { withGatewayOf } from './gateway-address.ts'
import { joinIdOf } from './join-link.ts'
import { problemSentence } from './problem-sentence.ts'
import { signInView } from './sign-in.ts'
import { openStartScreen } from './start-screen.ts'
import { TerminalView } from './terminal-view.ts'
import type { View } from './view.ts'
import { allowXtermStyles } from './xterm-styles.ts'

let current: (View & { readonly isSignIn: boolean }) | null = null

const client = new ControlClient({
  baseUrl: new URL('.', location.href).href,
  onSession: (session) => {
    if (session === null) toSignIn('Your session has ended. Sign in again.')
    else if (current?.isSignIn === true) void enter()
  },
})

function show(view: View, isSignIn = false): void {
  current?.close()
  current = { element: view.element, close: () => view.close(), isSignIn }
  document.body.replaceChildren(view.element)
  view.shown?.()
  const first = document.querySelector('[autofocus]')
  if (first instanceof HTMLElement) first.focus()
}

function isTerminal(view: View | null): boolean {
  return view?.element.classList.contains('terminal') === true
}

/** An open terminal stays: the server closes it if it must, with a reason. */
function toSignIn(notice: string): void {
  if (isTerminal(current)) return
  document.title = 'Sallyport: sign in'
  show({ element: signInView(client, notice), close: () => undefined }, true)
}

function toLobby(endMessage: EndMessage = noEndMessage): void {
  history.replaceState(null, '', location.pathname)
  if (client.session === null) {
    current?.close()
    current = null
    toSignIn(endMessage.sentence)
    return
  }
  document.title = 'Sallyport: terminals'
  show(
    openStartScreen(
      client,
      {
        start,
        join: ({ pty_session_id: id, start_role: role }) => join(id, role),
        signOut,
      },
      endMessage,
    ),
  )
}

/** Goes to the target of the opened link, or to the start screen. */
async function enter(): Promise<void> {
  const id = joinIdOf(location.hash)
  if (id === null) {
    toLobby()
    return
  }
  try {
    await join(id, 'observer')
  } catch (cause) {
    toLobby({ ...noEndMessage, sentence: problemSentence(cause) })
  }
}

async function signOut(): Promise<void> {
  await client.signOut()
  toSignIn('You are signed out.')
}

async function start(request: StartRequest): Promise<void> {
  const ticket = await client.startPty(request)
  openTerminal(ticket, 'implementor', () => start(request))
}

async function join(id: string, role: TerminalRole): Promise<void> {
  openTerminal(await client.joinPty({ pty_session_id: id, start_role: role }), role, null)
}

function openTerminal(ticket: PtyTicket, role: TerminalRole, startAgain: (() => Promise<void>) | null): void {
  const place = { ticket: withGatewayOf(location.href, ticket), role, startAgain }
  show(new TerminalView(place, { back: toLobby, join, isSignedIn }))
}

/** A session of unknown state counts as live. */
async function isSignedIn(): Promise<boolean> {
  try {
    await client.account()
  } catch (cause) {
    if (!isControlError(cause)) throw cause
  }
  return client.session !== null
}

allowXtermStyles()
// A link that is opened in an existing page changes only its fragment.
window.addEventListener('hashchange', () => {
  if (client.session !== null && !isTerminal(current)) void enter()
})
toSignIn('')
