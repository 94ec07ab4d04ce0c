/** control: what the OpenAPI document says of PTY sessions and of the inventory. */
import { Type } from 'typebox'
import type { OperationDocument, ParameterDocument } from '../../openapi/operation.ts'
import { route } from './documents-route.ts'

/** The media type of asciicast (asciicast v3, "MIME type"). */
export const asciicast = 'application/x-asciicast'

const time = Type.String({ format: 'date-time' })
const timeOrNull = Type.Union([time, Type.Null()])
const textOrNull = Type.Union([Type.String(), Type.Null()])
const names = Type.Array(Type.String())

const itemMembers = {
  id: Type.String({ format: 'uuid' }),
  state: Type.Union([Type.Literal('created'), Type.Literal('active'), Type.Literal('closed')]),
  purpose: Type.Union([Type.Literal('change_request'), Type.Literal('health_check')]),
  change_id: textOrNull,
  server: Type.String(),
  os_user: Type.String(),
  started_by: Type.String(),
  implementor: Type.Union([Type.String(), Type.Null()], { description: 'Who may type now.' }),
  observers: names,
  created_at: time,
  active_at: timeOrNull,
  closed_at: timeOrNull,
  end: Type.Union([
    Type.Object(
      { reason: Type.String({ description: 'A stable name, such as `shell-exit`.' }), sentence: Type.String() },
      { title: 'PtySessionEnd' },
    ),
    Type.Null(),
  ]),
  exit_code: Type.Union([Type.Integer({ format: 'int32' }), Type.Null()]),
  recording: Type.Boolean({ description: 'There is a recording of it here.' }),
}
const PtySessionItem = Type.Object(itemMembers, { title: 'PtySessionItem' })
const PtySessionDetail = Type.Object(
  {
    ...itemMembers,
    attachments: Type.Array(
      Type.Object(
        {
          id: Type.String({ format: 'uuid' }),
          username: Type.String(),
          role: Type.Union([Type.Literal('implementor'), Type.Literal('observer')]),
          ip: Type.String(),
          joined_at: time,
          left_at: timeOrNull,
          cause: textOrNull,
        },
        { title: 'PtyAttachment' },
      ),
    ),
  },
  { title: 'PtySessionDetail' },
)
const PtySessionList = Type.Object({ items: Type.Array(PtySessionItem), next: textOrNull }, { title: 'PtySessionList' })

const ServerItem = Type.Object(
  {
    name: Type.String(),
    address: Type.String(),
    port: Type.Integer({ format: 'int32' }),
    os_users: names,
    transport: Type.Union([Type.Literal('ssh'), Type.Literal('local')]),
    groups: names,
  },
  { title: 'ServerItem' },
)
const ServerList = Type.Object({ items: Type.Array(ServerItem), next: textOrNull }, { title: 'ServerList' })
const ChangeRequestItem = Type.Object(
  {
    id: Type.String(),
    summary: Type.String(),
    starts_at: time,
    ends_at: time,
    state: Type.Literal('approved'),
    servers: names,
    os_users: names,
    groups: names,
    pty_sessions: Type.Array(Type.String(), { description: 'Ids of the newest 100 that the caller may know of.' }),
  },
  { title: 'ChangeRequestItem' },
)
const ChangeRequestList = Type.Object(
  { items: Type.Array(ChangeRequestItem), next: textOrNull },
  { title: 'ChangeRequestList' },
)

const bytes = Type.String({ description: 'asciicast v3, or v2 where that is asked for' })

/** Parameters of every list that comes in pages. */
function pageParameters(byDefault: number): readonly ParameterDocument[] {
  const limit = Type.Integer({ minimum: 1, maximum: 100, default: byDefault })
  return [
    { in: 'query', name: 'limit', description: 'Items on one page.', schema: limit },
    { in: 'query', name: 'after', description: '`next` of the page before.', schema: Type.String() },
  ]
}

/** The list of PTY sessions. */
export const documentPtySessions: OperationDocument = route('listPtySessions', {
  tag: 'PTY sessions',
  summary: 'List PTY sessions, the newest first',
  description:
    'Administrators see all; everybody else what they started, were attached to, or have a group for. Pages neither skip nor repeat a PTY session while others are started.',
  parameters: [
    { in: 'query', name: 'server', description: 'Name in the inventory.', schema: Type.String() },
    { in: 'query', name: 'started_by', description: 'Username; `admin:NAME` where both roles have it.' },
    { in: 'query', name: 'created_from', description: 'RFC 3339, included.', schema: time },
    { in: 'query', name: 'created_to', description: 'RFC 3339, excluded.', schema: time },
    ...pageParameters(20),
  ],
  done: [200, 'One page; `next` is null on the last one', PtySessionList],
})
/** One PTY session. */
export const documentPtySession: OperationDocument = route('getPtySession', {
  tag: 'PTY sessions',
  summary: 'Tell one PTY session and who was attached to it',
  done: [200, 'The PTY session', PtySessionDetail],
})
/** Ending one. */
export const documentEndPtySession: OperationDocument = route('endPtySession', {
  tag: 'PTY sessions',
  summary: 'End a PTY session',
  description:
    'For its implementor, its observers and who holds `terminals.end`. Answered once no input reaches the server any more; that its processes are gone may come a moment later.',
  done: [204, 'Ended, now or before'],
})
/** Its recording. */
export const documentRecording: OperationDocument = route('getRecording', {
  tag: 'PTY sessions',
  summary: 'Replay a PTY session as asciicast',
  description:
    'For those who took part and for who holds `recordings.read`; while it runs, for those who may observe it. Ranges are served once it is over.',
  parameters: [
    { in: 'header', name: 'Range', description: 'One range of bytes (RFC 9110 section 14).' },
    { in: 'query', name: 'download', description: '1: to be saved under a name.', schema: Type.Literal('1') },
    {
      in: 'query',
      name: 'format',
      description: 'asciicast is version 3; players that do not know it take asciicast-v2.',
      schema: Type.Enum(['asciicast', 'asciicast-v2']),
    },
  ],
  done: [200, 'The whole recording', bytes],
  mediaType: asciicast,
  also: {
    206: { description: 'The range', schema: bytes, mediaType: asciicast },
    304: { description: 'The recording is the one of If-None-Match' },
  },
})
/** Watching. */
export const documentLive: OperationDocument = route('watchPtySession', {
  tag: 'PTY sessions',
  summary: 'Watch a PTY session as asciicast v3 lines as they happen',
  description:
    'For those who may observe it. Begins with the screen as it is, and ends with the PTY session or with the token that asks. At most 100 requests watch one PTY session at once, and at most 10 of one account; more are refused with `no-gateway`.',
  done: [200, 'Lines, until the end', Type.String({ description: 'asciicast v3' })],
  mediaType: asciicast,
})

/** The servers. */
export const documentServers: OperationDocument = route('listServers', {
  tag: 'Inventory',
  summary: 'List the servers that the caller may reach, by name',
  parameters: pageParameters(100),
  done: [200, 'One page; `next` is null on the last one', ServerList],
})
/** The change requests. */
export const documentChangeRequests: OperationDocument = route('listChangeRequests', {
  tag: 'Inventory',
  summary: 'List the change requests under which the caller may work now, by id',
  description: 'Approved, inside the window, for a group of the caller, on a server that the caller may reach.',
  parameters: pageParameters(100),
  done: [200, 'One page; `next` is null on the last one', ChangeRequestList],
})
