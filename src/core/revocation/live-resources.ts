/** Core: what lasts beyond the request that began it; every entry of the revocation log is held against all of it, here and nowhere else. */
import type { Log } from '../ports.ts'
import { parseAccountEpoch, type RevocationEntry, subject } from './log.ts'

/** Every kind of lasting thing; the table in `docs/spec/revocation.md` says what each entry does to each. */
export const liveResourceKinds = ['terminal', 'command', 'attachment', 'follower', 'download'] as const

/** A kind of lasting thing. */
export type LiveResourceKind = (typeof liveResourceKinds)[number]

/** The sign-in that something lasts under. */
export type Holder = {
  readonly accountId: number
  readonly sessionRow: number
  readonly organizationId: string | null
  readonly credentialId: string | null
}

/** Where something leads, as far as rules are kept by it. */
export type Access = {
  readonly serverName: string | null
  readonly changeId: string | null
  /** Groups whose policies it is held to. */
  readonly groups: readonly string[]
}

/** What of a lasting thing the log can cover. */
export type ResourceSubjects = {
  readonly holder: Holder
  readonly access: Access
  /** The access token that asked for it, as an entry names it; left out: it outlives that. */
  readonly tokenSubject?: string
  /** The PTY session that it is. */
  readonly ptySessionId?: string
  /** Account that it needs as well, whoever holds it. */
  readonly starterAccountId?: number
}

/** Something that lasts. Neither `end` nor `judge` waits, and both may be called again. */
export type LiveResource = {
  readonly kind: LiveResourceKind
  /** Asked at every entry: a thing changes hands. */
  readonly subjects: () => ResourceSubjects
  /** Unix seconds at which its access is over by itself; null: never. */
  readonly expiresAt: () => number | null
  /** Its access is over: when this returns, it takes nothing and gives nothing any more. */
  readonly end: (entry: RevocationEntry | null) => void
  /** Its access has to be looked at anew: it takes nothing and gives nothing until that is done. */
  readonly judge: () => void
}

/** Lets go of a lasting thing that is over. */
export type Release = () => void

/** What is on its way to become a lasting thing: entries that come meanwhile are held against it too. */
export type Registration = {
  readonly add: (thing: LiveResource) => Release
  readonly close: () => void
}

/** `end`: its access is over. `judge`: its access has to be looked at anew. `none`: the entry is about others. */
export type RevocationEffect = 'end' | 'judge' | 'none'

/** All that lasts at this node. */
export class LiveResources {
  readonly #log: Pick<Log, 'error'>
  readonly #things = new Set<LiveResource>()
  readonly #missed = new Set<(RevocationEntry | null)[]>()

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log
  }

  /** How many last now. */
  get size(): number {
    return this.#things.size
  }

  /** Holds every entry against a thing, until it is let go. */
  add(thing: LiveResource): Release {
    this.#things.add(thing)
    return () => this.#things.delete(thing)
  }

  /** Begins to note entries; to be called before anything is read that lets a thing begin, and closed in every case. */
  begin(): Registration {
    const missed: (RevocationEntry | null)[] = []
    this.#missed.add(missed)
    return {
      add: (thing) => {
        const release = this.add(thing)
        for (const entry of missed) this.#hold(thing, entry)
        return release
      },
      close: () => void this.#missed.delete(missed),
    }
  }

  /** Holds one entry against everything; null: the log is another one than before, and everything is judged. */
  apply(entry: RevocationEntry | null): void {
    for (const missed of this.#missed) missed.push(entry)
    for (const thing of [...this.#things]) this.#hold(thing, entry)
  }

  /** Ends what is over by itself at `now`, in Unix seconds. */
  expire(now: number): void {
    for (const thing of [...this.#things]) {
      const expiresAt = thing.expiresAt()
      if (expiresAt !== null && now >= expiresAt) this.#act(thing, () => thing.end(null))
    }
  }

  #hold(thing: LiveResource, entry: RevocationEntry | null): void {
    this.#act(thing, () => {
      const cover = entry === null ? 'judge' : coverOf(entry, thing.subjects())
      if (cover === 'end') thing.end(entry)
      if (cover === 'judge') thing.judge()
    })
  }

  /** One that fails keeps no other from its end. */
  #act(thing: LiveResource, act: () => void): void {
    try {
      act()
    } catch (cause) {
      this.#log.error(
        { err: cause, kind: thing.kind },
        'an entry of the revocation log could not be held against something',
      )
    }
  }
}

/** Returns what an entry does to something that has these subjects. */
export function coverOf(entry: RevocationEntry, subjects: ResourceSubjects): RevocationEffect {
  const { holder, tokenSubject, ptySessionId } = subjects
  switch (entry.kind) {
    case 'token':
      return endIf(entry.subject === tokenSubject)
    case 'session':
      return endIf(entry.subject === subject.session(holder.sessionRow))
    case 'account_epoch':
      return coverOfEpoch(entry, subjects)
    case 'membership': {
      const { organizationId, accountId } = holder
      return endIf(organizationId !== null && entry.subject === subject.membership(accountId, organizationId))
    }
    case 'organization':
      return endIf(entry.subject === holder.organizationId)
    case 'credential':
      return endIf(entry.subject === holder.credentialId)
    case 'pty_session':
      return endIf(entry.subject === ptySessionId)
    case 'access_changed':
      return changesAccess(entry, subjects) ? 'judge' : 'none'
  }
}

/** Whoever started something has to have an account, and need not be signed in. */
function coverOfEpoch(entry: RevocationEntry, { holder, starterAccountId }: ResourceSubjects): RevocationEffect {
  const { accountId, keptSessionRow } = parseAccountEpoch(entry.subject)
  if (accountId === holder.accountId && keptSessionRow !== holder.sessionRow) return 'end'
  return accountId === starterAccountId ? 'judge' : 'none'
}

function changesAccess(
  { subject: changed }: RevocationEntry,
  { holder, access, starterAccountId }: ResourceSubjects,
): boolean {
  const { serverName, changeId, groups } = access
  return [
    subject.access('account', String(holder.accountId)),
    ...(starterAccountId === undefined ? [] : [subject.access('account', String(starterAccountId))]),
    ...(serverName === null ? [] : [subject.access('server', serverName)]),
    ...(changeId === null ? [] : [subject.access('change', changeId)]),
    ...groups.map((group) => subject.access('group', group)),
  ].includes(changed)
}

function endIf(isCovered: boolean): RevocationEffect {
  return isCovered ? 'end' : 'none'
}
