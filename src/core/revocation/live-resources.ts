/**
 * Core: live resources: everything that outlives the request that started it. Every entry of the revocation log is
 * compared with all of them, here and nowhere else.
 */
import type { Log } from '../ports.ts'
import { parseAccountEpoch, type RevocationEntry, subject } from './log.ts'

/** Every kind of live resource; the table in `docs/spec/revocation.md` says what each entry does to each. */
export const liveResourceKinds = ['terminal', 'command', 'attachment', 'follower', 'download'] as const

/** A kind of live resource. */
export type LiveResourceKind = (typeof liveResourceKinds)[number]

/** The session that a live resource depends on. */
export type Holder = {
  readonly accountId: number
  readonly sessionRow: number
  readonly organizationId: string | null
  readonly credentialId: string | null
}

/** The server and change request of a resource, for the rules. */
export type Access = {
  readonly serverName: string | null
  readonly changeId: string | null
  /** Groups whose policies apply. */
  readonly groups: readonly string[]
}

/** The facts of a live resource that entries can cover. */
export type ResourceSubjects = {
  readonly holder: Holder
  readonly access: Access
  /** The access token that started it, as an entry names it; absent: it outlives the token. */
  readonly tokenSubject?: string
  /** Its PTY session. */
  readonly ptySessionId?: string
  /** The account that it needs besides its holder. */
  readonly starterAccountId?: number
}

/** A live resource. `end` and `judge` return at once and may be called again. */
export type LiveResource = {
  readonly kind: LiveResourceKind
  /** Read at every entry, because the holder can change. */
  readonly subjects: () => ResourceSubjects
  /** Unix seconds at which its access ends by itself; null: never. */
  readonly expiresAt: () => number | null
  /** Ends its access: after the return it takes and gives nothing. */
  readonly end: (entry: RevocationEntry | null) => void
  /** Judges its access again: it takes and gives nothing until that is done. */
  readonly judge: () => void
}

/** Removes a resource that has ended. */
export type Release = () => void

/** Notes the entries that come while a resource starts. */
export type Registration = {
  readonly add: (thing: LiveResource) => Release
  readonly close: () => void
}

/** `end`: its access has ended. `judge`: its access must be judged again. `none`: the entry does not concern it. */
export type RevocationEffect = 'end' | 'judge' | 'none'

/** All live resources of this node. */
export class LiveResources {
  readonly #log: Pick<Log, 'error'>
  readonly #things = new Set<LiveResource>()
  readonly #missed = new Set<(RevocationEntry | null)[]>()

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log
  }

  /** Number of live resources. */
  get size(): number {
    return this.#things.size
  }

  /** Compares every entry with a resource, until it is released. */
  add(thing: LiveResource): Release {
    this.#things.add(thing)
    return () => this.#things.delete(thing)
  }

  /**
   * Notes entries from now on. Call it before reading anything that the start depends on, and close it in every case.
   */
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

  /** Compares one entry with every resource; null: the history of the log has changed, and all are judged again. */
  apply(entry: RevocationEntry | null): void {
    for (const missed of this.#missed) missed.push(entry)
    for (const thing of [...this.#things]) this.#hold(thing, entry)
  }

  /** Ends resources that have reached their own end at `now`, in Unix seconds. */
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

  /** If one fails, the others still end. */
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

/** Returns what an entry does to a resource with these subjects. */
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

/** The account that started a resource must exist, and need not be signed in. */
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
