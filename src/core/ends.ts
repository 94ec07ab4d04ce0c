/** Core: which commands are ends. When the store has room for nothing else, it still takes ends. */
import type { AuditAction } from './audit/event.ts'
import type { CommandName, Commands } from './store.ts'

/** Whether a command is an end: always, never, or by its input. */
type Ending<Name extends CommandName> = boolean | ((input: Commands[Name]['input']) => boolean)

/** Audit actions that report an end and have no command of their own. */
const endingActions: ReadonlySet<AuditAction> = new Set(['recording-remove', 'pty-end', 'pty-detach'])

/**
 * An end takes a right away, or records that something has ended. A command that may take rights away and may also
 * grant some counts too: taking access away must not wait for room. Commands that add something, sign in or only take
 * notes are no ends.
 */
const endings: { readonly [Name in CommandName]: Ending<Name> } = {
  addAccount: false,
  changeAccount: ({ change, rotation }) =>
    rotation !== null ||
    change.status === 'disabled' ||
    change.role === 'user' ||
    change.authority !== undefined ||
    typeof change.expiresAt === 'number' ||
    (change.removeGroups ?? []).length > 0,
  removeAccount: true,
  keepMark: false,
  upgradePasswordHash: false,
  beginSecondFactor: false,
  confirmSecondFactor: false,
  recordFailedSignIn: false,
  forgetFailures: false,
  keepThrottleTime: false,
  useCode: false,
  createSession: false,
  exchangeToken: false,
  revoke: true,
  touchSessions: false,
  collectExpired: false,
  addCredential: false,
  changeCredential: false,
  removeCredential: true,
  touchCredential: false,
  openOrganizationAccount: false,
  addOrganization: false,
  removeOrganization: true,
  addMember: false,
  removeMember: true,
  addServer: false,
  changeServer: true,
  removeServer: true,
  addChange: false,
  setChangeState: ({ state }) => state === 'closed',
  startPtySession: false,
  joinPtySession: false,
  attachPtyToken: false,
  detachPtyAttachment: true,
  freePtySlot: true,
  retakePtySlot: false,
  closePtySession: true,
  endPtySession: true,
  closeLostPtySessions: true,
  setPolicy: true,
  setCatalogue: ({ catalogue }) => catalogue === null,
  addAuthorityKey: false,
  addKey: false,
  retireKeys: false,
  appendAudit: ({ events }) => events.every(({ action }) => endingActions.has(action)),
  appendAuditSeal: false,
}

/** Returns whether a command with this input is an end. */
export function isEnd<Name extends CommandName>(name: Name, input: Commands[Name]['input']): boolean {
  const ending = endings[name] as Ending<Name>
  return typeof ending === 'boolean' ? ending : ending(input)
}
