/** sftpgo: which ways in the operator has removed (SFTPGo, `disabled_login_methods`); the other bits are of its web pages. */
import type { HttpSettings } from '../../context.ts'
import type { Realm } from './realms.ts'

const tokenBits = { admin: 16, user: 32 } as const
const apiKeyBits = { admin: 64, user: 128 } as const

/** Returns whether the token endpoint of a realm, and its reset of a forgotten password, are served. */
export function offersTokens({ sftpgo }: HttpSettings, { role }: Realm): boolean {
  return (sftpgo.disabledLoginMethods & tokenBits[role]) === 0
}

/** Returns whether a realm accepts API keys. */
export function takesApiKeys({ sftpgo }: HttpSettings, { role }: Realm): boolean {
  return (sftpgo.disabledLoginMethods & apiKeyBits[role]) === 0
}
