/** Bench: the requests of a script. One source serves all connections of a flow. */
import { accessTokenOf, refreshTokenOf } from '../seed/tokens.ts'
import type { Rows, Script } from './plan.ts'

/** The next request, with its expected status. */
export type ScriptedRequest = { readonly label: string; readonly request: string; readonly expected: number }

/** Gives requests to connections; `next` returns null at the end. */
export type RequestSource = {
  readonly next: (connection: number) => ScriptedRequest | null
  readonly answered: (connection: number, text: string) => void
}

/** Returns the requests of a script. */
export function requestSourceOf(script: Script, connections: number): RequestSource {
  switch (script.kind) {
    case 'get':
      return getRequests(script)
    case 'refresh':
      return refreshRequests(script, connections)
    case 'sign-out':
      return signOutRequests(script.rows)
    case 'sign-in':
      return signInRequests(script)
  }
}

function getRequests({ path, rows, order }: Extract<Script, { kind: 'get' }>): RequestSource {
  const steps = rowsOf(rows).map((row) => ({ label: 'get', request: get(path, accessTokenOf(row)), expected: 200 }))
  let sent = 0
  return {
    next: () => {
      if (order === 'once' && sent === steps.length) return null
      const step = steps[sent % steps.length] ?? null
      sent += 1
      return step
    },
    answered: () => undefined,
  }
}

function refreshRequests(
  { path, rows, isBare }: Extract<Script, { kind: 'refresh' }>,
  connections: number,
): RequestSource {
  const queues: string[][] = Array.from({ length: connections }, () => [])
  for (const [index, row] of rowsOf(rows).entries()) {
    queues[index % connections]?.push(isBare ? bareTokenOf(row) : refreshTokenOf(row))
  }
  return {
    next: (connection) => {
      const token = queues[connection]?.shift()
      if (token === undefined) return null
      return { label: 'refresh', request: post(path, { refresh_token: token }), expected: 200 }
    },
    answered: (connection, text) => {
      const start = text.indexOf('"refresh_token":"') + '"refresh_token":"'.length
      queues[connection]?.push(text.slice(start, text.indexOf('"', start)))
    },
  }
}

/** The ceiling's refresh tokens contain the row of their session, so that it is not read. */
function bareTokenOf(row: number): string {
  return `${row}.${String(row).padStart(43, '0')}`
}

function signOutRequests(rows: Rows): RequestSource {
  const left = rowsOf(rows).reverse()
  const ended = new Map<number, string>()
  return {
    next: (connection) => {
      const token = ended.get(connection)
      ended.delete(connection)
      if (token !== undefined) return { label: 'verify after', request: get('/api/v1/verify', token), expected: 401 }
      const row = left.pop()
      if (row === undefined) return null
      ended.set(connection, accessTokenOf(row))
      const request = `DELETE /api/v1/sessions/current HTTP/1.1\r\n${headers(accessTokenOf(row))}\r\n`
      return { label: 'sign-out', request, expected: 204 }
    },
    answered: () => undefined,
  }
}

function signInRequests({ username, password }: Extract<Script, { kind: 'sign-in' }>): RequestSource {
  const step = { label: 'sign-in', request: post('/api/v1/sessions', { username, password }), expected: 201 }
  return { next: () => step, answered: () => undefined }
}

function rowsOf({ first, count, stride }: Rows): number[] {
  return Array.from({ length: count }, (_, index) => first + index * stride)
}

function get(path: string, token: string): string {
  return `GET ${path} HTTP/1.1\r\n${headers(token)}\r\n`
}

function headers(token: string): string {
  return `Host: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n`
}

function post(path: string, body: object): string {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}
