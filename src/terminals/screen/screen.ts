/** Terminals: what a PTY session needs of its screen, which follows the record on disk at its own pace. */
import type { RecordPosition } from '../recording/recorder.ts'

/** A screen as bytes: fed to a fresh terminal of this size they show it, and output from `seq` on may follow. */
export type Snapshot = {
  readonly cols: number
  readonly rows: number
  /** A place where the output is between two sequences and between two characters. */
  readonly seq: number
  readonly bytes: Uint8Array
}

/** The screen of one PTY session. */
export type Screen = {
  /** Tells how far the record may be read; cheap, called with every batch. */
  readonly advance: (position: RecordPosition) => void
  /** Output that the screen has parsed, as last heard. */
  readonly parsedSeq: () => number
  /**
   * Returns the screen at the newest place it has come to, or, where `atLeast` is given, at a place not before it.
   * @throws Error once it is closed, or its worker has died.
   */
  readonly snapshot: (atLeast?: number) => Promise<Snapshot>
  readonly close: () => void
}

/** What is followed: a record, and the size its terminal begins with. */
export type ToFollow = {
  readonly path: string
  readonly cols: number
  readonly rows: number
  /** Hears of screens as they pass, without the lines above them: at most one in 4 MiB and 5 s of the record. */
  readonly onKeyframe?: ((keyframe: Snapshot) => void) | undefined
}

/** Follows records. One worker serves every PTY session of the process, in turns. */
export type Screens = {
  readonly follow: (record: ToFollow) => Screen
  readonly close: () => Promise<void>
}
