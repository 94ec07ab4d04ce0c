/** Core: the commands of a store on organizations. */
import type { AuditEvent } from '../audit/event.ts'
import type { Organization } from './organization.ts'

/** Atomic commands on organizations and memberships; removals append to the revocation log. */
export type OrganizationCommands = {
  /** Adds an organization, with its first members if there are any; `no-account`: one of them is gone. */
  readonly addOrganization: {
    readonly input: {
      readonly organization: Organization
      readonly memberIds?: readonly number[]
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'added' | 'name-taken' | 'no-account' }
  }
  /** Removes an organization; if a member is given, only while it is one. */
  readonly removeOrganization: {
    readonly input: {
      readonly organizationId: string
      readonly memberId?: number
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'removed' | 'missing' | 'not-a-member' }
  }
  readonly addMember: {
    readonly input: {
      readonly organizationId: string
      readonly accountId: number
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'added' | 'already' | 'missing' }
  }
  readonly removeMember: {
    readonly input: {
      readonly organizationId: string
      readonly accountId: number
      readonly nowMs: number
      readonly audit: AuditEvent
    }
    readonly output: { readonly kind: 'removed' | 'missing' }
  }
}
