/** sftpgo: reads the members of an account as it is sent; every fault is one `Validation error`. */
import { isEmail } from '../../../core/accounts/names.ts'
import { Refusal } from '../../../core/errors.ts'
import { canonicalIp, inCidr } from '../../../core/sessions/addresses.ts'
import { isObject, type JsonObject } from './attributes.ts'

/** Returns the refusal of an account that is not well formed. */
export function invalidAccount(reason: string): Refusal {
  return new Refusal('INPUT_INVALID', { message: `Validation error: ${reason}` })
}

/** Returns a body that is a JSON object. @throws INPUT_INVALID */
export function readObject(body: unknown): JsonObject {
  if (isObject(body)) return body
  throw new Refusal('INPUT_INVALID', { message: 'The body has to be a JSON object.' })
}

/** Returns a member that is an object; empty where it is absent. @throws INPUT_INVALID */
export function readMemberObject(from: JsonObject, name: string): JsonObject {
  const value = from[name] ?? {}
  if (isObject(value)) return value
  throw invalidAccount(`${name} has to be an object`)
}

/** Returns a text, trimmed of nothing; empty where it is absent. @throws INPUT_INVALID */
export function readText(from: JsonObject, name: string): string {
  const value = from[name] ?? ''
  if (typeof value === 'string') return value
  throw invalidAccount(`${name} has to be a text`)
}

/** Returns a whole number from 0 on; 0 where it is absent. @throws INPUT_INVALID */
export function readWholeNumber(from: JsonObject, name: string): number {
  const value = from[name] ?? 0
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalidAccount(`${name} has to be a whole number from 0 on`)
}

/** Returns a list of texts; empty where it is absent. @throws INPUT_INVALID */
export function readTexts(from: JsonObject, name: string): readonly string[] {
  const value = from[name] ?? []
  if (Array.isArray(value) && value.every((member) => typeof member === 'string')) return value
  throw invalidAccount(`${name} has to be a list of texts`)
}

/** Returns a list of texts of which each is one of a set. @throws INPUT_INVALID naming the first that is not. */
export function readChoices(from: JsonObject, name: string, choices: readonly string[]): readonly string[] {
  const chosen = readTexts(from, name)
  const unknown = chosen.find((choice) => !choices.includes(choice))
  if (unknown === undefined) return chosen
  throw invalidAccount(`${name} does not take ${JSON.stringify(unknown)}`)
}

/** Returns a list of networks in CIDR notation, or of addresses. @throws INPUT_INVALID naming the first that is none. */
export function readNetworks(from: JsonObject, name: string): readonly string[] {
  const networks = readTexts(from, name)
  const malformed = networks.find((network) => !isNetwork(network))
  if (malformed === undefined) return networks
  throw invalidAccount(`${name} holds ${JSON.stringify(malformed)}, which is no network`)
}

/** Tells nothing where a member is true, false or absent. @throws INPUT_INVALID */
export function checkFlag(from: JsonObject, name: string): void {
  if (from[name] === undefined || typeof from[name] === 'boolean') return
  throw invalidAccount(`${name} has to be true or false`)
}

/** Returns an e-mail address; null where it is absent or empty. @throws INPUT_INVALID */
export function readEmail(from: JsonObject): string | null {
  const email = readText(from, 'email').trim()
  if (email === '') return null
  if (isEmail(email)) return email
  throw invalidAccount(`email ${JSON.stringify(email)} is not valid`)
}

/** Returns a status. @throws INPUT_INVALID for anything but 0 and 1; absent is 0, as in SFTPGo. */
export function readStatus(from: JsonObject): 'enabled' | 'disabled' {
  const status = from.status ?? 0
  if (status === 1) return 'enabled'
  if (status === 0) return 'disabled'
  throw invalidAccount(`status has to be 0 or 1, not ${JSON.stringify(status)}`)
}

/** An address lies in every network that has it for its base. */
function isNetwork(text: string): boolean {
  const [address = ''] = text.split('/')
  const canonical = canonicalIp(address)
  return canonical !== null && inCidr(canonical, text)
}
