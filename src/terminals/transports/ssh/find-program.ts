/** Terminals: where OpenSSH's client program is. */
import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** Where it is on every system that we know. */
const usualPath = '/usr/bin/ssh'

/** Returns the path of `ssh` on a search path, the usual one where it is nowhere there; relative parts are passed over. */
export function findSshProgram(searchPath: string | undefined): string {
  const places = (searchPath ?? '').split(delimiter).filter(isAbsolute)
  return places.map((place) => join(place, 'ssh')).find(isProgram) ?? usualPath
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
