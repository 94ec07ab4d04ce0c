/** Terminals: what a PTY session does when its recording grows or can no longer be written. */
import type { EndReason } from '../core/terminals/ends.ts'
import type { OutputPathParts } from './output-path.ts'
import type { PtySessionParts } from './pty-session-parts.ts'
import { watchRecording } from './recording/recording-limit.ts'

/** What the session must do. */
export type RecordedSession = {
  readonly warn: (sentence: string) => void
  readonly end: (reason: EndReason) => void
}

/** Returns the callbacks for the output path. */
export function watchRecord(
  { recordingLimitBytes, facts, log }: Pick<PtySessionParts, 'recordingLimitBytes' | 'facts' | 'log'>,
  { warn, end }: RecordedSession,
): Pick<OutputPathParts, 'onRecorded' | 'onRecorderFailed'> {
  return {
    onRecorded: watchRecording(recordingLimitBytes, { warn, end: () => end('recording-full') }),
    onRecorderFailed: (cause) => {
      log.error({ err: cause, ptySession: facts.id }, 'a terminal cannot be recorded any more')
      end('recorder-failed')
    },
  }
}
