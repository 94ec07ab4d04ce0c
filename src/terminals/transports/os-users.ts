/** Terminals: the OS users in this machine's passwd file; users of a directory service are not found. */

/** An OS user that a shell can run as. */
export type OsUser = {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Absolute path. */
  readonly home: string
  /** Absolute path of the login shell; `/bin/sh` by default. */
  readonly shell: string
}

/** Returns the user of that name; null: there is none, or its line is malformed. @see passwd(5) */
export function findOsUser(passwd: string, name: string): OsUser | null {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first, ...rest]) => first === name && rest.length === 6)
  const [, , uid = '', gid = '', , home = '', shell = ''] = fields ?? []
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return null
  return {
    name,
    uid: Number(uid),
    gid: Number(gid),
    home: home.startsWith('/') ? home : '/',
    shell: shell.startsWith('/') ? shell : '/bin/sh',
  }
}
