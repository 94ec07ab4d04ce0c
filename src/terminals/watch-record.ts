/** Terminals: what a PTY session does when its record grows, and when it cannot be written any more. */
import type { EndReason } from '../core/terminals/ends.ts'
import type { OutputPathParts } from './output-path.ts'
import type { PtySessionParts } from './pty-session-parts.ts'
import { watchRecording } from './recording/recording-limit.ts'

/** What the session is asked for. */
export type RecordedSession = {
  readonly tell: (sentence: string) => void
  readonly end: (reason: EndReason) => void
}

/** Returns what the output path is given to tell of its record. */
export function watchRecord(
  { recordingLimitBytes, facts, log }: Pick<PtySessionParts, 'recordingLimitBytes' | 'facts' | 'log'>,
  { tell, end }: RecordedSession,
): Pick<OutputPathParts, 'onRecorded' | 'onRecorderFailed'> {
  return {
    onRecorded: watchRecording(recordingLimitBytes, { warn: tell, end: () => end('recording-full') }),
    onRecorderFailed: (cause) => {
      log.error({ err: cause, ptySession: facts.id }, 'a terminal cannot be recorded any more')
      end('recorder-failed')
    },
  }
}
