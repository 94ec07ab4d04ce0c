/** Core: the closed table of ends. Every way in which a PTY session ends has one reason here. */

/** What clients get for an end. */
export type EndFacts = {
  /** WebSocket close code; 44xx and 45xx are ours (RFC 6455 section 7.4.2 leaves 4000 to 4999 to applications). */
  readonly closeCode: number
  /** For the user and for the recording. */
  readonly sentence: string
  /** Whether a new start may help. */
  readonly retry: 'no' | 'later'
}

const ends = {
  'shell-exit': { closeCode: 4410, sentence: 'The shell has ended.', retry: 'no' },
  'ended-by-implementor': { closeCode: 4410, sentence: 'The implementor ended the session.', retry: 'no' },
  'ended-by-observer': { closeCode: 4410, sentence: 'An observer ended the session.', retry: 'no' },
  'ended-by-admin': { closeCode: 4410, sentence: 'An administrator ended the session.', retry: 'no' },
  revoked: { closeCode: 4423, sentence: 'The access that this session was opened with was taken back.', retry: 'no' },
  'access-changed': {
    closeCode: 4423,
    sentence: 'The server, the change request or the groups changed, and no longer allow this session.',
    retry: 'no',
  },
  'access-denied': {
    closeCode: 4403,
    sentence: 'A rule of the account does not allow this session any more.',
    retry: 'no',
  },
  'window-over': { closeCode: 4440, sentence: 'The window of the change request is over.', retry: 'no' },
  idle: { closeCode: 4408, sentence: 'Nobody typed for too long.', retry: 'no' },
  headless: { closeCode: 4408, sentence: 'Nobody came back to the session in time.', retry: 'no' },
  'observers-missing': { closeCode: 4410, sentence: 'Too few observers were watching.', retry: 'no' },
  'presence-missing': { closeCode: 4410, sentence: 'No observer confirmed to be watching.', retry: 'no' },
  'node-drained': { closeCode: 1001, sentence: 'This node is being shut down.', retry: 'later' },
  'lease-lost': {
    closeCode: 4503,
    sentence: 'This node lost its contact with the store for too long.',
    retry: 'later',
  },
  'node-lost': { closeCode: 4503, sentence: 'The node that ran the session stopped without an end.', retry: 'later' },
  'recorder-failed': { closeCode: 4507, sentence: 'The session could not be recorded any more.', retry: 'later' },
  'recording-full': {
    closeCode: 4507,
    sentence: 'The recording of this session has reached its size limit.',
    retry: 'later',
  },
  'disk-low': {
    closeCode: 4507,
    sentence: 'The disk has too little room left to record this session.',
    retry: 'later',
  },
  'host-key-mismatch': {
    closeCode: 4410,
    sentence: 'The server showed another host key than the one in the inventory; nothing was sent to it.',
    retry: 'no',
  },
  'connection-refused': {
    closeCode: 4410,
    sentence: 'The server refused the connection: nothing listens on its port.',
    retry: 'later',
  },
  unreachable: { closeCode: 4410, sentence: 'The server did not answer.', retry: 'later' },
  'ca-not-trusted': {
    closeCode: 4410,
    sentence: 'The server does not trust the certificate authority of this Sallyport; see `sallyport server setup`.',
    retry: 'no',
  },
  'principal-refused': {
    closeCode: 4410,
    sentence: 'The server does not let this certificate in as this OS user; see `sallyport server setup`.',
    retry: 'no',
  },
  'login-refused': {
    closeCode: 4410,
    sentence:
      'The server refused the certificate: it does not trust it, or not for this OS user; see `sallyport server setup`.',
    retry: 'no',
  },
  'connection-lost': { closeCode: 4410, sentence: 'The connection to the server broke.', retry: 'later' },
  'not-possible-here': {
    closeCode: 4410,
    sentence: 'This machine cannot open such a terminal; the log of Sallyport says why.',
    retry: 'no',
  },
  'never-opened': {
    closeCode: 4404,
    sentence: 'Nobody opened the session before its start token expired.',
    retry: 'no',
  },
  'gateway-busy': { closeCode: 4500, sentence: 'Too many terminals are being opened at once.', retry: 'later' },
  internal: { closeCode: 4500, sentence: 'Something went wrong on our side.', retry: 'later' },
} as const

/** The stable name of an end. */
export type EndReason = keyof typeof ends

/** Every reason with its facts. */
export const endReasons: Readonly<Record<EndReason, EndFacts>> = ends
