/** Console: every kind of notice with what ends it. Pure. */

/** An event of the page that may end a notice. */
export type NoticeTrigger =
  /** The user sends another request. */
  | 'act'
  /** The user answered the question. */
  | 'answered'
  | 'held'
  | 'let-go'
  | 'line-down'
  | 'line-up'
  /** The lists of the start screen were read: the server answers. */
  | 'lists-read'
  /** The terminal has ended. */
  | 'over'
  /** There is an implementor. */
  | 'somebody-types'
  /** The implementor pressed a key, or pasted. */
  | 'typed'
  /** The user became the implementor, or an observer. */
  | 'types'
  | 'watches'

/** The rules of a kind. */
export type NoticeKind = {
  readonly look: 'attention' | 'message' | 'plain'
  /** In milliseconds; `stated`: as the notice says; null: no time ends it. */
  readonly lasts: number | 'stated' | null
  readonly endedBy: readonly NoticeTrigger[]
  /** Whether the user may dismiss it. A notice that stays as long as its cause cannot be dismissed. */
  readonly isDismissible: boolean
  /** Shown before the others. */
  readonly isUrgent?: true
  /** Several can be shown; of other kinds the newest replaces the last one. */
  readonly isMany?: true
}

/** 8 s: long enough to be read twice. */
const brief = 8_000

/** 30 s: for a notice that is not repeated. */
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
  // A client that resumes is asked again.
  presence: {
    look: 'attention',
    lasts: null,
    endedBy: ['answered', 'line-down', 'line-up', 'types', 'over'],
    isDismissible: false,
    isUrgent: true,
  },
  // A client that resumes gets the state of its input again.
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
  window: { look: 'attention', lasts: 'stated', endedBy: ['over'], isDismissible: true },
  idle: { look: 'attention', lasts: 'stated', endedBy: ['typed', 'over'], isDismissible: true },
  headless: { look: 'attention', lasts: 'stated', endedBy: ['somebody-types', 'over'], isDismissible: true },
  observers: { look: 'attention', lasts: 'stated', endedBy: ['let-go', 'over'], isDismissible: true },
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
