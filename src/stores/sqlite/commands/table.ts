/** SQLite store: every command by its name. */
import type { CommandName, Commands } from '../../../core/store.ts'
import type { Tx } from '../write-transaction.ts'
import { addAccount, changeAccount, removeAccount, upgradePasswordHash } from './accounts.ts'
import { appendAudit, appendAuditSeal } from './audit.ts'
import { addAuthorityKey } from './authority-keys.ts'
import { collectExpired } from './collect.ts'
import {
  addCredential,
  changeCredential,
  openOrganizationAccount,
  removeCredential,
  touchCredential,
} from './credentials.ts'
import { exchangeToken } from './exchange.ts'
import { addChange, addServer, changeServer, removeServer, setChangeState } from './inventory.ts'
import { addKey, retireKeys } from './keys.ts'
import { addMember, addOrganization, removeMember, removeOrganization } from './organizations.ts'
import { keepMark } from './owners.ts'
import { setCatalogue, setPolicy } from './policies.ts'
import { attachPtyToken, detachPtyAttachment, freePtySlot, retakePtySlot } from './pty-attachments.ts'
import {
  closeLostPtySessions,
  closePtySession,
  endPtySession,
  joinPtySession,
  startPtySession,
} from './pty-sessions.ts'
import { revoke } from './revocations.ts'
import { createSession, touchSessions } from './sessions.ts'
import {
  beginSecondFactor,
  confirmSecondFactor,
  forgetFailures,
  keepThrottleTime,
  recordFailedSignIn,
  useCode,
} from './sign-ins.ts'

/** The function of each command. */
export type CommandTable = {
  readonly [Name in CommandName]: (tx: Tx, input: Commands[Name]['input']) => Commands[Name]['output']
}

export const commandTable: CommandTable = {
  addAccount,
  changeAccount,
  removeAccount,
  keepMark,
  upgradePasswordHash,
  beginSecondFactor,
  confirmSecondFactor,
  recordFailedSignIn,
  forgetFailures,
  keepThrottleTime,
  useCode,
  createSession,
  exchangeToken,
  revoke,
  touchSessions,
  collectExpired,
  addCredential,
  changeCredential,
  removeCredential,
  touchCredential,
  openOrganizationAccount,
  addOrganization,
  removeOrganization,
  addMember,
  removeMember,
  addServer,
  changeServer,
  removeServer,
  addChange,
  setChangeState,
  startPtySession,
  joinPtySession,
  attachPtyToken,
  detachPtyAttachment,
  freePtySlot,
  retakePtySlot,
  closePtySession,
  endPtySession,
  closeLostPtySessions,
  setPolicy,
  setCatalogue,
  addAuthorityKey,
  addKey,
  retireKeys,
  appendAudit,
  appendAuditSeal,
}
