/** Terminals: finds OpenSSH's client program. */
import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** Its path on all usual systems. */
const usualPath = '/usr/bin/ssh'

/** Returns the path of `ssh` on a search path, by default the usual one; relative parts are skipped. */
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
