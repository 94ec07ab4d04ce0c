/** Core: the atomic commands on organizations that every store offers. */
import type { AuditEvent } from '../audit/event.ts'
import type { Organization } from './organization.ts'

/** Atomic commands on organizations and memberships; removals append to the revocation log. */
export type OrganizationCommands = {
  readonly addOrganization: {
    readonly input: { readonly organization: Organization; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'added' | 'name-taken' }
  }
  readonly removeOrganization: {
    readonly input: { readonly organizationId: string; readonly nowMs: number; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'removed' | 'missing' }
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
