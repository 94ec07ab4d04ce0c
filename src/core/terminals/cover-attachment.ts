/** Core: what an entry of the revocation log does to one attachment of a PTY session; the one place that decides it. */
import { parseAccountEpoch, type RevocationEntry, subject } from '../revocation/log.ts'

/** What of a PTY session the log can cover. */
export type SessionSubjects = {
  readonly serverName: string
  readonly changeId: string | null
  /** Whose policies it is held to. */
  readonly groups: readonly string[]
}

/** What of an attachment the log can cover. */
export type AttachmentSubjects = SessionSubjects & {
  readonly accountId: number
  readonly sessionRow: number
  readonly organizationId: string | null
  readonly credentialId: string | null
  readonly ptySessionId: string
}

/** `end`: its access is over. `judge`: its access has to be looked at anew. `none`: the entry is about others. */
export type Cover = 'end' | 'judge' | 'none'

/** Returns what an entry does to an attachment. */
export function coverOf(entry: RevocationEntry, facts: AttachmentSubjects): Cover {
  switch (entry.kind) {
    case 'session':
      return endIf(entry.subject === subject.session(facts.sessionRow))
    case 'account_epoch': {
      const { accountId, keptSessionRow } = parseAccountEpoch(entry.subject)
      return endIf(accountId === facts.accountId && keptSessionRow !== facts.sessionRow)
    }
    case 'membership': {
      const { organizationId } = facts
      return endIf(organizationId !== null && entry.subject === subject.membership(facts.accountId, organizationId))
    }
    case 'organization':
      return endIf(entry.subject === facts.organizationId)
    case 'credential':
      return endIf(entry.subject === facts.credentialId)
    case 'pty_session':
      return endIf(entry.subject === facts.ptySessionId)
    case 'access_changed':
      return isAccountChanged(entry, facts) || changesSession(entry, facts) ? 'judge' : 'none'
    case 'token':
      return 'none'
  }
}

/** Tells whether an entry changed what a PTY session as a whole is held to, whoever is attached. */
export function changesSession({ kind, subject: changed }: RevocationEntry, facts: SessionSubjects): boolean {
  if (kind !== 'access_changed') return false
  if (changed === subject.access('server', facts.serverName)) return true
  if (facts.changeId !== null && changed === subject.access('change', facts.changeId)) return true
  return facts.groups.some((group) => changed === subject.access('group', group))
}

function isAccountChanged(entry: RevocationEntry, { accountId }: AttachmentSubjects): boolean {
  return entry.subject === subject.access('account', String(accountId))
}

function endIf(isCovered: boolean): Cover {
  return isCovered ? 'end' : 'none'
}
