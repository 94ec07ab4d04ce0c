/** Protocol: the frames of a terminal socket, `pty.v1`; byte 0 is the type, numbers are big-endian, text is UTF-8. */

/** The subprotocols of a socket; the client offers them, the gateway selects one. */
export const subprotocols = { v1: 'pty.v1', original: 'X-Proxy-Session-Token' } as const

/** The start of an offer to resume; the secret follows. */
export const resumeOfferPrefix = 'resume.'

/** Byte 0 of every frame that the gateway sends. */
export const serverFrameTypes = {
  output: 0x01,
  snapshot: 0x02,
  size: 0x03,
  exit: 0x04,
  pong: 0x05,
  inputAck: 0x06,
  flow: 0x07,
  event: 0x10,
  welcome: 0x11,
  error: 0x8e,
} as const

/** Byte 0 of every frame that a client sends. */
export const clientFrameTypes = {
  hello: 0x40,
  input: 0x41,
  resize: 0x42,
  ack: 0x43,
  ping: 0x44,
  resync: 0x45,
  control: 0x46,
  bye: 0x47,
} as const

/** Columns and rows, each from 2 to 1000. */
export type TerminalSize = { readonly cols: number; readonly rows: number }

/** The role of an attachment. */
export type TerminalRole = 'implementor' | 'observer'

/** How output reaches an attachment: all of it, none until it has caught up, or none because an observer paused the input. */
export type FlowState = 'live' | 'behind' | 'paused'

/** One attachment as other clients see it. */
export type ParticipantView = {
  /** Stays the same for the life of the attachment, resumes included. */
  readonly id: string
  readonly username: string
  readonly role: TerminalRole
}

/** The rules of this PTY session for the user. Times are Unix milliseconds. */
export type PolicyView = {
  readonly purpose: 'change_request' | 'health_check'
  readonly server: string
  readonly osUser: string
  readonly changeId: string | null
  readonly windowEndsAtMs: number | null
  readonly idleSeconds: number
  /** 0: no observer is needed. */
  readonly observersNeeded: number
  readonly presenceMinutes: number | null
  readonly inputIsRecorded: boolean
}

/** An event of the PTY session; `sentence` is for the user. */
export type TerminalEvent =
  | {
      readonly kind: 'joined' | 'left'
      readonly participant: ParticipantView
      readonly participants: readonly ParticipantView[]
    }
  | {
      readonly kind: 'presence'
      readonly sentence: string /** The attachment must confirm by then. */
      readonly byMs: number | null
    }
  | {
      readonly kind: 'warning'
      readonly what: 'window' | 'idle' | 'headless' | 'observers'
      readonly sentence: string
      readonly secondsLeft: number
    }
  | { readonly kind: 'blocked'; readonly why: BlockReason; readonly sentence: string }
  | { readonly kind: 'unblocked' }
  /** A user typed after the warning that no input came. */
  | { readonly kind: 'active' }
  /** A message about the terminal itself, such as a program that outlives it. */
  | { readonly kind: 'notice'; readonly sentence: string }
  | { readonly kind: 'message'; readonly from: ParticipantView; readonly text: string }

/** Why input does not reach the server now. */
export type BlockReason =
  | 'observers-missing'
  | 'presence-missing'
  | 'paused-by-observer'
  | 'not-implementor'
  | 'no-new-commands'
  | 'paste-too-large'
  | 'paste-unconfirmed'
  | 'node-without-lease'
  | 'access-under-review'

/** The first frame after a socket was accepted. */
export type Welcome = {
  readonly ptySessionId: string
  readonly participant: ParticipantView
  readonly participants: readonly ParticipantView[]
  readonly role: TerminalRole
  /** The offset at which the next OUTPUT or SNAPSHOT starts. */
  readonly seq: number
  /** Number of the last INPUT that was taken; 0: none. */
  readonly inputSeq: number
  readonly cols: number
  readonly rows: number
  /** Single-use; offer it as `resume.<secret>` within 60 s of a drop. */
  readonly resume: string
  readonly policy: PolicyView
}

/** Why the socket is about to be closed; the close code follows. */
export type ErrorNotice = {
  /** A stable name: the code of a refusal or of an end. */
  readonly code: string
  readonly message: string
  /** Whether a new attempt may help. */
  readonly retry: 'no' | 'resume' | 'new-token' | 'later'
}

/** A frame from the gateway. `seq` is an offset in the terminal's output. */
export type ServerFrame =
  | { readonly type: 'output'; readonly seq: number; readonly bytes: Uint8Array }
  | {
      readonly type: 'snapshot'
      readonly cols: number
      readonly rows: number
      readonly seq: number
      readonly bytes: Uint8Array
    }
  | { readonly type: 'size'; readonly seq: number; readonly cols: number; readonly rows: number }
  | { readonly type: 'exit'; readonly code: number; readonly signal: number; readonly finalSeq: number }
  | { readonly type: 'pong'; readonly clientTs: number }
  | { readonly type: 'inputAck'; readonly inputSeq: number }
  | { readonly type: 'flow'; readonly state: FlowState; readonly seq: number }
  | { readonly type: 'event'; readonly event: TerminalEvent }
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  | { readonly type: 'error'; readonly error: ErrorNotice }

/** The first frame of a client. */
export type Hello = {
  readonly v: 1
  readonly cols: number
  readonly rows: number
  /** The next byte of output that the client lacks, and the last INPUT that it sent. */
  readonly resume?: { readonly seq: number; readonly inputSeq: number }
}

/** What a client asks for besides input. */
export type ControlRequest =
  | { readonly action: 'present' }
  /** Whether the user can see the terminal: an observer counts only while it is visible. */
  | { readonly action: 'visible'; readonly visible: boolean }
  | { readonly action: 'end' }
  | { readonly action: 'message'; readonly text: string }
  /** The implementor frees its slot and stays as an observer, if the policy allows it. */
  | { readonly action: 'release' }
  /** An observer pauses or resumes the implementor's input. */
  | { readonly action: 'pause' | 'continue' }
  /** The user confirms or drops the held paste. */
  | { readonly action: 'confirm-paste'; readonly confirmed: boolean }

/** A frame from a client. */
export type ClientFrame =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'input'; readonly inputSeq: number; readonly bytes: Uint8Array }
  | { readonly type: 'resize'; readonly cols: number; readonly rows: number }
  | { readonly type: 'ack'; readonly seq: number }
  | { readonly type: 'ping'; readonly clientTs: number }
  | { readonly type: 'resync' }
  | { readonly type: 'control'; readonly control: ControlRequest }
  | { readonly type: 'bye' }
  /** A type below 0x80 that this version does not know; it is ignored. */
  | { readonly type: 'unknown' }
