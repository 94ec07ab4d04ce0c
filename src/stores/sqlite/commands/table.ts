/** SQLite store: every command by its name. */
import type { CommandName } from '../../../core/store.ts'
import type { Tx } from '../write-transaction.ts'
import * as accounts from './accounts.ts'
import * as audit from './audit.ts'
import * as authorityKeys from './authority-keys.ts'
import * as collect from './collect.ts'
import type { Input, Output } from './command.ts'
import * as credentials from './credentials.ts'
import * as exchange from './exchange.ts'
import * as inventory from './inventory.ts'
import * as keys from './keys.ts'
import * as organizations from './organizations.ts'
import * as owners from './owners.ts'
import * as policies from './policies.ts'
import * as ptyAttachments from './pty-attachments.ts'
import * as ptySessions from './pty-sessions.ts'
import * as revocations from './revocations.ts'
import * as sessions from './sessions.ts'
import * as signIns from './sign-ins.ts'

type CommandTable = { readonly [Name in CommandName]: (tx: Tx, input: Input<Name>) => Output<Name> }

/** The function of each command. */
export const commandTable: CommandTable = {
  addAccount: accounts.addAccount,
  changeAccount: accounts.changeAccount,
  removeAccount: accounts.removeAccount,
  keepMark: owners.keepMark,
  upgradePasswordHash: accounts.upgradePasswordHash,
  beginSecondFactor: signIns.beginSecondFactor,
  confirmSecondFactor: signIns.confirmSecondFactor,
  recordFailedSignIn: signIns.recordFailedSignIn,
  forgetFailures: signIns.forgetFailures,
  keepThrottleTime: signIns.keepThrottleTime,
  useCode: signIns.useCode,
  createSession: sessions.createSession,
  exchangeToken: exchange.exchangeToken,
  revoke: revocations.revoke,
  touchSessions: sessions.touchSessions,
  collectExpired: collect.collectExpired,
  addCredential: credentials.addCredential,
  changeCredential: credentials.changeCredential,
  removeCredential: credentials.removeCredential,
  touchCredential: credentials.touchCredential,
  openOrganizationAccount: credentials.openOrganizationAccount,
  addOrganization: organizations.addOrganization,
  removeOrganization: organizations.removeOrganization,
  addMember: organizations.addMember,
  removeMember: organizations.removeMember,
  addServer: inventory.addServer,
  changeServer: inventory.changeServer,
  removeServer: inventory.removeServer,
  addChange: inventory.addChange,
  setChangeState: inventory.setChangeState,
  startPtySession: ptySessions.startPtySession,
  joinPtySession: ptySessions.joinPtySession,
  attachPtyToken: ptyAttachments.attachPtyToken,
  detachPtyAttachment: ptyAttachments.detachPtyAttachment,
  freePtySlot: ptyAttachments.freePtySlot,
  retakePtySlot: ptyAttachments.retakePtySlot,
  closePtySession: ptySessions.closePtySession,
  endPtySession: ptySessions.endPtySession,
  closeLostPtySessions: ptySessions.closeLostPtySessions,
  setPolicy: policies.setPolicy,
  setCatalogue: policies.setCatalogue,
  addAuthorityKey: authorityKeys.addAuthorityKey,
  addKey: keys.addKey,
  retireKeys: keys.retireKeys,
  appendAudit: audit.appendAudit,
  appendAuditSeal: audit.appendAuditSeal,
}
