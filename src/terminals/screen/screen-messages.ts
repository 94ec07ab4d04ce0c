/** Terminals: what the main thread and the screens' thread say to one another; sessions go by numbers. */
import type { RecordPosition } from '../recording/recorder.ts'
import type { FollowedRecord } from './record-follower.ts'
import type { Snapshot } from './screen.ts'

/** What the thread is started with. */
export type ScreenWorkerData = {
  /** One 32-bit number: whose turn it is, 0 for nobody's. It outlives the thread, and so tells of what it died. */
  readonly turnOf: SharedArrayBuffer
  /** Without output for so long, a screen gives most of its memory back. */
  readonly restAfterMs: number
}

/** What the thread is asked. */
export type ScreenRequest =
  | { readonly kind: 'open'; readonly id: number; readonly record: FollowedRecord; readonly keyframes: Keyframes }
  | { readonly kind: 'advance'; readonly positions: readonly (readonly [id: number, RecordPosition])[] }
  | { readonly kind: 'snapshot'; readonly id: number; readonly request: number; readonly atLeast: number }
  | { readonly kind: 'close'; readonly id: number }
  | { readonly kind: 'end' }

/** Whether somebody wants keyframes, and the output before which there are some already. */
export type Keyframes = { readonly wanted: boolean; readonly from: number }

/** What the thread tells. */
export type ScreenReply =
  | { readonly kind: 'parsed'; readonly id: number; readonly seq: number }
  | { readonly kind: 'snapshot'; readonly id: number; readonly request: number; readonly snapshot: Snapshot }
  | { readonly kind: 'keyframe'; readonly id: number; readonly keyframe: Snapshot }
  /** This session is followed no further. */
  | { readonly kind: 'failed'; readonly id: number; readonly sentence: string }
