/** Terminals: what a PTY session needs of its screen, which follows the recording on disk at its own pace. */
import type { RecordPosition } from '../recording/recorder.ts'

/** A screen as bytes: a new terminal of this size shows it, and output from `seq` on may follow. */
export type Snapshot = {
  readonly cols: number
  readonly rows: number
  /** A place between two sequences and between two characters. */
  readonly seq: number
  readonly bytes: Uint8Array
}

/** The screen of one PTY session. */
export type Screen = {
  /** Sets how far the recording may be read; cheap, called with every batch. */
  readonly advance: (position: RecordPosition) => void
  /** Output that the screen has parsed, as last reported. */
  readonly parsedSeq: () => number
  /**
   * Returns the screen at its newest safe place, or at one not before `atLeast`.
   * @throws Error if it is closed, or its worker has died.
   */
  readonly snapshot: (atLeast?: number) => Promise<Snapshot>
  readonly close: () => void
}

/** A recording to follow, and the first size of its terminal. */
export type ToFollow = {
  readonly path: string
  readonly cols: number
  readonly rows: number
  /** Gets screens as they pass, without the lines above them: at most one in 4 MiB and 5 s of the recording. */
  readonly onKeyframe?: ((keyframe: Snapshot) => void) | undefined
}

/** Follows recordings. One worker serves every PTY session of the process, in turns. */
export type Screens = {
  readonly follow: (record: ToFollow) => Screen
  readonly close: () => Promise<void>
}
