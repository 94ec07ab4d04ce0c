/** sftpgo: the rules of an account for a request: address, time and way of signing in. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import { type BrokenRule, brokenRule, isWithinAccessTimes } from '../../../core/accounts/rules.ts'
import { canonicalIp } from '../../../core/addresses.ts'
import { Refusal } from '../../../core/errors.ts'
import { readAttributes } from './attributes.ts'

/** The side of a request that the rules look at. */
export type Caller = {
  readonly ip: string
  /** Address and port, as a refusal names them; the address alone behind a proxy. */
  readonly place: string
}

/** Returns the caller's address. A proxy's port says nothing about its client. */
export function callerOf(request: FastifyRequest): Caller {
  const ip = request.clientIp
  const { remotePort } = request.socket
  const isDirect = canonicalIp(request.socket.remoteAddress ?? '') === ip
  if (remotePort === undefined || !isDirect) return { ip, place: ip }
  return { ip, place: `${ip.includes(':') ? `[${ip}]` : ip}:${remotePort}` }
}

/**
 * Checks a sign-in after a right password.
 *
 * @throws CREDENTIALS_INVALID for an administrator from outside the allow list and a user outside the hours of access;
 * their answer must equal that of a wrong password.
 * @throws SIGN_IN_DENIED with the rule that denies it.
 */
export function admitSignIn(account: Account, caller: Caller, nowMs: number): void {
  const rule = ruleAgainst(account, caller, nowMs)
  if (rule === null) return
  if (rule === 'access-time' || account.role === 'admin') {
    throw new Refusal('CREDENTIALS_INVALID', { detail: `the rule ${rule} denies it` })
  }
  throw denied(account, rule, caller)
}

/**
 * Lets the use of a token pass.
 *
 * @throws SIGN_IN_DENIED for a user, with the rule that denies it in SFTPGo's words.
 * @throws TOKEN_WRONG_ADDRESS for an administrator from outside the allow list.
 */
export function requireAllowed(account: Account, caller: Caller, nowMs: number): void {
  const rule = ruleAgainst(account, caller, nowMs)
  if (rule === null) return
  if (account.role === 'admin') throw new Refusal('TOKEN_WRONG_ADDRESS', { detail: `the rule ${rule} denies it` })
  throw denied(account, rule, caller)
}

/** Returns whether an API key may stand for the account in a request. */
export function admitsApiKey(account: Account, caller: Caller, nowMs: number): boolean {
  return readAttributes(account).allowApiKeyAuth && ruleAgainst(account, caller, nowMs) === null
}

/** The hours come first, as in SFTPGo. An application password and an API key count as a password here, as every secret does there. */
function ruleAgainst({ rules }: Account, { ip }: Caller, nowMs: number): BrokenRule | null {
  if (!isWithinAccessTimes(rules.accessTimes, nowMs)) return 'access-time'
  return brokenRule(rules, { door: 'sftpgo', ip, isByPassword: true, nowMs })
}

function denied(account: Account, rule: BrokenRule, { place }: Caller): Refusal {
  const user = `user "${account.username}"`
  const messages: Readonly<Record<BrokenRule, string>> = {
    door: `protocol HTTP is not allowed for ${user}`,
    password: `login method password is not allowed for ${user}`,
    network: `login for ${user} is not allowed from this address: ${place}`,
    'access-time': `login for ${user} is not allowed at this time`,
  }
  return new Refusal('SIGN_IN_DENIED', { message: messages[rule] })
}
