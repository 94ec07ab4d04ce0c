/** Core: every administrative act with its permission; the one table for all dialects. */
import type { Permission } from '../accounts/permissions.ts'

/** What an act needs. */
type ActFacts = {
  readonly permission: Permission
  /** The act changes an account. An administrator cannot change an account that holds more. */
  readonly touches: boolean
}

const table = {
  'list-accounts': { permission: 'accounts.read', touches: false },
  'read-account': { permission: 'accounts.read', touches: false },
  'add-account': { permission: 'accounts.write', touches: false },
  'change-account': { permission: 'accounts.write', touches: true },
  'change-groups': { permission: 'accounts.write', touches: true },
  'remove-account': { permission: 'accounts.write', touches: true },
  'set-password': { permission: 'accounts.secure', touches: true },
  'reset-second-factor': { permission: 'accounts.secure', touches: true },
  'end-session': { permission: 'accounts.secure', touches: true },
  'read-credentials': { permission: 'accounts.read', touches: false },
  'write-credential': { permission: 'accounts.secure', touches: true },
  'read-throttle': { permission: 'accounts.secure', touches: false },
  'lift-throttle': { permission: 'accounts.secure', touches: false },
  grant: { permission: 'admins.write', touches: true },
  'read-organization': { permission: 'accounts.read', touches: false },
  'write-organization': { permission: 'accounts.write', touches: false },
  'see-live-terminals': { permission: 'terminals.end', touches: false },
  'end-terminal': { permission: 'terminals.end', touches: false },
  'read-recordings': { permission: 'recordings.read', touches: false },
  'read-status': { permission: 'system.read', touches: false },
} as const

/** One act. */
export type AdministrativeAct = keyof typeof table

/** Every act with its facts. */
export const administrativeActs: Readonly<Record<AdministrativeAct, ActFacts>> = table
