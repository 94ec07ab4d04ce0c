/** Core: reads the tracking headers, which clients send about themselves. Nothing in them can make a request fail. */
import type { AuditContext } from './event.ts'
import { scrubCommandLine } from './scrub.ts'

/** Most characters of a request id or an activity. */
const mostCharacters = 128

/** The headers as they came; undefined where one did not. */
export type TrackingHeaders = {
  readonly requestId: string | undefined
  readonly activity: string | undefined
  readonly commandLine: string | undefined
}

/** What is kept of them; null where nothing usable came. */
export type Tracking = Pick<AuditContext, 'requestId' | 'activity' | 'commandLine'>

/**
 * Returns what may be kept of the tracking headers.
 *
 * Ids and activities are printable ASCII, cut at 128 characters; other ones are ignored. A command line is scrubbed of
 * secrets, and harder when the activity is `login`.
 *
 * @see Giant Swarm API v4, "Request tracking headers"; the limits are our choice.
 */
export function readTracking({ requestId, activity, commandLine }: TrackingHeaders): Tracking {
  const knownActivity = readWord(activity)
  const signsIn = knownActivity?.toLowerCase() === 'login'
  return {
    requestId: readWord(requestId),
    activity: knownActivity,
    commandLine: commandLine === undefined ? null : scrubCommandLine(commandLine, signsIn),
  }
}

function readWord(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? ''
  return /^[ -~]+$/.test(trimmed) ? trimmed.slice(0, mostCharacters).trim() : null
}
