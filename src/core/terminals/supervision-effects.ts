/** Core: what supervision returns to the gateway. */
import type { EndReason } from './ends.ts'

/** Why input is blocked. */
export type InputBlock =
  | 'observers-missing'
  | 'presence-missing'
  | 'paused-by-observer'
  | 'not-implementor'
  | 'no-new-commands'

/** What the caller must do, in order. */
export type Effect =
  | {
      readonly kind: 'warn'
      readonly what: 'window' | 'idle' | 'headless' | 'observers'
      readonly secondsLeft: number
      readonly sentence: string
    }
  | { readonly kind: 'block'; readonly why: InputBlock; readonly sentence: string }
  | { readonly kind: 'unblock' }
  | { readonly kind: 'ask-presence'; readonly attachmentId: string; readonly byMs: number; readonly sentence: string }
  | { readonly kind: 'slot-freed' }
  | { readonly kind: 'end'; readonly reason: EndReason }

/** The verdict on input. */
export type InputVerdict =
  | { readonly kind: 'pass'; readonly bytes: Uint8Array }
  | { readonly kind: 'drop'; readonly why: InputBlock }

/** Why an attachment ends: the user left, the socket dropped and may resume, or access was revoked. */
export type DetachCause = 'left' | 'dropped' | 'revoked'
