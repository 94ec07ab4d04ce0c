/** control: what its OpenAPI document says about PTY sessions and the inventory. */
import { Type } from 'typebox'
import type { Operations, ParameterDocument } from '../../openapi/operation.ts'
import { listOf, operationsOf, textOrNull, time, timeOrNull } from './documents-route.ts'

/** The media type of asciicast (asciicast v3, "MIME type"). */
export const asciicast = 'application/x-asciicast'

const names = Type.Array(Type.String())

const itemMembers = {
  id: Type.String({ format: 'uuid' }),
  state: Type.Union([Type.Literal('created'), Type.Literal('active'), Type.Literal('closed')]),
  purpose: Type.Union([Type.Literal('change_request'), Type.Literal('health_check')]),
  change_id: textOrNull,
  server: Type.String(),
  os_user: Type.String(),
  started_by: Type.String(),
  implementor: Type.Union([Type.String(), Type.Null()], { description: 'The user who may type now.' }),
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
  recording: Type.Boolean({ description: 'Whether a recording is stored here.' }),
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
    pty_sessions: Type.Array(Type.String(), { description: 'Ids of the newest 100 that the caller may see.' }),
  },
  { title: 'ChangeRequestItem' },
)

const bytes = Type.String({ description: 'asciicast v3, or v2 if the request asks for it' })

/** Parameters of a list that is sent in pages. */
function pageParameters(byDefault: number): readonly ParameterDocument[] {
  const limit = Type.Integer({ minimum: 1, maximum: 100, default: byDefault })
  return [
    { in: 'query', name: 'limit', description: 'Number of items on one page.', schema: limit },
    { in: 'query', name: 'after', description: '`next` of the previous page.', schema: Type.String() },
  ]
}

type OperationId =
  | 'listPtySessions'
  | 'getPtySession'
  | 'endPtySession'
  | 'getRecording'
  | 'watchPtySession'
  | 'listServers'
  | 'listChangeRequests'

/** The operations on PTY sessions and on the inventory by their ids. */
export const terminalOperations: Operations<OperationId> = {
  ...operationsOf('PTY sessions', {
    listPtySessions: {
      summary: 'List PTY sessions, the newest first',
      description:
        'Administrators see all PTY sessions. Other accounts see those that they started, were attached to, or have a group for. Pages neither skip nor repeat a PTY session while others start.',
      parameters: [
        { in: 'query', name: 'server', description: 'Name in the inventory.', schema: Type.String() },
        {
          in: 'query',
          name: 'started_by',
          description: 'Username; `admin:NAME` if a user and an administrator have the same name.',
        },
        { in: 'query', name: 'created_from', description: 'RFC 3339, included.', schema: time },
        { in: 'query', name: 'created_to', description: 'RFC 3339, excluded.', schema: time },
        ...pageParameters(20),
      ],
      done: [200, 'One page; `next` is null on the last one', listOf('PtySessionList', PtySessionItem)],
    },
    getPtySession: {
      summary: 'Get one PTY session and its attachments',
      done: [200, 'The PTY session', PtySessionDetail],
    },
    endPtySession: {
      summary: 'End a PTY session',
      description:
        'For its implementor, its observers and accounts with `terminals.end`. The answer comes once input no longer reaches the server; the processes may end a moment later.',
      done: [204, 'Ended, now or before'],
    },
    getRecording: {
      summary: 'Replay a PTY session as asciicast',
      description:
        'For its participants and for accounts with `recordings.read`; while it runs, for accounts that may observe it. Ranges are served after it has ended.',
      parameters: [
        { in: 'header', name: 'Range', description: 'One range of bytes (RFC 9110 section 14).' },
        {
          in: 'query',
          name: 'download',
          description: '1: the answer has a file name to save it under.',
          schema: Type.Literal('1'),
        },
        {
          in: 'query',
          name: 'format',
          description: 'asciicast is version 3; asciicast-v2 is for players that do not support it.',
          schema: Type.Enum(['asciicast', 'asciicast-v2']),
        },
      ],
      done: [200, 'The whole recording', bytes],
      mediaType: asciicast,
      also: {
        206: { description: 'The range', schema: bytes, mediaType: asciicast },
        304: { description: 'The recording has the entity tag of If-None-Match' },
      },
    },
    watchPtySession: {
      summary: 'Watch a running PTY session as asciicast v3 lines',
      description:
        'For accounts that may observe it. The answer begins with the current screen and ends with the PTY session or with the token of the request. One PTY session takes at most 100 such requests at once, and at most 10 from one account; more are refused with `no-gateway`.',
      done: [200, 'Lines until the end', Type.String({ description: 'asciicast v3' })],
      mediaType: asciicast,
    },
  }),
  ...operationsOf('Inventory', {
    listServers: {
      summary: 'List the servers that the caller may reach, by name',
      parameters: pageParameters(100),
      done: [200, 'One page; `next` is null on the last one', listOf('ServerList', ServerItem)],
    },
    listChangeRequests: {
      summary: 'List the change requests under which the caller may work now, by id',
      description:
        'They are approved, inside their window, for a group of the caller, and for a server that the caller may reach.',
      parameters: pageParameters(100),
      done: [200, 'One page; `next` is null on the last one', listOf('ChangeRequestList', ChangeRequestItem)],
    },
  }),
}
