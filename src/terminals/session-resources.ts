/** Terminals: the live resources of a PTY session: the terminal, its attachments, the line of a health check. */
import type { Holder, LiveResource, ResourceSubjects } from '../core/revocation/live-resources.ts'
import type { RevocationEntry } from '../core/revocation/log.ts'
import { earlierEnd } from '../core/sessions/session.ts'
import type { Attachment, AttachmentFacts } from './attachment.ts'
import type { PtySession } from './pty-session.ts'
import type { Reviews } from './reviews.ts'

/** Creates the live resources of PTY sessions. */
export class SessionResources {
  readonly #reviews: Reviews

  constructor(reviews: Reviews) {
    this.#reviews = reviews
  }

  /** The terminal. It belongs to the implementor, or to the last one, and ends with the account that started it. */
  ofTerminal(session: PtySession): LiveResource {
    return {
      kind: 'terminal',
      subjects: () => ({ ...subjectsOf(session, session.owner.facts), ptySessionId: session.facts.id }),
      expiresAt: () => earlierEnd(endOf(session.owner.facts), session.rules.starter.expiresAt),
      end: (entry) => {
        if (entry?.kind === 'pty_session') void this.#reviews.endAsAsked(session)
        else void session.end(reasonOf(entry, session.owner.facts))
      },
      judge: () => this.#reviews.beginSession(session),
    }
  }

  ofAttachment(session: PtySession, attachment: Attachment): LiveResource {
    return {
      kind: 'attachment',
      subjects: () => {
        const { starterAccountId, ...own } = subjectsOf(session, attachment.facts)
        // An observer continues while the account that started the terminal is judged; an implementor stops at once.
        return attachment.role === 'implementor' ? { ...own, starterAccountId } : own
      },
      expiresAt: () => endOf(attachment.facts),
      end: (entry) => session.evict(attachment, reasonOf(entry, attachment.facts)),
      judge: () => this.#reviews.begin(session, attachment),
    }
  }

  /**
   * A line of a health check with its command. Both belong to the author of the line, whoever is the implementor now.
   */
  ofLine(session: PtySession, { by, stop }: { readonly by: AttachmentFacts; readonly stop: () => void }): LiveResource {
    const line = { by, stop }
    return {
      kind: 'command',
      subjects: () => subjectsOf(session, by),
      expiresAt: () => endOf(by),
      end: stop,
      judge: () => this.#reviews.beginLine(session, line),
    }
  }
}

function endOf({ expiresAt, accessEndsAt }: AttachmentFacts): number | null {
  return earlierEnd(expiresAt, accessEndsAt)
}

/** Without an entry, the resource has reached its own end: by an account rule if the access time ends first. */
function reasonOf(entry: RevocationEntry | null, facts: AttachmentFacts): 'revoked' | 'access-denied' {
  const { accessEndsAt } = facts
  return entry === null && accessEndsAt !== null && accessEndsAt === endOf(facts) ? 'access-denied' : 'revoked'
}

function subjectsOf({ facts, rules }: PtySession, holder: Holder): ResourceSubjects & { starterAccountId: number } {
  const { serverName, changeId, startedByAccountId } = facts
  return { holder, access: { serverName, changeId, groups: rules.groups }, starterAccountId: startedByAccountId }
}
