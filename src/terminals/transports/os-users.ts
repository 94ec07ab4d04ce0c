/** Terminals: the OS users of this machine as its passwd file lists them; users of a directory service are not found. */

/** An OS user that a shell can run as. */
export type OsUser = {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Absolute path. */
  readonly home: string
  /** Absolute path of the login shell; `/bin/sh` where the file names none. */
  readonly shell: string
}

/** Returns the user of that name; null where there is none, or its line is not well formed. @see passwd(5) */
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
