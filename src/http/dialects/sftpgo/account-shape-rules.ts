/** sftpgo: what the texts of an account may hold, and the form in which they are kept. */
import { posix } from 'node:path'
import { isEmail } from '../../../core/accounts/names.ts'
import { canonicalIp, inCidr } from '../../../core/addresses.ts'
import { type Kind, list, text, texts } from './account-shape-kinds.ts'
import { isAuthorizedKey, isCertificate } from './public-keys.ts'
import { invalidAccount } from './validation-error.ts'

/** Returns a text without the blanks around it. */
export function trimmed(value: string): string {
  return value.trim()
}

/** Returns an e-mail address, trimmed; its domain needs a dot. @throws INPUT_INVALID */
export function email(value: string): string {
  const address = value.trim()
  if (address === '' || (isEmail(address) && /@[^.]+(?:\.[^.]+)+$/.test(address))) return address
  throw invalidAccount(`email ${JSON.stringify(address)} is not valid`)
}

/** Returns a network in CIDR notation; an address alone is none. @throws INPUT_INVALID */
function network(value: string, name: string): string {
  const [address = '', prefix] = value.split('/')
  const canonical = canonicalIp(address)
  if (prefix !== undefined && canonical !== null && inCidr(canonical, value)) return value
  throw invalidAccount(`${name} is ${JSON.stringify(value)}, which is no network in CIDR notation`)
}

/** Networks; an empty text is none of them. */
export const networks: Kind<readonly string[]> = list({
  ...text(network),
  read: (sent, reading) => {
    const value = text(network).read(sent, reading)
    return value === '' ? network(value, reading.name) : value
  },
})

/** Returns an absolute path, cleaned. @throws INPUT_INVALID */
export function absolutePath(value: string, name: string): string {
  if (value.startsWith('/')) return cleanPath(value)
  throw invalidAccount(`${name} must be an absolute path, not ${JSON.stringify(value)}`)
}

/** Returns a path from the root on, cleaned. */
export function cleanPath(value: string): string {
  const cleaned = posix.normalize(`/${value}`)
  return cleaned === '/' ? cleaned : cleaned.replace(/\/$/, '')
}

/** Returns the prefix of keys in a bucket: it begins with no slash and ends in one. @throws INPUT_INVALID */
export function keyPrefix(value: string, name: string): string {
  if (value.startsWith('/')) throw invalidAccount(`${name} cannot start with /`)
  return `${posix.normalize(value).replace(/\/$/, '')}/`
}

const hours = /^(?:[01]\d|2[0-3]):[0-5]\d$/

/** Returns a time of day, `HH:MM`. @throws INPUT_INVALID */
export function timeOfDay(value: string, name: string): string {
  if (hours.test(value)) return value
  throw invalidAccount(`${name} has to be a time as HH:MM`)
}

const pattern = /^(?:[^\\[]|\\.|\[\^?(?:(?:[^\\\]-]|\\.)(?:-(?:[^\\\]-]|\\.))?)+\])*$/su

/** Returns a pattern of the shell, in lower case. @throws INPUT_INVALID @see Go, path.Match, for the syntax. */
export function shellPattern(value: string, name: string): string {
  if (pattern.test(value)) return value.toLowerCase()
  throw invalidAccount(`${name} is ${JSON.stringify(value)}, which is no pattern`)
}

/** Returns a rule that takes the texts of a set alone. */
export function oneOf(set: readonly string[]): (value: string, name: string) => string {
  return function takeKnown(value, name) {
    if (set.includes(value)) return value
    throw invalidAccount(`${name} does not take ${JSON.stringify(value)}`)
  }
}

/** E-mail addresses beside the first; empty ones are left aside. */
export const emails: Kind<readonly string[]> = list(text(email), withoutEmpty)

/** Lines of `authorized_keys`; empty ones are left aside. */
export const publicKeys: Kind<readonly string[]> = entries(
  isAuthorizedKey,
  (index) => `could not parse key nr. ${index + 1}: ssh: no key found`,
)

/** Certificates in PEM; empty ones are left aside. */
export const certificates: Kind<readonly string[]> = entries(
  isCertificate,
  (index) => `invalid TLS certificate ${index}`,
)

/** @param fault The message for an entry that is not valid, by its index. */
function entries(isValid: (entry: string) => boolean, fault: (index: number) => string): Kind<readonly string[]> {
  const all = texts()
  return {
    ...all,
    read: (sent, reading) => {
      const given: readonly unknown[] = Array.isArray(sent) ? sent : []
      const wrong = given.findIndex((entry) => typeof entry === 'string' && entry !== '' && !isValid(entry))
      const read = withoutEmpty(all.read(sent, reading))
      if (wrong !== -1) throw invalidAccount(fault(wrong))
      return read
    },
  }
}

function withoutEmpty(values: readonly string[]): readonly string[] {
  return values.filter((value) => value !== '')
}

/** Returns a name of a user or an administrator: it stands in paths and on pages as it is. @throws INPUT_INVALID */
export function accountName(value: string, name: string): string {
  if (!/[/?<>]|\.\./.test(value)) return value
  throw invalidAccount(`${name} ${JSON.stringify(value)} is not valid`)
}
