/** Test fixture: every frame that the protocol can write, as fast-check makes them. */
import fc from 'fast-check'
import type {
  ClientFrame,
  ControlRequest,
  Hello,
  ParticipantView,
  PolicyView,
  ServerFrame,
  TerminalEvent,
  Welcome,
} from '../../src/protocol/terminal-frames.ts'

/** A client's frame that can be written. */
export type SentFrame = Exclude<ClientFrame, { type: 'unknown' }>

const u64 = fc.maxSafeNat()
const u32 = fc.nat(0xffff_ffff)
const size = fc.record({ cols: fc.integer({ min: 2, max: 1000 }), rows: fc.integer({ min: 2, max: 1000 }) })
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => new Uint8Array(array))
const anyText = fc.string({ unit: 'binary', maxLength: 40 })
const role = fc.constantFrom('implementor', 'observer')

const participant: fc.Arbitrary<ParticipantView> = record({ id: anyText, username: anyText, role })
const participants = fc.array(participant, { maxLength: 4 })

/** A record with the prototype of an object literal, so that deepEqual compares it with one. */
function record<Members extends object>(
  members: { [Name in keyof Members]: fc.Arbitrary<Members[Name]> },
): fc.Arbitrary<Members> {
  return fc.record<Members>(members, { noNullPrototype: true }) as fc.Arbitrary<Members>
}

const policy: fc.Arbitrary<PolicyView> = record({
  purpose: fc.constantFrom('change_request', 'health_check'),
  server: anyText,
  osUser: anyText,
  changeId: fc.option(anyText),
  windowEndsAtMs: fc.option(u64),
  idleSeconds: u64,
  observersNeeded: u64,
  presenceMinutes: fc.option(u64),
  inputIsRecorded: fc.boolean(),
})

const welcome: fc.Arbitrary<Welcome> = fc
  .tuple(
    record<Omit<Welcome, 'cols' | 'rows'>>({
      ptySessionId: anyText,
      participant,
      participants,
      role,
      seq: u64,
      inputSeq: u32,
      resume: fc.stringMatching(/^[A-Za-z0-9_-]{1,60}$/),
      policy,
    }),
    size,
  )
  .map(([most, { cols, rows }]) => ({ ...most, cols, rows }))

const event: fc.Arbitrary<TerminalEvent> = fc.oneof(
  record<TerminalEvent & { kind: 'joined' | 'left' }>({
    kind: fc.constantFrom('joined', 'left'),
    participant,
    participants,
  }),
  record<TerminalEvent & { kind: 'presence' }>({
    kind: fc.constant('presence'),
    sentence: anyText,
    byMs: fc.option(u64),
  }),
  record<TerminalEvent & { kind: 'warning' }>({
    kind: fc.constant('warning'),
    what: fc.constantFrom('window', 'idle', 'headless', 'observers'),
    sentence: anyText,
    secondsLeft: u64,
  }),
  record<TerminalEvent & { kind: 'blocked' }>({
    kind: fc.constant('blocked'),
    why: fc.constantFrom('observers-missing', 'paused-by-observer', 'access-under-review', 'paste-too-large'),
    sentence: anyText,
  }),
  record<TerminalEvent & { kind: 'unblocked' }>({ kind: fc.constant('unblocked') }),
  record<TerminalEvent & { kind: 'active' }>({ kind: fc.constant('active') }),
  record<TerminalEvent & { kind: 'notice' }>({ kind: fc.constant('notice'), sentence: anyText }),
  record<TerminalEvent & { kind: 'message' }>({ kind: fc.constant('message'), from: participant, text: anyText }),
)

/** Every frame of the gateway. */
export const serverFrames: fc.Arbitrary<ServerFrame> = fc.oneof(
  fc.record({ seq: u64, bytes }).map(({ seq, bytes }): ServerFrame => ({ type: 'output', seq, bytes })),
  fc
    .tuple(size, u64, bytes)
    .map(([{ cols, rows }, seq, bytes]): ServerFrame => ({ type: 'snapshot', cols, rows, seq, bytes })),
  fc.tuple(size, u64).map(([{ cols, rows }, seq]): ServerFrame => ({ type: 'size', seq, cols, rows })),
  fc
    .tuple(fc.integer(), fc.nat(255), u64)
    .map(([code, signal, finalSeq]): ServerFrame => ({ type: 'exit', code, signal, finalSeq })),
  u64.map((clientTs): ServerFrame => ({ type: 'pong', clientTs })),
  u32.map((inputSeq): ServerFrame => ({ type: 'inputAck', inputSeq })),
  fc
    .tuple(fc.constantFrom('live', 'behind', 'paused'), u64)
    .map(([state, seq]): ServerFrame => ({ type: 'flow', state, seq })),
  event.map((event): ServerFrame => ({ type: 'event', event })),
  welcome.map((welcome): ServerFrame => ({ type: 'welcome', welcome })),
  record<ServerFrame & { type: 'error' }>({
    type: fc.constant('error'),
    error: record({ code: anyText, message: anyText, retry: fc.constantFrom('no', 'resume', 'new-token', 'later') }),
  }),
)

const hello: fc.Arbitrary<Hello> = fc
  .tuple(size, fc.option(record({ seq: u64, inputSeq: u32 })))
  .map(([{ cols, rows }, resume]) => ({ v: 1, cols, rows, ...(resume === null ? {} : { resume }) }))

const control: fc.Arbitrary<ControlRequest> = fc.oneof(
  fc.constantFrom('present', 'end', 'release', 'pause', 'continue').map((action): ControlRequest => ({ action })),
  fc.boolean().map((visible): ControlRequest => ({ action: 'visible', visible })),
  fc.boolean().map((confirmed): ControlRequest => ({ action: 'confirm-paste', confirmed })),
  fc.stringMatching(/^[a-z"\\é東😀 ]{0,100}x$/u).map((text): ControlRequest => ({ action: 'message', text })),
)

/** Every frame of a client. */
export const clientFrames: fc.Arbitrary<SentFrame> = fc.oneof(
  hello.map((hello): SentFrame => ({ type: 'hello', hello })),
  fc
    .tuple(fc.integer({ min: 1, max: 0xffff_ffff }), bytes)
    .map(([inputSeq, bytes]): SentFrame => ({ type: 'input', inputSeq, bytes })),
  size.map(({ cols, rows }): SentFrame => ({ type: 'resize', cols, rows })),
  u64.map((seq): SentFrame => ({ type: 'ack', seq })),
  u64.map((clientTs): SentFrame => ({ type: 'ping', clientTs })),
  fc.constantFrom<SentFrame[]>({ type: 'resync' }, { type: 'bye' }),
  control.map((control): SentFrame => ({ type: 'control', control })),
)
