/** sftpgo: what an account's own rules say to a request: from where, when and by which means it may come. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import { isWithinAccessTimes } from '../../../core/accounts/rules.ts'
import { Refusal } from '../../../core/errors.ts'
import { canonicalIp, inCidr } from '../../../core/sessions/addresses.ts'
import { readAttributes } from './attributes.ts'

/** The side of a request that the rules look at. */
export type Caller = {
  readonly ip: string
  /** Address and port, as a refusal names them; the address alone behind a proxy. */
  readonly place: string
}

/** Returns who calls; a proxy's port would tell nothing of its client. */
export function callerOf(request: FastifyRequest): Caller {
  const ip = request.clientIp
  const { remotePort } = request.socket
  const isDirect = canonicalIp(request.socket.remoteAddress ?? '') === ip
  if (remotePort === undefined || !isDirect) return { ip, place: ip }
  return { ip, place: `${ip.includes(':') ? `[${ip}]` : ip}:${remotePort}` }
}

/**
 * Lets a sign-in pass after a right password.
 *
 * @throws CREDENTIALS_INVALID for an administrator from outside the allow list and a user outside the hours of access, whom
 *   nothing may tell from a wrong password.
 * @throws SIGN_IN_DENIED with the rule that denies it.
 */
export function admitSignIn(account: Account, caller: Caller, nowMs: number): void {
  if (!isAllowedAddress(account, caller.ip)) {
    throw new Refusal('CREDENTIALS_INVALID', { detail: 'the address is not in the allow list of the administrator' })
  }
  if (!isWithinAccessTimes(readAttributes(account).accessTime, nowMs)) {
    throw new Refusal('CREDENTIALS_INVALID', { detail: 'outside the hours of access' })
  }
  requireAllowed(account, caller)
}

/**
 * Lets a user's request pass, at sign-in and at each later use.
 *
 * @throws SIGN_IN_DENIED with the rule that denies it, in SFTPGo's words.
 */
export function requireAllowed(account: Account, caller: Caller): void {
  const message = denial(account, caller)
  if (message !== null) throw new Refusal('SIGN_IN_DENIED', { message })
}

/** Tells whether an API key may stand for the account in a request. */
export function admitsApiKey(account: Account, caller: Caller, nowMs: number): boolean {
  const { allowApiKeyAuth, accessTime } = readAttributes(account)
  return (
    allowApiKeyAuth &&
    isAllowedAddress(account, caller.ip) &&
    isWithinAccessTimes(accessTime, nowMs) &&
    denial(account, caller) === null
  )
}

function denial(account: Account, { ip, place }: Caller): string | null {
  const { deniedProtocols, isAnonymous, deniedLoginMethods, allowedIp, deniedIp } = readAttributes(account)
  const user = `user "${account.username}"`
  if (isAnonymous || deniedProtocols.includes('HTTP')) return `protocol HTTP is not allowed for ${user}`
  if (deniedLoginMethods.includes('password')) return `login method password is not allowed for ${user}`
  const isWelcome = isIn(ip, allowedIp) || (!isIn(ip, deniedIp) && allowedIp.length === 0)
  return isWelcome ? null : `login for ${user} is not allowed from this address: ${place}`
}

function isAllowedAddress(account: Account, ip: string): boolean {
  const { allowList } = readAttributes(account)
  return allowList.length === 0 || isIn(ip, allowList)
}

function isIn(ip: string, networks: readonly string[]): boolean {
  return networks.some((network) => inCidr(ip, network))
}
