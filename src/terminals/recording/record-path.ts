/** Terminals: the file names of recordings: one file for each PTY session, in one folder. */
import { join } from 'node:path'

const extension = '.record'
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Returns the folder of the recordings in a data directory. */
export function recordsFolderOf(dataDir: string): string {
  return join(dataDir, 'recordings')
}

/** Returns the path of a recording. @throws Error unless the id is a UUID in lower case, so that it cannot lead out of the folder. */
export function recordPath(folder: string, ptySessionId: string): string {
  if (!isRecordId(ptySessionId)) throw new Error('A record is named by a UUID.')
  return join(folder, ptySessionId + extension)
}

/** Returns the PTY session of a recording's file name; null: it is none. */
export function recordedSession(name: string): string | null {
  const id = name.endsWith(extension) ? name.slice(0, -extension.length) : ''
  return isRecordId(id) ? id : null
}

/** Returns whether a text can be the id of a recorded PTY session. */
export function isRecordId(text: string): boolean {
  return uuid.test(text)
}
