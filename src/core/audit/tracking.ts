/** Core: reads the tracking headers, which clients send about themselves. They never make a request fail. */
import type { AuditContext } from './event.ts'
import { scrubCommandLine } from './scrub.ts'

/** Most characters of a request id or an activity. */
const mostCharacters = 128

/** The headers; undefined if one is missing. */
export type TrackingHeaders = {
  readonly requestId: string | undefined
  readonly activity: string | undefined
  readonly commandLine: string | undefined
}

/** The headers as they are stored; null if unusable. */
export type Tracking = Pick<AuditContext, 'requestId' | 'activity' | 'commandLine'>

/**
 * Returns the tracking headers as they are stored.
 *
 * Ids and activities are printable ASCII, cut at 128 characters; others are ignored. A command line is scrubbed of
 * secrets, and more strictly if the activity is `login`.
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
