/** Terminals: judges the access of attachments again when it has changed. Until then they neither send input nor get output. */
import { isRefusal, type Refusal } from '../core/errors.ts'
import {
  type Attached,
  judgeAgain,
  judgeSessionAccess,
  readSessionAccess,
  type SessionAccess,
} from '../core/terminals/attach.ts'
import type { EndReason } from '../core/terminals/ends.ts'
import type { Ports } from '../core/wiring.ts'
import type { Attachment, AttachmentFacts } from './attachment.ts'
import type { PtySession } from './pty-session.ts'

type ReviewPorts = Pick<Ports, 'store' | 'clock' | 'settings' | 'log'>

/** A line of a health check, and the function that stops its command. */
type Line = { readonly by: AttachmentFacts; readonly stop: () => void }

/** The object of a review: an attachment, a session or a line. */
type Subject = Attachment | PtySession | Line

/** One judgement of a subject. */
type Look = {
  readonly subject: Subject
  readonly session: PtySession
  readonly judge: (access: SessionAccess) => Promise<() => void>
  readonly refuse: (refusal: Refusal) => void
  /** What to do if the store cannot be read. Without it, the subject stays blocked until the next try. */
  readonly giveUp?: () => void
}

/** Judgements under way. */
export class Reviews {
  readonly #ports: ReviewPorts
  readonly #rounds = new WeakMap<Subject, number>()
  readonly #underWay = new WeakSet<Subject>()
  /** PTY sessions that could not be judged yet. */
  readonly #due = new WeakSet<PtySession>()

  constructor(ports: ReviewPorts) {
    this.#ports = ports
  }

  /** Blocks the attachment at once, and unblocks it if it is still allowed; otherwise the attachment ends. */
  begin(session: PtySession, attachment: Attachment): void {
    attachment.isUnderReview = true
    session.discardInput(attachment)
    this.#begin({
      subject: attachment,
      session,
      judge: (access) => this.#judge(session, attachment, access),
      refuse: (refusal) => session.evict(attachment, reasonOf(refusal)),
    })
  }

  /** Judges a PTY session. It ends if its owner may no longer work in it, attached or not. */
  beginSession(session: PtySession): void {
    const { owner } = session
    this.#due.add(session)
    this.#begin({
      subject: session,
      session,
      judge: async (access) => {
        judgeSessionAccess(access, this.#ports.clock.wallMs())
        const letOwnerGo = session.isSlotFree() ? await this.#judgeOwner(session, owner, access) : null
        return () => {
          this.#due.delete(session)
          session.reconfigure(access)
          letOwnerGo?.()
        }
      },
      refuse: (refusal) => {
        // Another user took the terminal over meanwhile, so the new owner is judged.
        if (session.owner === owner) void session.end(reasonOf(refusal))
        else this.beginSession(session)
      },
    })
  }

  /** Stops a line of a health check and its command, if its author may no longer be an implementor. */
  beginLine(session: PtySession, line: Line): void {
    this.#begin({
      subject: line,
      session,
      judge: async (access) => {
        await judgeAgain(this.#ports, access, { ...line.by, role: 'implementor' })
        return () => undefined
      },
      refuse: line.stop,
      giveUp: line.stop,
    })
  }

  /** Tries again if the store could not be read. A judgement under way continues. */
  again(session: PtySession): void {
    for (const attachment of [...session.attachments.all()]) {
      if (attachment.isUnderReview && !this.#underWay.has(attachment)) this.begin(session, attachment)
    }
    if (this.#due.has(session) && !this.#underWay.has(session)) this.beginSession(session)
  }

  /** Ends a PTY session for a user of the API: input is blocked at once, and the store has the user. */
  async endAsAsked(session: PtySession): Promise<void> {
    session.stop()
    await session.end(await this.#reasonOf(session))
  }

  async #reasonOf({ facts }: PtySession): Promise<EndReason> {
    try {
      return (await this.#ports.store.ptySessionById(facts.id))?.endReason ?? 'ended-by-admin'
    } catch (cause) {
      this.#ports.log.warn({ err: cause, ptySession: facts.id }, 'why a terminal is to end could not be read')
      return 'ended-by-admin'
    }
  }

  #begin(look: Look): void {
    const { subject } = look
    const round = (this.#rounds.get(subject) ?? 0) + 1
    this.#rounds.set(subject, round)
    this.#underWay.add(subject)
    void this.#look(look, round).finally(() => {
      if (this.#rounds.get(subject) === round) this.#underWay.delete(subject)
    })
  }

  /** A read from before the newest entry does not count. */
  async #look({ subject, session, judge, refuse, giveUp }: Look, round: number): Promise<void> {
    const isNewest = (): boolean => this.#rounds.get(subject) === round
    try {
      const letGo = await judge(await readSessionAccess(this.#ports, session.facts.id))
      if (isNewest()) letGo()
    } catch (cause) {
      if (!isNewest()) return
      // If the store cannot be read, input stays blocked; the next tick tries again.
      if (isRefusal(cause) && cause.kind !== 'unavailable') return refuse(cause)
      giveUp?.()
      this.#ports.log.warn({ err: cause, ptySession: session.facts.id }, 'access could not be checked again')
    }
  }

  async #judgeOwner(session: PtySession, owner: Attachment, access: SessionAccess): Promise<() => void> {
    const attached = await judgeAgain(this.#ports, access, { ...owner.facts, role: 'implementor' })
    return () => {
      if (attached.account.person !== owner.facts.person) void session.end('access-changed')
      else owner.renew(attached, this.#ports.clock.wallMs())
    }
  }

  async #judge(session: PtySession, attachment: Attachment, access: SessionAccess): Promise<() => void> {
    const { facts, role } = attachment
    const attached = await judgeAgain(this.#ports, access, { ...facts, role })
    return () => {
      // Supervision compared persons by the facts at the time of their joining.
      if (attached.account.person !== facts.person) session.evict(attachment, 'access-changed')
      else letGo(session, attachment, { access, attached, nowMs: this.#ports.clock.wallMs() })
    }
  }
}

function reasonOf({ kind, code }: Refusal): 'revoked' | 'access-changed' | 'access-denied' {
  if (code === 'ACCESS_DENIED' || code === 'ACTION_DUE') return 'access-denied'
  return kind === 'unauthenticated' ? 'revoked' : 'access-changed'
}

function letGo(
  session: PtySession,
  attachment: Attachment,
  { access, attached, nowMs }: { readonly access: SessionAccess; readonly attached: Attached; readonly nowMs: number },
): void {
  attachment.renew(attached, nowMs)
  session.reconfigure(access)
  attachment.isUnderReview = false
}
