/** Console: one terminal with everything around it: the socket, the screen and the notices. */
import type { PtyTicket } from '../client/client.ts'
import {
  type BlockReason,
  type CloseReason,
  type FlowState,
  openTerminal,
  type ParticipantView,
  type TerminalEvent,
  type TerminalExit,
  type TerminalRole,
  type TerminalSocket,
  type TerminalState,
  type Welcome,
} from '../client/terminal-socket.ts'
import { ActionBar } from './action-bar.ts'
import { ask } from './ask.ts'
import { make } from './elements.ts'
import { type EndMessage, noEndMessage } from './end-message.ts'
import { type EndAct, endPanel } from './end-panel.ts'
import { joinFragment } from './join-link.ts'
import { isLasting, Notices } from './notices.ts'
import { problemSentence, refusalKind } from './problem-sentence.ts'
import { StatusLine } from './status-line.ts'
import { TerminalScreen } from './terminal-screen.ts'
import type { View } from './view.ts'

/** What a terminal is opened with. */
export type TerminalPlace = {
  readonly ticket: PtyTicket
  readonly role: TerminalRole
  /** Starts a terminal like this one; null: it was joined. */
  readonly startAgain: (() => Promise<void>) | null
}

/** The actions of a terminal. */
export type TerminalExits = {
  readonly back: (endMessage: EndMessage) => void
  /** Rejects with a refusal; then the view stays. */
  readonly join: (ptySessionId: string, role: TerminalRole) => Promise<void>
  /** Whether the session of this page is still live, as far as is known. */
  readonly isSignedIn: () => Promise<boolean>
}

/** Longest part of a paste that is shown before it is sent, in characters. */
const shownPaste = 4096

/** The view of one terminal. */
export class TerminalView implements View {
  readonly element: HTMLElement
  readonly #place: TerminalPlace
  readonly #exits: TerminalExits
  readonly #status = new StatusLine()
  readonly #notices = new Notices()
  readonly #screen: TerminalScreen
  readonly #bar: ActionBar
  readonly #closing = new AbortController()
  #socket: TerminalSocket | null = null
  #welcome: Welcome | null = null
  #participants: readonly ParticipantView[] = []
  #role: TerminalRole
  #state: TerminalState = 'connecting'
  #flow: FlowState = 'live'
  /** Why input is blocked; null: it is not. */
  #held: BlockReason | null = null
  #isVainTold = false
  #isEndAsked = false
  #exit: TerminalExit | null = null
  #pasted = ''

  constructor(place: TerminalPlace, exits: TerminalExits) {
    this.#place = place
    this.#exits = exits
    this.#role = place.role
    this.#screen = new TerminalScreen({
      onInput: (bytes) => this.#type(bytes),
      onPaste: (text) => {
        this.#pasted = text
      },
      onTyped: () => {
        if (this.#state === 'open') this.#notices.happened('typed')
      },
      onFit: (size) => this.#socket?.resize(size),
      onEscape: () => this.#bar.focus(),
      onVainKey: () => this.#tellVain(),
    })
    this.#bar = this.#makeBar()
    this.element = make('div', { class: 'terminal' }, [
      this.#status.element,
      this.#notices.element,
      make('main', {}, [this.#screen.element]),
      this.#bar.element,
    ])
  }

  /** Draws the terminal and starts to connect. */
  shown(): void {
    this.#screen.open()
    const isTyping = this.#role === 'implementor'
    const size = isTyping ? this.#screen.fill() : this.#screen.fittingSize()
    this.#socket = this.#connect(size)
    this.#screen.isTyping = isTyping
    const { signal } = this.#closing
    const tellVisible = (): void => {
      this.#socket?.control({ action: 'visible', visible: !document.hidden })
    }
    tellVisible()
    document.addEventListener('visibilitychange', tellVisible, { signal })
    window.addEventListener('beforeunload', (event) => this.#keepOpen(event), { signal })
    const timer = setInterval(() => {
      this.#status.tick(Date.now())
      this.#notices.tick()
    }, 1000)
    signal.addEventListener('abort', () => clearInterval(timer))
    this.#tellAll()
    this.#screen.focus()
  }

  close(): void {
    this.#closing.abort()
    this.#socket?.close()
    this.#notices.close()
    this.#screen.close()
  }

  #connect(size: { readonly cols: number; readonly rows: number }): TerminalSocket {
    const parsed = (seq: number) => (): void => this.#socket?.ack(seq)
    return openTerminal(this.#place.ticket, {
      size,
      onOutput: (bytes, seq) => this.#screen.write(bytes, parsed(seq + bytes.length)),
      onSnapshot: (snapshot) => this.#screen.restore(snapshot, parsed(snapshot.seq)),
      onSize: (newSize) => this.#screen.resize(newSize),
      onWelcome: (welcome) => this.#enter(welcome),
      onEvent: (event) => this.#hear(event),
      onExit: (exit) => {
        this.#exit = exit
      },
      onFlow: ({ state }) => {
        this.#flow = state
        this.#tellAll()
      },
      onInputLost: () => this.#notices.sentence('input-lost', 'Some of what you typed during the drop was not sent.'),
      onState: (state, reason) => this.#turn(state, reason),
    })
  }

