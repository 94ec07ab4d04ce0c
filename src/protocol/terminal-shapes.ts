/** Protocol: the shapes of the gateway's JSON frames, member by member as `terminal-frames.ts` declares them. */
import { clampSize, largestU32 } from './frame-numbers.ts'
import {
  integer,
  list,
  type misshapen,
  nullable,
  object,
  oneOf,
  type Reading,
  tagOf,
  text,
  truth,
  variants,
} from './members.ts'
import type {
  BlockReason,
  ErrorNotice,
  ParticipantView,
  PolicyView,
  TerminalEvent,
  TerminalRole,
  Welcome,
} from './terminal-frames.ts'

/** The text after `resume.` in an offer of a subprotocol (RFC 9110 section 5.6.2, token): base64url. */
const secretText = /^[A-Za-z0-9_-]{1,128}$/

const anyText = text()
const count = integer(0, Number.MAX_SAFE_INTEGER)
const size = integer(clampSize(0), clampSize(Number.MAX_SAFE_INTEGER))
const role: Reading<TerminalRole> = oneOf('implementor', 'observer')

const participant: Reading<ParticipantView> = object({ id: anyText, username: anyText, role })
const participants = list(participant)

const policy: Reading<PolicyView> = object({
  purpose: oneOf('change_request', 'health_check'),
  server: anyText,
  osUser: anyText,
  changeId: nullable(anyText),
  windowEndsAtMs: nullable(count),
  idleSeconds: count,
  observersNeeded: count,
  presenceMinutes: nullable(count),
  inputIsRecorded: truth,
})

const blockReason: Reading<BlockReason> = oneOf(
  'observers-missing',
  'presence-missing',
  'paused-by-observer',
  'not-implementor',
  'no-new-commands',
  'paste-too-large',
  'paste-unconfirmed',
  'node-without-lease',
  'access-under-review',
)

const attendance: Reading<TerminalEvent> = object({ kind: oneOf('joined', 'left'), participant, participants })

const eventShapes: Readonly<Record<TerminalEvent['kind'], Reading<TerminalEvent>>> = {
  joined: attendance,
  left: attendance,
  presence: object({ kind: oneOf('presence'), sentence: anyText, byMs: nullable(count) }),
  warning: object({
    kind: oneOf('warning'),
    what: oneOf('window', 'idle', 'headless', 'observers'),
    sentence: anyText,
    secondsLeft: count,
  }),
  blocked: object({ kind: oneOf('blocked'), why: blockReason, sentence: anyText }),
  unblocked: object({ kind: oneOf('unblocked') }),
  active: object({ kind: oneOf('active') }),
  notice: object({ kind: oneOf('notice'), sentence: anyText }),
  message: object({ kind: oneOf('message'), from: participant, text: anyText }),
}

const event = variants('kind', eventShapes)

/** Reads an EVENT; `unknown`: its kind is of a later version. */
export function readEvent(value: unknown): TerminalEvent | 'unknown' | typeof misshapen {
  const kind = tagOf(value, 'kind')
  return kind === null || Object.hasOwn(eventShapes, kind) ? event(value) : 'unknown'
}

/** Reads a WELCOME. */
export const welcomeShape: Reading<Welcome> = object({
  ptySessionId: anyText,
  participant,
  participants,
  role,
  seq: count,
  inputSeq: integer(0, largestU32),
  cols: size,
  rows: size,
  resume: text(secretText),
  policy,
})

/** Reads an ERROR. */
export const errorShape: Reading<ErrorNotice> = object({
  code: anyText,
  message: anyText,
  retry: oneOf('no', 'resume', 'new-token', 'later'),
})
