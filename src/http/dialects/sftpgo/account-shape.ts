/** sftpgo: encodes users and administrators; a password is never in it, and of a secret only its ciphertext. */
import type { Account } from '../../../core/accounts/account.ts'
import { openRecoveryCodes } from '../../../core/accounts/recovery-codes.ts'
import type { Sealer } from '../../../core/ports.ts'
import { adminFields } from './account-shape-admin.ts'
import { showFields } from './account-shape-fields.ts'
import { sealSecret, showSealed } from './account-shape-secrets.ts'
import { userFields } from './account-shape-user.ts'
import { asObject, type JsonObject, readAttributes } from './attributes.ts'

/** What a user may do who was added elsewhere, and so has no rules of this dialect. */
const elsewhere: JsonObject = { home_dir: '/', permissions: { '/': ['*'] } }

/** Encodes a user (SFTPGo REST API, User). */
export function encodeUser(account: Account, sealer: Sealer): JsonObject {
  const { kept } = readAttributes(account)
  return showFields(
    userFields,
    { ...elsewhere, ...kept, filters: withFactor(account, sealer) },
    {
      ...ownMembers(account),
      expiration_date: expirationMs(account, kept),
      has_password: account.passwordHash !== null,
      last_password_change: account.passwordChangedAtMs ?? 0,
    },
  )
}

/** Encodes an administrator (SFTPGo REST API, Admin). */
export function encodeAdmin(account: Account, sealer: Sealer): JsonObject {
  const { kept, permissions } = readAttributes(account)
  return showFields(adminFields, { ...kept, permissions, filters: withFactor(account, sealer) }, ownMembers(account))
}

function ownMembers({ id, status, username, email, ...account }: Account): JsonObject {
  return {
    id,
    status: status === 'enabled' ? 1 : 0,
    username,
    email,
    created_at: account.createdAtMs,
    updated_at: account.updatedAtMs,
    last_login: account.lastSignInAtMs ?? 0,
  }
}

/** The account ends at a whole second. Answers show the sent milliseconds as long as that second is its end. */
function expirationMs({ expiresAt }: Account, { expiration_date: sent }: JsonObject): number {
  if (expiresAt === null) return 0
  if (typeof sent === 'number' && Math.floor(sent / 1000) === expiresAt) return sent
  // 0 would say that there is no end.
  return Math.max(1, expiresAt * 1000)
}

/** Returns the filters of an account with its second factor and its recovery codes. */
function withFactor(account: Account, sealer: Sealer): JsonObject {
  const codes = openRecoveryCodes(sealer, account.recoverySealed)
  return {
    ...asObject(readAttributes(account).kept.filters),
    totp_config: encodeTotp(account),
    recovery_codes: codes.map(({ code, used }) => ({ secret: sealSecret(sealer, code), used })),
  }
}

function encodeTotp(account: Account): JsonObject {
  if (account.totpSealed === null) return {}
  const { configName, protocols } = readAttributes(account).totp
  return { enabled: true, config_name: configName, secret: showSealed(account.totpSealed), protocols }
}
