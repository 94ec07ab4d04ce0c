/** sftpgo: encodes users and administrators; a password is never in it, and of a secret only its ciphertext. */
import type { Account } from '../../../core/accounts/account.ts'
import { openRecoveryCodes } from '../../../core/accounts/recovery-codes.ts'
import type { Sealer } from '../../../core/ports.ts'
import { sealSecret, showSealed } from './account-shape-secrets.ts'
import { asObject, type JsonObject, readAttributes } from './attributes.ts'

/** Encodes a user (SFTPGo REST API, User). */
export function encodeUser(account: Account, sealer: Sealer): JsonObject {
  const { kept } = readAttributes(account)
  return {
    ...head(account),
    expiration_date: (account.expiresAt ?? 0) * 1000,
    has_password: account.passwordHash !== null,
    permissions: { '/': ['*'] },
    ...rest(account, kept, sealer),
    last_password_change: account.passwordChangedAtMs ?? 0,
    ...tail(account),
  }
}

/** Encodes an administrator (SFTPGo REST API, Admin). */
export function encodeAdmin(account: Account, sealer: Sealer): JsonObject {
  const { kept, permissions } = readAttributes(account)
  return { ...head(account), permissions, ...rest(account, kept, sealer), ...tail(account) }
}

function head({ id, status, username, email }: Account): JsonObject {
  return { id, status: status === 'enabled' ? 1 : 0, username, ...(email === null ? {} : { email }) }
}

function tail({ createdAtMs, updatedAtMs, lastSignInAtMs }: Account): JsonObject {
  return { created_at: createdAtMs, updated_at: updatedAtMs, last_login: lastSignInAtMs ?? 0 }
}

function rest(account: Account, kept: JsonObject, sealer: Sealer): JsonObject {
  const codes = openRecoveryCodes(sealer, account.recoverySealed)
  const filters = {
    ...asObject(kept.filters),
    totp_config: encodeTotp(account),
    ...(codes.length === 0
      ? {}
      : { recovery_codes: codes.map(({ code, used }) => ({ secret: sealSecret(sealer, code), used })) }),
  }
  return { ...kept, filters }
}

function encodeTotp(account: Account): JsonObject {
  if (account.totpSealed === null) return {}
  const { configName, protocols } = readAttributes(account).totp
  return {
    enabled: true,
    config_name: configName,
    secret: showSealed(account.totpSealed),
    ...(account.role === 'admin' ? {} : { protocols }),
  }
}
