/** Protocol: the JSON of control: names in snake_case, times in RFC 3339 UTC. Types only. */

/** A sign-in; exactly one of `username` and `email` is sent. A username may be `admin:NAME` if both roles have it. */
export type SignInRequest = ({ readonly username: string } | { readonly email: string }) & {
  readonly password: string
  /**
   * Code of the second factor, or a recovery code; asked for by a problem of type `second-factor-required`; blanks are
   * ignored.
   */
  readonly otp?: string
  /** The organization that the session acts for; undefined: none. */
  readonly organization_id?: string
}

/** Asks for the successor of a refresh token. */
export type RefreshRequest = { readonly refresh_token: string }

/** A session, as the answer to a sign-in or a refresh. */
export type SessionAnswer = {
  readonly session_id: string
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** End of the access token; null: it has none. */
  readonly expires_at: string | null
  readonly refresh_token: string
  readonly refresh_expires_at: string | null
}

/** One live session of the caller's account. */
export type SessionItem = {
  readonly id: string
  /** The dialect that created it. */
  readonly dialect: string
  readonly organization_id: string | null
  readonly ip: string
  readonly user_agent: string
  readonly created_at: string
  /** Exact to a minute. */
  readonly last_seen_at: string
  /** null: the session has no absolute end. */
  readonly expires_at: string | null
  /** Whether it is the session of this request. */
  readonly current: boolean
}

/** Every live session of the caller's account, oldest first; `next` is reserved for pages. */
export type SessionList = { readonly items: readonly SessionItem[]; readonly next: null }

/** The caller's own account. */
export type AccountAnswer = {
  readonly id: number
  readonly uuid: string
  readonly username: string
  readonly email: string | null
  readonly role: 'admin' | 'user'
  /** What the account may do as an administrator; empty for users. */
  readonly permissions: readonly string[]
  readonly groups: readonly string[]
  readonly organizations: readonly { readonly id: string; readonly name: string }[]
  readonly second_factor: boolean
  readonly expires_at: string | null
  readonly created_at: string
}

/** The purpose and place of a terminal (PTY token API, StartRequest). */
export type StartRequest = {
  readonly server: { readonly os_user: string; readonly server_ip: string }
} & (
  | { readonly purpose: 'change_request'; readonly change_id: string }
  | { readonly purpose: 'health_check'; readonly change_id?: null }
)

/** The terminal to join, and the role (PTY token API, JoinRequest). */
export type JoinRequest = { readonly pty_session_id: string; readonly start_role: 'implementor' | 'observer' }

/** A token that opens one socket at the gateway, once (PTY token API, TokenResponse). */
export type PtyTicket = {
  readonly token: string
  /** Scheme and host; the socket is at its `/v1/ws`. */
  readonly proxyUrl: string
}

/** One rejected field, with its dotted path. */
export type FieldProblem = { readonly field: string; readonly description: string }

/** A refusal (RFC 9457); `type` is a stable name such as `credentials-invalid`. */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly fields?: readonly FieldProblem[]
}

/** A refusal of `pty_token/start` and `pty_token/join`. */
export type PtyProblem = { readonly error: string }

/** One PTY session, as users see it who may know of it. */
export type PtySessionItem = {
  readonly id: string
  readonly state: 'created' | 'active' | 'closed'
  readonly purpose: 'change_request' | 'health_check'
  readonly change_id: string | null
  /** Name of the server in the inventory. */
  readonly server: string
  readonly os_user: string
  /** Username. */
  readonly started_by: string
  /** Username of the implementor; null: there is none. */
  readonly implementor: string | null
  /** Usernames of the attached observers. */
  readonly observers: readonly string[]
  readonly created_at: string
  /** When the first socket attached; null: never. */
  readonly active_at: string | null
  readonly closed_at: string | null
  /** Why it ended; null while it runs. */
  readonly end: { readonly reason: string; readonly sentence: string } | null
  /** Exit status of the program; null while it runs, and if it is not known. */
  readonly exit_code: number | null
  /** Whether it has a recording. */
  readonly recording: boolean
}

/** One account that is or was attached to a PTY session. */
export type PtyAttachmentItem = {
  readonly id: string
  readonly username: string
  readonly role: 'implementor' | 'observer'
  readonly ip: string
  readonly joined_at: string
  /** null while it is attached. */
  readonly left_at: string | null
  /** `left`, `dropped`, or the end of the session; null while it is attached. */
  readonly cause: string | null
}

/** One PTY session with all its attachments, oldest first. */
export type PtySessionDetail = PtySessionItem & { readonly attachments: readonly PtyAttachmentItem[] }

/** One page of PTY sessions, newest first; `next` is the `after` of the next page, null on the last. */
export type PtySessionList = { readonly items: readonly PtySessionItem[]; readonly next: string | null }

/** A filter for PTY sessions; absent members do not filter. The members are the query's parameters. */
export type PtySessionQuery = {
  readonly state?: PtySessionItem['state']
  readonly purpose?: PtySessionItem['purpose']
  readonly change_id?: string
  readonly server?: string
  /** Username. */
  readonly started_by?: string
  /** RFC 3339; from is included, to is not. */
  readonly created_from?: string
  readonly created_to?: string
  readonly limit?: number
  /** `next` of the previous page. */
  readonly after?: string
}

/** A server that the caller may reach. */
export type ServerItem = {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly os_users: readonly string[]
  readonly transport: 'ssh' | 'local'
  readonly groups: readonly string[]
}

/** Servers that the caller may reach, by name; `next` is the `after` of the next page, null on the last. */
export type ServerList = { readonly items: readonly ServerItem[]; readonly next: string | null }

/** A change request that names a group of the caller. */
export type ChangeRequestItem = {
  readonly id: string
  readonly summary: string
  /** Both ends are outside the window. */
  readonly starts_at: string
  readonly ends_at: string
  readonly state: 'requested' | 'approved' | 'closed'
  readonly servers: readonly string[]
  readonly os_users: readonly string[]
  readonly groups: readonly string[]
  /** Ids of its PTY sessions. */
  readonly pty_sessions: readonly string[]
}

/** Change requests that name a group of the caller; `next` is the `after` of the next page, null on the last. */
export type ChangeRequestList = { readonly items: readonly ChangeRequestItem[]; readonly next: string | null }
