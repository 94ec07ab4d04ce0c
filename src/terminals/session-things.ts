/** Terminals: what of a PTY session lasts beyond its request: the terminal, everybody attached to it, the line of a health check. */
import type { Holder, LastingSubjects, LastingThing } from '../core/revocation/lasting.ts'
import { earlierEnd } from '../core/sessions/session.ts'
import type { Attachment, AttachmentFacts } from './attachment.ts'
import type { PtySession } from './pty-session.ts'
import type { Reviews } from './reviews.ts'

/** Makes the lasting things of PTY sessions. */
export class SessionThings {
  readonly #reviews: Reviews

  constructor(reviews: Reviews) {
    this.#reviews = reviews
  }

  /** The terminal: it is of whoever implements, else of whoever did last, and goes with the account that started it. */
  ofTerminal(session: PtySession): LastingThing {
    return {
      kind: 'terminal',
      subjects: () => ({ ...subjectsOf(session, session.owner.facts), ptySessionId: session.facts.id }),
      expiresAt: () => earlierEnd(session.owner.facts.expiresAt, session.rules.starter.expiresAt),
      end: (entry) => {
        if (entry?.kind === 'pty_session') void this.#reviews.endAsAsked(session)
        else void session.end('revoked')
      },
      judge: () => this.#reviews.beginSession(session),
    }
  }

  ofAttachment(session: PtySession, attachment: Attachment): LastingThing {
    return {
      kind: 'attachment',
      subjects: () => subjectsOf(session, attachment.facts),
      expiresAt: () => attachment.facts.expiresAt,
      end: () => session.evict(attachment, 'revoked'),
      judge: () => this.#reviews.begin(session, attachment),
    }
  }

  /** A line of a health check with the command that it runs: both are of whoever ended the line, whoever types by now. */
  ofLine(session: PtySession, { by, stop }: { readonly by: AttachmentFacts; readonly stop: () => void }): LastingThing {
    const line = { by, stop }
    return {
      kind: 'command',
      subjects: () => subjectsOf(session, by),
      expiresAt: () => by.expiresAt,
      end: stop,
      judge: () => this.#reviews.beginLine(session, line),
    }
  }
}

function subjectsOf({ facts, rules }: PtySession, holder: Holder): LastingSubjects {
  const { serverName, changeId, startedByAccountId } = facts
  return { holder, access: { serverName, changeId, groups: rules.groups }, starterAccountId: startedByAccountId }
}
