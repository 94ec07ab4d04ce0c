/** Console: every kind of notice with what ends it; no other can be shown. Pure. */

/** What happens in the page, and may end a notice. */
export type NoticeTrigger =
  /** The person asks the server for something, anew. */
  | 'act'
  /** The person answered the question that was asked. */
  | 'answered'
  | 'held'
  | 'let-go'
  | 'line-down'
  | 'line-up'
  /** The lists of the lobby were read: the server answers. */
  | 'lists-read'
  /** The terminal is over. */
  | 'over'
  /** Somebody holds the implementor's slot. */
  | 'somebody-types'
  /** Whoever implements pressed a key, or pasted. */
  | 'typed'
  /** The person implements from now on, or only watches. */
  | 'types'
  | 'watches'

/** What holds of a kind. */
export type NoticeKind = {
  readonly look: 'attention' | 'message' | 'plain'
  /** In milliseconds; `told`: as long as the notice says itself; null: no time ends it. */
  readonly lasts: number | 'told' | null
  readonly endedBy: readonly NoticeTrigger[]
  /** Whether the person may take it away; what does not end by itself while it holds may not. */
  readonly isDismissible: boolean
  /** Stands before the others. */
  readonly isUrgent?: true
  /** Several stand beside each other; of other kinds the newest takes the place of the one before. */
  readonly isMany?: true
}

/** 8 s: long enough to be read twice. */
const brief = 8_000

/** 30 s: for what is not said again. */
const long = 30_000

/** The name of a kind. */
export type NoticeName =
  | 'line-down'
  | 'presence'
  | 'held'
  | 'not-sent'
  | 'paste-held'
  | 'window'
  | 'idle'
  | 'headless'
  | 'observers'
  | 'message'
  | 'note'
  | 'input-lost'
  | 'line-back'
  | 'watches-now'
  | 'passes-again'
  | 'typed-in-vain'
  | 'link-copied'
  | 'link'
  | 'farewell'
  | 'refused'
  | 'no-answer'

/** The kinds by their names. */
export const noticeKinds: Readonly<Record<NoticeName, NoticeKind>> = {
  'line-down': { look: 'attention', lasts: null, endedBy: ['line-up', 'over'], isDismissible: false, isUrgent: true },
  // Whoever comes back is asked again.
  presence: {
    look: 'attention',
    lasts: null,
    endedBy: ['answered', 'line-down', 'line-up', 'types', 'over'],
    isDismissible: false,
    isUrgent: true,
  },
  // Whoever comes back is told anew whether input is held.
  held: {
    look: 'attention',
    lasts: null,
    endedBy: ['let-go', 'line-up', 'over'],
    isDismissible: false,
    isUrgent: true,
  },
  'not-sent': {
    look: 'attention',
    lasts: brief,
    endedBy: ['let-go', 'line-down', 'over'],
    isDismissible: false,
    isUrgent: true,
  },
  'paste-held': {
    look: 'attention',
    lasts: null,
    endedBy: ['answered', 'watches', 'over'],
    isDismissible: false,
    isUrgent: true,
  },
  window: { look: 'attention', lasts: 'told', endedBy: ['over'], isDismissible: true },
  idle: { look: 'attention', lasts: 'told', endedBy: ['typed', 'over'], isDismissible: true },
  headless: { look: 'attention', lasts: 'told', endedBy: ['somebody-types', 'over'], isDismissible: true },
  observers: { look: 'attention', lasts: 'told', endedBy: ['let-go', 'over'], isDismissible: true },
  message: { look: 'message', lasts: long, endedBy: [], isDismissible: true, isMany: true },
  note: { look: 'plain', lasts: null, endedBy: [], isDismissible: true, isMany: true },
  'input-lost': { look: 'plain', lasts: brief, endedBy: ['over'], isDismissible: true },
  'line-back': { look: 'plain', lasts: brief, endedBy: ['line-down', 'over'], isDismissible: true },
  'watches-now': { look: 'plain', lasts: brief, endedBy: ['types', 'over'], isDismissible: true },
  'passes-again': {
    look: 'plain',
    lasts: brief,
    endedBy: ['held', 'line-down', 'watches', 'over'],
    isDismissible: true,
  },
  'typed-in-vain': { look: 'plain', lasts: brief, endedBy: ['types', 'line-down', 'over'], isDismissible: true },
  'link-copied': { look: 'plain', lasts: brief, endedBy: ['over'], isDismissible: true },
  // To be copied by hand.
  link: { look: 'plain', lasts: null, endedBy: ['over'], isDismissible: true },
  farewell: { look: 'plain', lasts: null, endedBy: ['act', 'somebody-types'], isDismissible: true },
  refused: { look: 'plain', lasts: long, endedBy: ['act'], isDismissible: true },
  'no-answer': { look: 'plain', lasts: long, endedBy: ['act', 'lists-read', 'line-up'], isDismissible: true },
}