  #enter(welcome: Welcome): void {
    const isFirst = this.#welcome === null
    this.#welcome = welcome
    this.#participants = welcome.participants
    this.#flow = 'live'
    this.#notices.happened('line-up')
    this.#become(welcome.role)
    // After a resume, missed sizes come at their places.
    if (isFirst) this.#screen.resize(welcome)
    else this.#notices.sentence('line-back', 'The connection was lost for a moment; the screen is whole again.')
    // A new implementor has a window of another size.
    if (welcome.role === 'implementor') this.#socket?.resize(this.#screen.fittingSize())
    history.replaceState(null, '', joinFragment(welcome.ptySessionId))
    document.title = `${welcome.policy.osUser}@${welcome.policy.server}: Sallyport`
  }

  /** During a drop, input is not kept, and the user sees this. */
  #type(bytes: Uint8Array): void {
    if (this.#state === 'reconnecting') return
    this.#socket?.write(bytes)
  }

  #become(role: TerminalRole): void {
    if (role !== this.#role) {
      this.#screen.isTyping = role === 'implementor'
      this.#notices.happened(role === 'implementor' ? 'types' : 'watches')
      if (role === 'observer') this.#notices.sentence('watches-now', 'You do not type any more; you watch.')
    }
    this.#role = role
    if (this.#participants.some((one) => one.role === 'implementor')) this.#notices.happened('somebody-types')
    this.#tellAll()
  }

  #hear(event: TerminalEvent): void {
    switch (event.kind) {
      case 'joined':
      case 'left':
        this.#participants = event.participants
        this.#become(this.#ownView()?.role ?? this.#role)
        break
      case 'presence':
        this.#notices.askPresence(event.sentence, event.byMs, () => this.#socket?.control({ action: 'present' }))
        break
      case 'warning':
        this.#notices.warn(event)
        break
      case 'blocked':
        this.#notices.hold(event.why, event.sentence)
        if (isLasting(event.why)) this.#held = event.why
        if (event.why === 'paste-unconfirmed') void this.#confirmPaste()
        this.#tellAll()
        break
      case 'active':
        this.#notices.happened('typed')
        break
      case 'unblocked':
        this.#notices.happened('let-go')
        if (this.#held !== null) this.#notices.sentence('passes-again', 'Input is unblocked.')
        this.#held = null
        this.#tellAll()
        break
      case 'notice':
        this.#notices.sentence('note', event.sentence)
        break
      case 'message':
        this.#notices.message(event.from, event.text)
    }
  }

  #turn(state: TerminalState, reason: CloseReason | null): void {
    this.#state = state
    if (state === 'reconnecting') {
      const isTyping = this.#role === 'implementor'
      this.#notices.happened('line-down')
      this.#notices.sentence('line-down', isTyping ? 'Reconnecting; what you type is not sent.' : 'Reconnecting.')
    }
    this.#tellAll()
    if (state === 'closed' && reason !== null && !this.#closing.signal.aborted) void this.#tellEnd(reason)
  }

  async #tellEnd(reason: CloseReason): Promise<void> {
    this.#notices.happened('over')
    this.#screen.isTyping = false
    this.#bar.element.hidden = true
    // The revoked access may be another person's.
    const isSignedIn = reason.code !== 'revoked' || (await this.#exits.isSignedIn())
    const panel = endPanel(this.#inOwnWords(reason), this.#exit, this.#waysOn(reason, isSignedIn))
    this.#notices.element.before(panel)
  }

  /** A gateway that the page cannot reach, or that refuses pages of this address, looks like a drop. */
  #inOwnWords(reason: CloseReason): CloseReason {
    const isOwnEnd = this.#isEndAsked && reason.code === `ended-by-${this.#role}`
    if (isOwnEnd) return { ...reason, sentence: 'You ended the session.' }
    if (this.#welcome !== null || reason.closeCode !== 1006) return reason
    const address = `${this.#place.ticket.proxyUrl.replace(/\/+$/, '')}/terminal`
    return { ...reason, sentence: `The terminal's address could not be reached. Open this page at ${address}.` }
  }

  /** A token can be had for a live terminal; an ended one is started again, if that may help. */
  #waysOn({ retry, closeCode }: CloseReason, isSignedIn: boolean): EndAct[] {
    const back = {
      label: isSignedIn ? 'Back to the servers' : 'Sign in again',
      run: () => this.#exits.back(noEndMessage),
    }
    const id = this.#welcome?.ptySessionId
    const { startAgain } = this.#place
    const again = { label: 'Start again', run: () => void this.#try(startAgain?.() ?? Promise.resolve()) }
    if (id !== undefined && (retry === 'new-token' || closeCode === 4409)) {
      const rejoin = { label: 'Go back in', run: () => void this.#try(this.#exits.join(id, this.#role)) }
      return [rejoin, back]
    }
    return startAgain !== null && retry !== 'no' ? [again, back] : [back]
  }

  async #try(act: Promise<void>): Promise<void> {
    this.#notices.happened('act')
    try {
      await act
    } catch (cause) {
      this.#notices.sentence(refusalKind(cause), problemSentence(cause))
    }
  }

  async #confirmPaste(): Promise<void> {
    const text = this.#pasted.slice(0, shownPaste)
    const confirmed = await ask({ title: 'Send these lines?', text, isLiteral: true, yes: 'Send', no: 'Throw away' })
    this.#socket?.control({ action: 'confirm-paste', confirmed })
    this.#notices.happened('answered')
  }

  async #endSession(): Promise<void> {
    const isWanted = await ask({
      title: 'End the session?',
      text: 'The shell ends for everybody. Jobs that were detached on the server live on.',
      isFinal: true,
      yes: 'End session',
      no: 'Keep working',
    })
    if (isWanted) this.#isEndAsked = this.#socket?.control({ action: 'end' }) ?? false
  }

  /** Once: an observer who knows it presses keys for other reasons. */
  #tellVain(): void {
    if (this.#isVainTold || this.#state !== 'open') return
    this.#isVainTold = true
    this.#notices.sentence('typed-in-vain', 'You watch; what you type is not sent.')
  }

  async #copyLink(): Promise<void> {
    const id = this.#welcome?.ptySessionId
    if (id === undefined) return
    const link = new URL(joinFragment(id), location.href).href
    try {
      await navigator.clipboard.writeText(link)
      this.#notices.sentence(
        'link-copied',
        'The link was copied. A user who opens it signs in, and watches if the rules allow it.',
      )
    } catch {
      // Without HTTPS or permission, a page cannot write to the clipboard: the link is shown to be copied by hand.
      this.#notices.sentence('link', link)
    }
  }

  #makeBar(): ActionBar {
    const control = (action: 'release' | 'pause' | 'continue') => (): void => void this.#socket?.control({ action })
    return new ActionBar({
      end: () => void this.#endSession(),
      leave: () => this.#exits.back(this.#endMessage()),
      release: control('release'),
      pause: control('pause'),
      goOn: control('continue'),
      takeOver: () => {
        const id = this.#welcome?.ptySessionId
        if (id !== undefined) void this.#try(this.#exits.join(id, 'implementor'))
      },
      copyLink: () => void this.#copyLink(),
      readAloud: (isReadAloud) => {
        this.#screen.isReadAloud = isReadAloud
      },
      say: (text) => this.#socket?.control({ action: 'message', text }) ?? false,
    })
  }

  #endMessage(): EndMessage {
    const { policy, ptySessionId = null } = this.#welcome ?? {}
    if (policy === undefined || this.#role !== 'implementor' || this.#state === 'closed') return noEndMessage
    const place = `${policy.osUser}@${policy.server}`
    const sentence = `The terminal at ${place} runs on for a while; take it over, or it ends by itself.`
    return { sentence, waitingId: ptySessionId }
  }

  #keepOpen(event: BeforeUnloadEvent): void {
    if (this.#role === 'implementor' && this.#state !== 'closed') event.preventDefault()
  }

  #ownView(): ParticipantView | undefined {
    return this.#participants.find(({ id }) => id === this.#welcome?.participant.id)
  }

  #tellAll(): void {
    this.#status.show({
      role: this.#role,
      state: this.#state,
      flow: this.#flow,
      isHeld: this.#held !== null,
      policy: this.#welcome?.policy ?? null,
      participants: this.#participants,
      ownId: this.#welcome?.participant.id ?? null,
    })
    this.#bar.show({
      role: this.#role,
      isOpen: this.#state === 'open',
      isPaused: this.#held === 'paused-by-observer',
      isSlotFree: this.#welcome !== null && this.#participants.every(({ role }) => role !== 'implementor'),
    })
  }
}
