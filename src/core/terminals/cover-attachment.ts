/** Core: what an entry of the revocation log does to one attachment of a PTY session; the one place that decides it. */
import { parseAccountEpoch, type RevocationEntry, subject } from '../revocation/log.ts'

/** What of an attachment the log can cover. */
export type AttachmentSubjects = {
  readonly accountId: number
  readonly sessionRow: number
  readonly organizationId: string | null
  readonly credentialId: string | null
  readonly groups: readonly string[]
  readonly ptySessionId: string
  readonly serverName: string
  readonly changeId: string | null
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
      return isAccessOf(entry.subject, facts) ? 'judge' : 'none'
    case 'token':
      return 'none'
  }
}

function isAccessOf(changed: string, facts: AttachmentSubjects): boolean {
  if (changed === subject.access('account', String(facts.accountId))) return true
  if (changed === subject.access('server', facts.serverName)) return true
  if (facts.changeId !== null && changed === subject.access('change', facts.changeId)) return true
  return facts.groups.some((group) => changed === subject.access('group', group))
}

function endIf(isCovered: boolean): Cover {
  return isCovered ? 'end' : 'none'
}
