/** Platform: the OS user who runs a command. */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { OsUser } from '../core/audit/event.ts'
import { printable } from '../core/audit/printable.ts'

/** The kernel's value for a process without a login (Linux, loginuid of (uint32_t) -1). */
const noLogin = 4_294_967_295

/** Most characters of a user name (Linux, LOGIN_NAME_MAX is 256). */
const longestName = 64

/**
 * Returns the user of this process. The login user stays the same under sudo and su; `SUDO_USER` is a claim, because
 * any user can set the environment.
 */
export function readOsUser(env: Readonly<Record<string, string | undefined>>): OsUser {
  return {
    uid: process.getuid?.() ?? -1,
    name: nameOfUser(),
    loginUid: readLoginUid(),
    claimedBy: claimed(env.SUDO_USER),
  }
}

function nameOfUser(): string | null {
  try {
    return userInfo().username
  } catch {
    // A user that /etc/passwd does not have: only the number is known.
    return null
  }
}

function readLoginUid(): number | null {
  try {
    const uid = Number(readFileSync('/proc/self/loginuid', 'utf8'))
    return Number.isSafeInteger(uid) && uid !== noLogin ? uid : null
  } catch {
    // A kernel without audit, or no Linux.
    return null
  }
}

function claimed(name: string | undefined): string | null {
  return name === undefined || name === '' ? null : printable(name).slice(0, longestName)
}
