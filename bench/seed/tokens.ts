/** Bench: the tokens of seeded rows. They follow from the row number, so that the seeder and the load need no list. */
import { createHash, hash } from 'node:crypto'

const header = base64url({ alg: 'EdDSA', typ: 'at+jwt', kid: 'bench-0000000000000000000000' })

/**
 * Returns the access token of a row: header and claims of control with the row number, and random-looking text as the
 * signature. The server does not check the signature of a token that it finds by its digest.
 */
export function accessTokenOf(row: number): string {
  const claims = base64url({
    iss: 'http://127.0.0.1:55007',
    aud: 'http://127.0.0.1:55007',
    sub: uuidOf('account', row),
    client_id: 'sallyport',
    iat: 1_767_366_245,
    exp: 1_767_366_845,
    jti: `${row}.${textOf(`jti ${row}`).slice(0, 16)}`,
    sid: uuidOf('session', row),
  })
  return `${header}.${claims}.${textOf(`one ${row}`)}${textOf(`two ${row}`)}`
}

/** Returns the refresh token of a row: `row.secret` with 43 characters. */
export function refreshTokenOf(row: number): string {
  return `${row}.${textOf(`refresh ${row}`)}`
}

/** Returns the v4 UUID of a number. */
export function uuidOf(kind: 'account' | 'session' | 'epoch', number: number): string {
  const hex = hash('sha256', `${kind} ${number}`, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Returns the SHA-256 of a text; the store has tokens in this form. */
export function digestOf(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}

function textOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url')
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
