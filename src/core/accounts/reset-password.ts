/** Core: resets a forgotten password by a mailed code. Nothing of a code is stored. */
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Clock, Encodings, Mailer, Sealer } from '../ports.ts'
import type { Ports } from '../wiring.ts'
import { type Account, isAccountLive, type Role } from './account.ts'
import { hashNewPassword } from './change-password.ts'
import type { ResetMails } from './reset-mails.ts'

/** Ten minutes: enough to receive and read a mail. */
const codeLifeMs = 600_000

const purpose = 'password reset'

type CodePorts = { readonly clock: Clock; readonly sealer: Sealer; readonly encodings: Encodings }

/**
 * Mails a code to an account, if it can be mailed. The caller cannot see whether there is one: the mail is sent after
 * the answer.
 *
 * The code is sealed with the master key and contains the account's epoch. It is valid once, because a reset rotates
 * the epoch, and every other password change makes it invalid too.
 */
export function mailResetCode(
  ports: CodePorts & { readonly mailer: Mailer; readonly resetMails: ResetMails },
  account: Account | null,
): void {
  const nowMs = ports.clock.wallMs()
  if (account === null || account.email === null || !isAccountLive(account, Math.floor(nowMs / 1000))) return
  if (!ports.resetMails.admits(account.id, nowMs)) return
  ports.mailer.post({
    to: account.email,
    subject: 'Your confirmation code',
    text: `Somebody asked to set a new password for ${account.username}. If it was you, enter this code within ten minutes:\n\n${newCode(ports, account, nowMs)}\n\nIf it was not you, nothing has changed, and there is nothing to do.\n`,
  })
}

/** A new password with a mailed code. */
export type PasswordReset = {
  readonly username: string
  readonly role: Role
  readonly code: string
  readonly password: string
}

/**
 * Sets a new password by a mailed code and ends every session of the account.
 *
 * @throws RESET_CODE_WRONG if it is not a code of this account, was used, or has expired.
 * @throws PASSWORD_REJECTED if the password breaks a rule; the code stays valid.
 * @throws SIGN_IN_DENIED if `mayReset` refuses.
 */
export async function resetPassword(
  ports: Ports,
  input: PasswordReset,
  how: { readonly request: RequestFacts; readonly mayReset: (account: Account) => boolean },
): Promise<void> {
  const nowMs = ports.clock.wallMs()
  const account = await ports.store.accountByName(input.username.trim(), input.role)
  if (account === null || !isCodeOf(ports, account, { code: input.code, nowMs })) throw new Refusal('RESET_CODE_WRONG')
  if (!isAccountLive(account, Math.floor(nowMs / 1000))) throw new Refusal('RESET_CODE_WRONG')
  if (!how.mayReset(account)) throw new Refusal('SIGN_IN_DENIED')
  const password = await hashNewPassword(ports, input.password, {
    ...account,
    hasSecondFactor: account.totpSealed !== null,
  })
  const act = { action: 'password-change', subject: `account:${account.id}`, detail: { by: 'mailed code' } } as const
  const result = await ports.store.execute('changeAccount', {
    accountId: account.id,
    change: { password, settlesPasswordChange: true },
    rotation: { newEpoch: ports.random.uuid(), keptSessionRow: 0 },
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    nowMs,
    audit: auditEvent(how.request, { account, atMs: nowMs }, act),
  })
  if (result.kind !== 'changed') throw new Refusal('RESET_CODE_WRONG')
}

function newCode(ports: CodePorts, account: Account, nowMs: number): string {
  const text = `${account.id} ${account.epoch} ${nowMs + codeLifeMs}`
  return ports.encodings.toBase64url(ports.sealer.seal(purpose, asciiBytes(text)))
}

function isCodeOf(ports: CodePorts, account: Account, { code, nowMs }: { code: string; nowMs: number }): boolean {
  const sealed = ports.encodings.fromBase64(standardBase64(code.trim()))
  const opened = sealed === null ? null : tryToOpen(ports.sealer, sealed)
  if (opened === null) return false
  const [id, epoch, expiresAtMs] = String.fromCharCode(...opened).split(' ')
  return id === String(account.id) && epoch === account.epoch && nowMs < Number(expiresAtMs)
}

function tryToOpen(sealer: Sealer, sealed: Uint8Array): Uint8Array | null {
  try {
    return sealer.open(purpose, sealed)
  } catch (cause) {
    if (cause instanceof Refusal) return null
    throw cause
  }
}

/** The code is base64url (RFC 4648 section 5), which mail programs leave intact. */
function standardBase64(text: string): string {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  return standard.padEnd(Math.ceil(standard.length / 4) * 4, '=')
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
