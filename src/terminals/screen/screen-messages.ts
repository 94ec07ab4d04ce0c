/** Terminals: the messages between the main thread and the screens' thread; sessions are numbers. */
import type { RecordPosition } from '../recording/recorder.ts'
import type { FollowedRecord } from './record-follower.ts'
import type { Snapshot } from './screen.ts'

/** The start data of the thread. */
export type ScreenWorkerData = {
  /**
   * One 32-bit number: the session that is processed, 0 for none. It outlives the thread, and so shows what it died on.
   */
  readonly turnOf: SharedArrayBuffer
  /** Milliseconds without output after which a screen frees most of its memory. */
  readonly restAfterMs: number
}

/** Requests to the thread. */
export type ScreenRequest =
  | { readonly kind: 'open'; readonly id: number; readonly record: FollowedRecord; readonly keyframes: Keyframes }
  | { readonly kind: 'advance'; readonly positions: readonly (readonly [id: number, RecordPosition])[] }
  | { readonly kind: 'snapshot'; readonly id: number; readonly request: number; readonly atLeast: number }
  | { readonly kind: 'close'; readonly id: number }
  | { readonly kind: 'end' }

/** Whether keyframes are wanted, and the output before which there are some already. */
export type Keyframes = { readonly wanted: boolean; readonly from: number }

/** Messages of the thread. */
export type ScreenReply =
  | { readonly kind: 'parsed'; readonly id: number; readonly seq: number }
  | { readonly kind: 'snapshot'; readonly id: number; readonly request: number; readonly snapshot: Snapshot }
  | { readonly kind: 'keyframe'; readonly id: number; readonly keyframe: Snapshot }
  /** This session is no longer followed. */
  | { readonly kind: 'failed'; readonly id: number; readonly sentence: string }
